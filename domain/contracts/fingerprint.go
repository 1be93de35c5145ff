package contracts

import (
	"context"

	"heyue/domain/contracts/content"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/paymentplanline"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Wordings knows the wording of contracts that are made from a template.
type Wordings interface {
	// TextHash returns the hash of a contract's rendered text in its canonical form; zero for one without a template.
	TextHash(ctx context.Context, tx *ent.Tx, id publicid.ContractID) ([32]byte, error)
}

// Fingerprint hashes what a contract says now, part by part. An approval holds for one fingerprint (HR3, F1), and so does
// a signature. Call it in the transaction that has the contract locked.
func (s *Service) Fingerprint(ctx context.Context, tx *ent.Tx, c *ent.Contract) (content.Print, error) {
	parts, err := s.read(ctx, tx, c)
	return parts.Print(), err
}

func (s *Service) read(ctx context.Context, tx *ent.Tx, c *ent.Contract) (content.Parts, error) {
	p := content.Parts{
		Text:   content.Wording{Kind: string(c.Kind), Title: c.Title, Description: c.Description},
		Amount: content.Sum{Value: money.Of(c.AmountMinor, c.Currency), Direction: string(c.Direction)},
		Term: content.Span{EffectiveOn: c.EffectiveOn, EndsOn: c.EndsOn, Renewal: string(c.Renewal), RenewalMonths: c.RenewalMonths,
			NoticeDays: c.NoticeDays},
	}
	if s.Wordings != nil {
		var err error
		if p.Text.Rendered, err = s.Wordings.TextHash(ctx, tx, c.ID); err != nil {
			return p, err
		}
	}
	lines, err := tx.ContractLine.Query().Where(contractline.ContractID(c.ID)).Order(ent.Asc(contractline.FieldPosition)).All(ctx)
	if err != nil {
		return p, tenancy.Fault(err, "read lines")
	}
	for _, l := range lines {
		p.Text.Lines = append(p.Text.Lines, content.Line{Description: l.Description, Model: l.Model, Specification: l.Specification,
			Unit: l.Unit, Quantity: l.Quantity, UnitPrice: l.UnitPrice, DeliveryOn: l.DeliveryOn})
	}
	plan, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).Order(ent.Asc(paymentplanline.FieldPosition)).All(ctx)
	if err != nil {
		return p, tenancy.Fault(err, "read the payment plan")
	}
	for _, l := range plan {
		p.Plan = append(p.Plan, content.Instalment{DueOn: l.DueOn, Amount: money.Of(l.AmountMinor, l.Currency), Purpose: l.Purpose})
	}
	parties, err := tx.ContractParty.Query().Where(contractparty.ContractID(c.ID)).Order(ent.Asc(contractparty.FieldPosition)).All(ctx)
	for _, side := range parties {
		customer := ""
		if side.CustomerID != nil {
			customer = side.CustomerID.String()
		}
		p.Parties = append(p.Parties, content.Party{Role: side.Role, Name: side.Name, CreditCode: side.CreditCode,
			Representative: side.Representative, Customer: customer})
	}
	return p, tenancy.Fault(err, "read parties")
}

// approved fails with WRONG_STATE unless the approval on the contract holds for what it says now; the message names the
// parts that changed since. It returns the fingerprint. A contract that was signed on paper needs no approval here.
func (s *Service) approved(ctx context.Context, tx *ent.Tx, c *ent.Contract) (content.Print, error) {
	now, err := s.Fingerprint(ctx, tx, c)
	if err != nil {
		return now, err
	}
	switch {
	case c.ApprovedPrint == nil && c.Status.IsBinding():
		return now, nil
	case c.ApprovedPrint == nil:
		return now, fault.New(fault.State, fault.WrongState, "the contract has not been approved")
	case *c.ApprovedPrint != now:
		return now, fault.New(fault.State, fault.WrongState, "the approval is void: %v changed since it was given", c.ApprovedPrint.Changed(now))
	}
	return now, nil
}

// Approval is whether what a contract says is what was approved.
type Approval struct {
	Digest  string         // of what was approved, in hexadecimal
	Valid   bool           // whether the contract still says that
	Changed []content.Part // what it says otherwise
}

// ApprovalOf returns the approval on a contract that the caller was given by this service; nil when nobody approved it.
func (s *Service) ApprovalOf(ctx context.Context, c *ent.Contract) (out *Approval, err error) {
	if c.ApprovedPrint == nil {
		return nil, nil
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		now, err := s.Fingerprint(ctx, tx, c)
		changed := c.ApprovedPrint.Changed(now)
		out = &Approval{Digest: c.ApprovedPrint.String(), Valid: len(changed) == 0, Changed: changed}
		return err
	})
	return out, err
}

func term(c *ent.Contract) lifecycle.Term {
	return lifecycle.Term{
		Starts: value(c.EffectiveOn), Ends: value(c.EndsOn), Renewal: c.Renewal, Months: c.RenewalMonths, NoticeDays: c.NoticeDays,
		OptedOut: value(c.OptedOutOn), Until: value(c.SuspendedUntil),
	}
}
