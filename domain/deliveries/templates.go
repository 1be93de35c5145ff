package deliveries

import (
	"context"
	"strings"

	"heyue/audit"
	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/domain/deliveries/wording"
	"heyue/ent"
	"heyue/ent/messagetemplate"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Template is what one kind of message says by one channel in one language: the tenant's own words, or the shipped ones.
type Template struct {
	Kind    posting.MessageKind
	Channel channel.Channel
	Locale  string
	Subject string
	Body    string
	// Version goes up with every change of the tenant's own words; 0: they are the shipped ones.
	Version      int
	Placeholders []string
}

// Own reports whether the words are the tenant's.
func (t *Template) Own() bool { return t.Version > 0 }

// Templates lists every template there is, in one order. Everybody who is signed in may see them.
func (s *Service) Templates(ctx context.Context) ([]*Template, error) {
	if _, err := identity.From(ctx); err != nil {
		return nil, err
	}
	own, err := s.Client.MessageTemplate.Query().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read message templates")
	}
	var out []*Template
	for _, by := range wording.Channels() {
		for _, k := range (posting.MessageKind("")).Values() {
			for _, locale := range wording.Locales() {
				out = append(out, templateOf(own, posting.MessageKind(k), by, locale))
			}
		}
	}
	return out, nil
}

func templateOf(own []*ent.MessageTemplate, kind posting.MessageKind, by channel.Channel, locale string) *Template {
	words := wording.Shipped(kind, by, locale)
	t := &Template{Kind: kind, Channel: by, Locale: locale, Subject: words.Subject, Body: words.Body, Placeholders: wording.Placeholders(kind)}
	for _, o := range own {
		if o.Kind == kind && o.Channel == by && o.Locale == locale {
			t.Subject, t.Body, t.Version = o.Subject, o.Body, o.Version
		}
	}
	return t
}

// TemplateDraft is a tenant's own words.
type TemplateDraft struct {
	Kind            posting.MessageKind
	Channel         channel.Channel
	Locale          string
	ExpectedVersion int // 0 in place of the shipped words
	Subject         *string
	Body            string
}

// Validate reports everything wrong with the words at once: each brace, each placeholder.
func (d TemplateDraft) Validate() error {
	var c fault.Check
	which(&c, d.Channel, d.Locale)
	c.Text("body", d.Body, 1, posting.MaxBody)
	c.OptText("subject", d.Subject, posting.MaxSubject)
	if d.Subject != nil {
		c.That(d.Channel == channel.Email && d.Kind != posting.DigestItem, fault.Inconsistent, "subject", "only mails have a subject")
		c.That(!strings.Contains(*d.Subject, "\n"), fault.Malformed, "subject", "a subject is one line")
		adopt(&c, "subject", *d.Subject, d.Kind)
	}
	c.That(d.Subject != nil || d.Channel != channel.Email || d.Kind == posting.DigestItem, fault.Required, "subject", "a mail has a subject")
	adopt(&c, "body", d.Body, d.Kind)
	return c.Err()
}

func which(c *fault.Check, by channel.Channel, locale string) {
	c.That(contains(wording.Channels(), by), fault.UnknownValue, "channel", "messages by %.20s are no words", string(by))
	c.That(contains(wording.Locales(), locale), fault.UnknownValue, "locale", "messages are in %s, not in %.20q", strings.Join(wording.Locales(), " or "), locale)
}

func contains[T comparable](all []T, v T) bool {
	for _, a := range all {
		if a == v {
			return true
		}
	}
	return false
}

// adopt takes over what is wrong with a text.
func adopt(c *fault.Check, field, text string, kind posting.MessageKind) {
	_, err := wording.Parse(text, kind)
	for _, f := range fault.All(err) {
		c.Add(f.Code, field, "%s", f.Message)
	}
}

