package templates

import (
	"context"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/template"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Own publishes content as the next version of the template that belongs to one contract (E1: from scratch), making the
// template with the first. It is part of the caller's transaction, which has locked the contract or made it. Needs
// contract:compose. Faults: those of text.Content.Validate, LIMIT_REACHED.
func (s *Service) Own(ctx context.Context, tx *ent.Tx, c *ent.Contract, content text.Content) (*ent.TemplateVersion, error) {
	if _, err := s.Policies.Require(ctx, policies.ContractCompose); err != nil {
		return nil, err
	}
	if err := content.Validate(s.Limits.Text); err != nil {
		return nil, err
	}
	own, err := tx.Template.Query().Where(template.ContractID(c.ID)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		own, err = tx.Template.Create().SetCode(c.ID.String()).SetName(c.Title).SetKind(c.Kind).SetContractID(c.ID).Save(ctx)
		if err == nil {
			err = s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "template", ID: own.ID.UUID(), After: own})
		}
	}
	if err != nil {
		return nil, tenancy.Fault(err, "write a contract's own template")
	}
	n, err := tx.TemplateVersion.Query().Where(templateversion.TemplateID(own.ID)).Count(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "count versions")
	}
	if n >= s.Limits.Versions {
		return nil, fault.New(fault.State, fault.LimitReached, "the contract's text has %d versions, which is as many as it may have", n)
	}
	draft, err := s.add(ctx, tx, own.ID, n+1, "", content)
	if err != nil {
		return nil, err
	}
	return s.publish(ctx, tx, draft)
}
