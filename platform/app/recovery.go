package app

import (
	"heyue/identity/letters"
	"heyue/identity/recovery"
	"heyue/platform/config"
	"heyue/platform/mail"
	"heyue/platform/secret"
)

// recovery is what reaches users by mail: invitations and new passwords.
func (s *Services) recovery() error {
	f, c := s.foundation, s.cfg.Mail
	sender, err := mailSender(c)
	if err != nil {
		return err
	}
	s.letters = &letters.Letters{
		Client: f.client, System: f.system, Box: secret.NewBox(f.secret.Derive(secret.Mails, secret.Size)), Sender: sender,
		Clock: f.clock, Log: f.log, Site: string(c.Site), Poll: c.Poll, Tries: c.Tries, Wait: c.Wait, Most: c.WaitMost,
	}
	s.Recovery = recovery.New(recovery.Service{
		Client: f.client, Directory: f.directory, Passwords: s.Sessions.Passwords, Policy: f.passwordPolicy(), Sessions: s.Sessions,
		Letters: s.letters, Journal: f.audit, Clock: f.clock, Log: f.log, Attempts: s.attempts,
		InvitationTTL: c.InvitationTTL, ResetTTL: c.ResetTTL,
	}, c.ResetQueue)
	return nil
}

// mailSender is the mail server of the settings, else the folder, else nothing.
func mailSender(c config.Mail) (mail.Sender, error) {
	switch {
	case c.Server != "":
		return mail.NewSMTP(c.Server.Reveal(), string(c.From), c.Timeout)
	case c.Folder != "":
		return mail.NewFolder(string(c.Folder), string(c.From))
	}
	return nil, nil
}
