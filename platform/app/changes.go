package app

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/approvals"
	"heyue/domain/approvals/flow"
	"heyue/domain/changes"
	"heyue/domain/drafting"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/platform/publicid"
)

// changes joins change orders to contracts, their texts and the approval engine.
func (s *Services) changes() {
	f := s.foundation
	s.Changes = &changes.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Outbox: s.outbox, Contracts: s.Contracts, Texts: slots{s.Drafting},
		Approvals: changeApprovals{s.Approvals}, Clock: f.clock,
		Limits: changes.Limits{Open: f.cfg.Tenant.OpenChanges, Evidence: f.cfg.Tenant.ChangeEvidence},
	}
	s.Contracts.History = s.Changes
	s.Approvals.Subjects[flow.Change] = changeSubject{s.Changes}
}

// slots shows the texts of contracts to the changes' service.
type slots struct{ *drafting.Service }

// Render implements changes.Texts.
func (t slots) Render(ctx context.Context, client *ent.Client, c *ent.Contract) (*changes.Wording, error) {
	r, err := t.As(ctx, client, c)
	if err != nil || r == nil {
		return nil, err
	}
	return &changes.Wording{Content: r.Version.Content, Document: r.Document}, nil
}

// Values implements contracts.Wordings.
func (w wording) Values(ctx context.Context, tx *ent.Tx, id publicid.ContractID) (text.Values, error) {
	return w.drafting.Values(ctx, tx, id)
}

// Refill implements contracts.Wordings.
func (w wording) Refill(ctx context.Context, tx *ent.Tx, id publicid.ContractID, values text.Values) error {
	return w.drafting.Refill(ctx, tx, id, values)
}

// changeSubject shows change orders to the engine.
type changeSubject struct{ changes *changes.Service }

// See implements approvals.Subject.
func (c changeSubject) See(ctx context.Context, tx *ent.Tx, id uuid.UUID) error {
	return c.changes.See(ctx, tx, publicid.ChangeOrderID(id))
}

// Matter implements approvals.Subject.
func (c changeSubject) Matter(ctx context.Context, tx *ent.Tx, id uuid.UUID) (flow.Matter, error) {
	return c.changes.Matter(ctx, tx, publicid.ChangeOrderID(id))
}

// Moved implements approvals.Subject. A change is in review before its approval begins, and whoever takes it back finds it
// in draft again.
func (c changeSubject) Moved(ctx context.Context, tx *ent.Tx, id uuid.UUID, to flow.State) error {
	key := publicid.ChangeOrderID(id)
	switch to {
	case flow.Approved:
		return c.changes.Approved(ctx, tx, key)
	case flow.Rejected:
		return c.changes.Rejected(ctx, tx, key, "an approver refused")
	case flow.Returned:
		return c.changes.SentBack(ctx, tx, key, "sent back by an approver")
	case flow.Withdrawn:
		return c.changes.SentBack(ctx, tx, key, "taken back by its submitter")
	}
	return nil
}

// changeApprovals is the engine as the changes' package wants it.
type changeApprovals struct{ engine *approvals.Service }

// Begin implements changes.Approvals: there always is a flow, if only the shipped one.
func (a changeApprovals) Begin(ctx context.Context, tx *ent.Tx, o *ent.ChangeOrder, chosen []*flow.Choice) error {
	_, err := a.engine.Submit(ctx, tx, flow.Change, o.ID.UUID(), approvals.Submission{Choices: chosen})
	return err
}

// Yield implements changes.Approvals. What waits for the shipped flow may be decided by anybody with contract:approve too.
func (a changeApprovals) Yield(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) error {
	return a.engine.Yield(ctx, tx, flow.Change, id.UUID(), "decided by somebody with contract:approve")
}

// Cancel implements changes.Approvals.
func (a changeApprovals) Cancel(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) error {
	return a.engine.Cancel(ctx, tx, flow.Change, id.UUID(), "the change was withdrawn")
}
