package keys

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/apikey"
	"heyue/identity"
	"heyue/identity/opaque"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Why the session behind a key ends, for the session's row.
const (
	ReasonRevoked  = "KEY_REVOKED"
	ReasonRotated  = "KEY_ROTATED"
	ReasonNetworks = "KEY_NETWORKS"
)

var errMixed = errors.New("a network of IPv4 and IPv6 addresses together")

// Create makes a key that acts for the caller and returns its text, which nobody can read again. Needs api_key:create and
// all that the key is for. Faults: FORBIDDEN for a caller who is a key; those of Draft.Validate; OUT_OF_RANGE at expiresAt;
// NOT_ALLOWED at a permission that the caller does not hold as widely; LIMIT_REACHED.
func (s *Service) Create(ctx context.Context, d Draft) (*Secret, error) {
	access, me, err := s.person(ctx, policies.APIKeyCreate)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if err := s.ends(d.ExpiresAt, now); err != nil {
		return nil, err
	}
	if err := holds(access, d.Permissions); err != nil {
		return nil, err
	}
	prefix, text, digest := opaque.NewKey(me.TenantID)
	var made *ent.APIKey
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if err := s.room(ctx, tx, me.UserID, now); err != nil {
			return err
		}
		session, err := s.Sessions.OpenKey(ctx, tx, me.SessionID, me.UserID, d.ExpiresAt)
		if err != nil {
			return err
		}
		lines := make([]grant.Line, len(d.Permissions))
		for i, l := range d.Permissions {
			lines[i] = *l
		}
		var c fault.Check
		made, err = tx.APIKey.Create().SetName(strings.TrimSpace(d.Name)).SetUserID(me.UserID).SetSessionID(session).SetPrefix(prefix).
			SetSecretHash(digest.Hex()).SetPermissions(lines).SetNetworks(networks(&c, d.Networks)).SetExpiresAt(d.ExpiresAt).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "make an API key")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "api_key", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return &Secret{made, text}, nil
}

// Update changes a key's name, networks or end. Other networks end what is connected with it: who may go on comes again.
// Needs api_key:update reaching its user. Faults: FORBIDDEN for a caller who is a key; those of Change.Validate; NOT_FOUND;
// VERSION_CONFLICT, then the key as it is comes beside the error; WRONG_STATE when it is revoked; OUT_OF_RANGE at expiresAt.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.APIKey, error) {
	access, _, err := s.person(ctx, policies.APIKeyUpdate)
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	if ch.ExpiresAt != nil {
		if err := s.ends(*ch.ExpiresAt, now); err != nil {
			return nil, err
		}
	}
	return s.change(ctx, reach(access), target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.APIKey) (*ent.APIKey, error) {
		update := tx.APIKey.UpdateOne(old).AddVersion(1)
		given.Text(ch.Name, func(name string) { update.SetName(name) })
		until := old.ExpiresAt
		if ch.ExpiresAt != nil {
			until = *ch.ExpiresAt
			update.SetExpiresAt(until)
			if err := s.prolong(ctx, tx, old, until); err != nil {
				return nil, err
			}
		}
		if ch.Networks == nil {
			row, err := update.Save(ctx)
			return row, tenancy.Fault(err, "change an API key")
		}
		session, err := s.Sessions.OpenKey(ctx, tx, old.SessionID, old.UserID, until)
		if err != nil {
			return nil, err
		}
		update.SetSessionID(session)
		if old.PreviousSessionID != nil { // connections are the same to it: both secrets begin anew
			previous, err := s.Sessions.OpenKey(ctx, tx, old.SessionID, old.UserID, earlier(*old.PreviousUntil, until))
			if err != nil {
				return nil, err
			}
			update.SetPreviousSessionID(previous)
		}
		var c fault.Check
		row, err := update.SetNetworks(networks(&c, ch.Networks)).Save(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "change an API key")
		}
		return row, s.Sessions.EndKey(ctx, tx, ReasonNetworks, hanging(old)...)
	})
}

