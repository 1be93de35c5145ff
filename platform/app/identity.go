package app

import (
	"heyue/domain/keys"
	"heyue/idempotency"
	"heyue/identity/factor"
	"heyue/identity/password"
	"heyue/identity/sessions"
	"heyue/identity/throttle"
	"heyue/identity/token"
	"heyue/platform/secret"
)

// identity is who calls, and how they prove it.
func (s *Services) identity() error {
	f, c := s.foundation, s.cfg.Login
	authority, err := token.New(f.secret.Derive(secret.AccessTokens, token.SeedSize), c.AccessTokenTTL, f.clock)
	if err != nil {
		return err
	}
	s.watcher = sessions.NewWatcher(f.client, f.clock, f.log, c.SessionTimeout)
	s.attempts = f.throttle()
	guesses, err := throttle.NewGuesses(s.attempts, "api key")
	if err != nil {
		return err
	}
	s.uses = sessions.NewUses(f.client, f.log)
	s.Sessions = &sessions.Service{
		Client: f.client, Directory: f.directory, Passwords: password.New(password.DefaultCost(), c.PasswordSlots),
		Authority: authority, Journal: f.audit, Clock: f.clock, Log: f.log,
		RefreshTTL: c.RefreshTTL, RefreshGrace: c.RefreshGrace, Ended: s.watcher.Wake,
		Attempts: s.attempts, Guesses: guesses, Uses: s.uses,
		ChallengeTTL: c.ChallengeTTL, ChallengeTries: c.ChallengeTries,
	}
	s.Factors = &factor.Service{
		Client: f.client, Box: secret.NewBox(f.secret.Derive(secret.Factors, secret.Size)), Secret: [32]byte(f.secret.Derive(secret.Recovery, 32)),
		Sessions: s.Sessions, Journal: f.audit, Clock: f.clock, Attempts: s.attempts,
	}
	s.Sessions.Factors = s.Factors
	s.APIKeys = &keys.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Sessions: s.Sessions, Lister: f.lister, Clock: f.clock,
		Limits: keys.Limits{PerUser: c.Keys, Life: c.KeyLife, Overlap: c.KeyOverlap},
	}
	return nil
}

// throttle slows down who guesses at sign-ins.
func (f *foundation) throttle() *throttle.Throttle {
	c := f.cfg.Login
	return &throttle.Throttle{
		System: f.system, Secret: [32]byte(f.secret.Derive(secret.Attempts, 32)), Clock: f.clock, Trust: c.Trust,
		Account: throttle.Rule{Free: c.Tries, Wait: c.Wait, Most: c.WaitMost, Leak: c.Leak},
		Address: throttle.Rule{Free: c.TriesAddress, Wait: c.Wait, Most: c.WaitMost, Leak: c.LeakAddress},
	}
}

// passwordPolicy is what a new password must be.
func (f *foundation) passwordPolicy() password.Policy {
	p := password.DefaultPolicy()
	p.MinLength = f.cfg.Login.PasswordMin
	return p
}

// keys remembers the idempotency keys of mutations.
func (f *foundation) keys() *idempotency.Store {
	return &idempotency.Store{
		Client: f.client, System: f.system, Clock: f.clock, Secret: [32]byte(f.secret.Derive(secret.Idempotency, 32)),
		Keep: f.cfg.API.IdempotencyKeep, Wait: f.cfg.API.IdempotencyWait, Batch: f.cfg.Worker.RetentionBatch, MaxAnswer: int(f.cfg.API.IdempotencyAnswer),
	}
}
