package changes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/changes/order"
	"heyue/domain/contracts/content"
	"heyue/ent"
	"heyue/ent/changeorder"
	"heyue/ent/predicate"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Decision is somebody's word on a change order that no approval flow of the tenant is deciding on.
type Decision struct {
	ID              publicid.ChangeOrderID
	ExpectedVersion int
	Opinion         *string
}

// Validate reports everything wrong with the decision.
func (d Decision) Validate() error {
	var c fault.Check
	c.OptText("opinion", d.Opinion, 2000)
	return c.Err()
}

// reasoned is Validate where an opinion must be given.
func (d Decision) reasoned() error {
	var c fault.Check
	c.Text("opinion", given.Trimmed(d.Opinion), 1, 2000)
	return c.Err()
}

// Approve decides for a change order: it is put on record as a version of the contract, whose rows follow at once when its
// first day has come, all in one transaction (G2, HR8). Needs contract:approve, and somebody other than the submitter.
// Faults: TOO_LONG, NOT_FOUND, VERSION_CONFLICT, NOT_ALLOWED, and WRONG_STATE, IN_USE or INCONSISTENT for what no longer fits
// the contract; then nothing has changed.
func (s *Service) Approve(ctx context.Context, d Decision) (*ent.ChangeOrder, error) {
	return s.decide(ctx, d, d.Validate(), order.Approve)
}

// Reject decides against a change order, with an opinion; otherwise it is like Approve.
func (s *Service) Reject(ctx context.Context, d Decision) (*ent.ChangeOrder, error) {
	return s.decide(ctx, d, d.reasoned(), order.Reject)
}

// SendBack makes a change order a draft again, with an opinion; otherwise it is like Reject.
func (s *Service) SendBack(ctx context.Context, d Decision) (*ent.ChangeOrder, error) {
	return s.decide(ctx, d, d.reasoned(), order.SendBack)
}

func (s *Service) decide(ctx context.Context, d Decision, invalid error, event order.Event) (*ent.ChangeOrder, error) {
	t := Target{d.ID, d.ExpectedVersion}
	verb := strings.ToLower(string(event))
	return s.change(ctx, policies.ContractApprove, t, invalid, verb, func(tx *ent.Tx, access policies.Access, c *ent.Contract, o *ent.ChangeOrder) (*ent.ChangeOrder, error) {
		if _, err := order.Next(o.State, event); err != nil {
			return nil, err
		}
		if s.Approvals != nil {
			if err := s.Approvals.Yield(ctx, tx, o.ID); err != nil {
				return nil, err
			}
		}
		if o.SubmittedByID != nil && *o.SubmittedByID == access.User() {
			return nil, fault.New(fault.Invalid, fault.NotAllowed, "nobody decides on what they submitted").At("id")
		}
		return s.decided(ctx, tx, c, o, event, given.Or(d.Opinion))
	})
}

// Approved, Rejected and SentBack are what an approval flow does to a change order in the transaction of the last decision.
// They ask for no permission; the flow has. Faults are those of Approve.

// Approved puts the change on record.
func (s *Service) Approved(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) error {
	return s.byFlow(ctx, tx, id, order.Approve, "")
}

// Rejected refuses the change.
func (s *Service) Rejected(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID, opinion string) error {
	return s.byFlow(ctx, tx, id, order.Reject, opinion)
}

// SentBack returns the change to its drafter.
func (s *Service) SentBack(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID, opinion string) error {
	return s.byFlow(ctx, tx, id, order.SendBack, opinion)
}

func (s *Service) byFlow(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID, event order.Event, opinion string) error {
	seen, err := tx.ChangeOrder.Get(ctx, id)
	if err != nil {
		return tenancy.Fault(err, "find a change order")
	}
	c, o, err := lock(ctx, tx, seen)
	if err != nil {
		return err
	}
	now, err := s.decided(ctx, tx, c, o, event, opinion)
	if err != nil {
		return err
	}
	return s.Audit.Record(ctx, tx, audit.Entry{Action: strings.ToLower(string(event)), Object: "change_order", ID: o.ID.UUID(), Before: o, After: now})
}