// Rotate gives one of the caller's own keys another secret. The old one, and what is connected by it, goes on for the
// overlap; a secret before that ends at once. Needs api_key:update. Faults: FORBIDDEN for a caller who is a key; OUT_OF_RANGE
// at overlapSeconds; NOT_FOUND; VERSION_CONFLICT as of Update; WRONG_STATE when the key is revoked or over.
func (s *Service) Rotate(ctx context.Context, r Rotation) (*Secret, error) {
	_, me, err := s.person(ctx, policies.APIKeyUpdate)
	if err != nil {
		return nil, err
	}
	overlap := time.Duration(r.OverlapSeconds) * time.Second
	var c fault.Check
	c.That(r.OverlapSeconds >= 0 && overlap <= s.Limits.Overlap && overlap >= 0, fault.OutOfRange, "overlapSeconds",
		"an overlap has 0 to %.0f seconds", s.Limits.Overlap.Seconds())
	if err := c.Err(); err != nil {
		return nil, err
	}
	now, text := s.Clock.Now(), ""
	row, err := s.change(ctx, apikey.UserID(me.UserID), target{r.ID, r.ExpectedVersion}, "rotate", func(tx *ent.Tx, old *ent.APIKey) (*ent.APIKey, error) {
		if !now.Before(old.ExpiresAt) {
			return nil, fault.New(fault.State, fault.WrongState, "the key is over").At("id")
		}
		session, err := s.Sessions.OpenKey(ctx, tx, me.SessionID, old.UserID, old.ExpiresAt)
		if err != nil {
			return nil, err
		}
		fresh, digest := opaque.Rekey(me.TenantID, old.Prefix)
		text = fresh
		update := tx.APIKey.UpdateOne(old).AddVersion(1).SetSecretHash(digest.Hex()).SetSessionID(session)
		ending := hanging(old)
		if overlap > 0 {
			until := earlier(now.Add(overlap), old.ExpiresAt)
			update.SetPreviousHash(old.SecretHash).SetPreviousUntil(until).SetPreviousSessionID(old.SessionID)
			if err := s.Sessions.Prolong(ctx, tx, old.SessionID, until); err != nil {
				return nil, err
			}
			ending = slices.DeleteFunc(ending, func(id publicid.SessionID) bool { return id == old.SessionID })
		} else {
			update.SetPreviousHash("").ClearPreviousUntil().ClearPreviousSessionID()
		}
		row, err := update.Save(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "rotate an API key")
		}
		return row, s.Sessions.EndKey(ctx, tx, ReasonRotated, ending...)
	})
	if err != nil {
		return &Secret{Key: row}, err
	}
	return &Secret{row, text}, nil
}

// Revoke ends a key for good. Needs api_key:update reaching its user. Faults: NOT_FOUND; VERSION_CONFLICT as of Update;
// WRONG_STATE when it is revoked already.
func (s *Service) Revoke(ctx context.Context, t Target) (*ent.APIKey, error) {
	access, err := s.Policies.Require(ctx, policies.APIKeyUpdate)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	match := reach(access)
	if me.Key != nil { // a key that has leaked may end itself, and no other
		match = apikey.And(match, apikey.ID(me.Key.ID))
	}
	return s.change(ctx, match, target{t.ID, t.ExpectedVersion}, "revoke", func(tx *ent.Tx, old *ent.APIKey) (*ent.APIKey, error) {
		row, err := tx.APIKey.UpdateOne(old).AddVersion(1).SetRevokedAt(s.Clock.Now()).Save(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "revoke an API key")
		}
		return row, s.Sessions.EndKey(ctx, tx, ReasonRevoked, hanging(old)...)
	})
}

// person asks for a permission of a caller who is no key: keys do not make keys, or a leaked one would outlive its end.
func (s *Service) person(ctx context.Context, p policies.Permission) (policies.Access, identity.Caller, error) {
	access, err := s.Policies.Require(ctx, p)
	if err != nil {
		return policies.Access{}, identity.Caller{}, err
	}
	me, err := identity.Person(ctx)
	return access, me, err
}

// ends checks when a key is to end.
func (s *Service) ends(at, now time.Time) error {
	var c fault.Check
	c.That(at.After(now) && !at.After(now.Add(s.Limits.Life)), fault.OutOfRange, "expiresAt",
		"a key ends in the future and at most %.0f days from now", s.Limits.Life.Hours()/24)
	return c.Err()
}

// holds wants the caller to have what a key is for, as widely.
func holds(access policies.Access, lines []*grant.Line) error {
	var c fault.Check
	for i, l := range lines {
		p := policies.Permission{Object: l.Object, Action: l.Action}
		if len(access.Grants().Lacking(map[policies.Permission]grant.Scope{p: l.Scope}, access.Home())) > 0 {
			c.Index("permissions", i, func(c *fault.Check) {
				c.Add(fault.NotAllowed, "action", "you do not hold %s as widely", p)
			})
		}
	}
	return c.Err()
}

// room refuses one key too many. Two at once wait for each other at the user's row.
func (s *Service) room(ctx context.Context, tx *ent.Tx, id publicid.UserID, now time.Time) error {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return err
	}
	n, err := tx.APIKey.Query().Where(apikey.UserID(id), apikey.RevokedAtIsNil(), apikey.ExpiresAtGT(now)).Count(ctx)
	if err == nil && n >= s.Limits.PerUser {
		return fault.New(fault.Invalid, fault.LimitReached, "you have %d keys; revoke one that is not needed", n)
	}
	return tenancy.Fault(err, "count API keys")
}

// prolong moves the end of the sessions behind a key.
func (s *Service) prolong(ctx context.Context, tx *ent.Tx, k *ent.APIKey, until time.Time) error {
	if err := s.Sessions.Prolong(ctx, tx, k.SessionID, until); err != nil {
		return err
	}
	if k.PreviousSessionID == nil {
		return nil
	}
	return s.Sessions.Prolong(ctx, tx, *k.PreviousSessionID, earlier(*k.PreviousUntil, until))
}

// hanging are the sessions behind a key.
func hanging(k *ent.APIKey) []publicid.SessionID {
	ids := []publicid.SessionID{k.SessionID}
	if k.PreviousSessionID != nil {
		ids = append(ids, *k.PreviousSessionID)
	}
	return ids
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