// PutTemplate replaces what a kind of message says. Needs tenant:update. Faults: those of TemplateDraft.Validate;
// VERSION_CONFLICT, then the template as it is comes beside the error.
func (s *Service) PutTemplate(ctx context.Context, d TemplateDraft) (*Template, error) {
	if err := d.Validate(); err != nil {
		if _, denied := s.Policies.Require(ctx, policies.TenantUpdate); denied != nil {
			return nil, denied
		}
		return nil, err
	}
	subject := ""
	if d.Subject != nil {
		subject = strings.TrimSpace(*d.Subject)
	}
	return s.rewrite(ctx, d.key(), d.ExpectedVersion, func(tx *ent.Tx, old *ent.MessageTemplate) (*ent.MessageTemplate, error) {
		if old == nil {
			return tx.MessageTemplate.Create().SetKind(d.Kind).SetChannel(d.Channel).SetLocale(d.Locale).SetSubject(subject).SetBody(d.Body).Save(ctx)
		}
		return tx.MessageTemplate.UpdateOne(old).AddVersion(1).SetSubject(subject).SetBody(d.Body).Save(ctx)
	})
}

// TemplateTarget is a template whose words are to be the shipped ones again.
type TemplateTarget struct {
	Kind            posting.MessageKind
	Channel         channel.Channel
	Locale          string
	ExpectedVersion int
}

// ResetTemplate forgets the tenant's own words. Needs tenant:update. Faults: UNKNOWN_VALUE; VERSION_CONFLICT as of
// PutTemplate.
func (s *Service) ResetTemplate(ctx context.Context, t TemplateTarget) (*Template, error) {
	if _, err := s.Policies.Require(ctx, policies.TenantUpdate); err != nil {
		return nil, err
	}
	var c fault.Check
	which(&c, t.Channel, t.Locale)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s.rewrite(ctx, key{t.Kind, t.Channel, t.Locale}, t.ExpectedVersion, func(tx *ent.Tx, old *ent.MessageTemplate) (*ent.MessageTemplate, error) {
		if old == nil {
			return nil, nil
		}
		return nil, tx.MessageTemplate.DeleteOne(old).Exec(ctx)
	})
}

// key is which template.
type key struct {
	kind   posting.MessageKind
	by     channel.Channel
	locale string
}

func (d TemplateDraft) key() key { return key{d.Kind, d.Channel, d.Locale} }

// rewrite changes one template under the tenant's lock and puts it on record.
func (s *Service) rewrite(ctx context.Context, k key, expected int, edit func(tx *ent.Tx, old *ent.MessageTemplate) (*ent.MessageTemplate, error)) (now *Template, err error) {
	if _, err := s.Policies.Require(ctx, policies.TenantUpdate); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		own, err := tx.MessageTemplate.Query().Where(messagetemplate.KindEQ(k.kind), messagetemplate.ChannelEQ(k.by), messagetemplate.Locale(k.locale)).All(ctx)
		if err != nil {
			return tenancy.Fault(err, "load a message template")
		}
		now = templateOf(own, k.kind, k.by, k.locale)
		if now.Version != expected {
			return fault.Stale("template")
		}
		var old *ent.MessageTemplate
		if len(own) > 0 {
			old = own[0]
		}
		row, err := edit(tx, old)
		if err != nil {
			return tenancy.Fault(err, "change a message template")
		}
		now = templateOf(rowsOf(row), k.kind, k.by, k.locale)
		return s.record(ctx, tx, old, row)
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// record puts a change of the tenant's own words on record.
func (s *Service) record(ctx context.Context, tx *ent.Tx, old, row *ent.MessageTemplate) error {
	e := audit.Entry{Action: "update", Object: "message_template"}
	switch {
	case old == nil && row == nil:
		return nil
	case old == nil:
		e.Action, e.ID, e.After = "create", row.ID.UUID(), row
	case row == nil:
		e.Action, e.ID, e.Before = "delete", old.ID.UUID(), old
	default:
		e.ID, e.Before, e.After = old.ID.UUID(), old, row
	}
	return s.Audit.Record(ctx, tx, e)
}

func rowsOf(row *ent.MessageTemplate) []*ent.MessageTemplate {
	if row == nil {
		return nil
	}
	return []*ent.MessageTemplate{row}
}