// decided takes the step; an approval puts the change on record and in force.
func (s *Service) decided(ctx context.Context, tx *ent.Tx, c *ent.Contract, o *ent.ChangeOrder, event order.Event, opinion string) (*ent.ChangeOrder, error) {
	now, err := s.move(ctx, tx, o, event, func(u *ent.ChangeOrderUpdateOne) {
		u.SetOpinion(strings.TrimSpace(opinion))
		if event == order.SendBack {
			return
		}
		u.SetDecidedAt(s.Clock.Now())
		if me := actor(ctx); me != nil && (o.SubmittedByID == nil || *me != *o.SubmittedByID) {
			u.SetDecidedByID(*me)
		}
	})
	if err != nil || event != order.Approve {
		return now, err
	}
	return now, s.record(ctx, tx, c, now)
}

// record makes an approved change order a version of the contract and brings the contract's rows in line (G1, G2).
func (s *Service) record(ctx context.Context, tx *ent.Tx, c *ent.Contract, o *ent.ChangeOrder) error {
	if err := amendable(c); err != nil {
		return err
	}
	l, err := s.open(ctx, tx, c)
	if err != nil {
		return err
	}
	if err := s.fits(ctx, tx, l, o); err != nil {
		return err
	}
	if err := s.begin(ctx, tx, l, nil); err != nil {
		return err
	}
	v, err := l.wish(o)
	if err != nil {
		return err
	}
	number, err := s.Contracts.Register(ctx, tx, c, v.on, o.Reason, o.Impact)
	if err != nil {
		return err
	}
	v.record = &number
	if err := s.write(ctx, tx, l, v); err != nil {
		return flat(err)
	}
	return flat(s.apply(ctx, tx, l, true))
}

// See fails with NOT_FOUND unless the caller may see the contract of a change order; it serves the approval engine.
func (s *Service) See(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) error {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return err
	}
	ok, err := tx.ChangeOrder.Query().Where(changeorder.ID(id), changeorder.HasContractWith(predicate.Contract(access.Where))).Exist(ctx)
	if err == nil && !ok {
		return fault.NoSuch("change order", "subjectId")
	}
	return tenancy.Fault(err, "look up a change order")
}

// Matter locks a change order with its contract and describes it to the approval engine: the contract's facts with the
// amount that it would come to, and a fingerprint of what the change says, part by part. NOT_FOUND when there is none.
func (s *Service) Matter(ctx context.Context, tx *ent.Tx, id publicid.ChangeOrderID) (flow.Matter, error) {
	seen, err := tx.ChangeOrder.Get(ctx, id)
	if ent.IsNotFound(err) {
		return flow.Matter{}, fault.NoSuch("change order", "subjectId")
	}
	if err != nil {
		return flow.Matter{}, tenancy.Fault(err, "find a change order")
	}
	c, o, err := lock(ctx, tx, seen)
	if err != nil {
		return flow.Matter{}, err
	}
	after := *c
	if o.Delta.Amount != nil {
		after.AmountMinor = o.Delta.Amount.Minor()
	}
	facts, err := s.Contracts.Facts(ctx, tx, &after)
	return flow.Matter{
		Title: fmt.Sprintf("%s · %d", c.Title, o.Number), ContractID: &c.ID, OwnerID: c.OwnerID, DepartmentID: c.DepartmentID, Facts: facts, Print: print(o),
	}, err
}

// print is the fingerprint of what a change order says: an approval holds for exactly this change (HR3).
func print(o *ent.ChangeOrder) content.Print {
	d := o.Delta
	return content.Parts{
		Text:    content.Wording{Kind: "CHANGE", Title: said(d.Title, d.Slots, d.Lines), Description: said(d.Description, o.Reason, o.Impact)},
		Amount:  content.Sum{Direction: said(d.Amount)},
		Plan:    []content.Instalment{{Purpose: said(d.Plan)}},
		Term:    content.Span{EffectiveOn: o.EffectiveOn, EndsOn: o.Until, Renewal: said(d.EffectiveOn, d.EndsOn, d.Renewal, d.RenewalMonths, d.NoticeDays)},
		Parties: []content.Party{{Name: said(d.Parties)}},
	}.Print()
}

// said writes values in one way.
func said(values ...any) string {
	b, err := json.Marshal(values)
	if err != nil { // text, numbers and days always encode
		panic(err)
	}
	return string(b)
}
