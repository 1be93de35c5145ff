package contracts

import (
	"context"
	"slices"

	"heyue/domain/contracts/content"
	"heyue/domain/contracts/lifecycle"
	words "heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/paymentplanline"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Wordings knows the wording of contracts that are made from a template.
type Wordings interface {
	// TextHashes returns the hashes of contracts' rendered texts in their canonical form; none for one without a template.
	TextHashes(ctx context.Context, tx *ent.Tx, ids []publicid.ContractID) (map[publicid.ContractID][32]byte, error)
	// Values returns what stands in the slots of a contract's text; nil for one without a template.
	Values(ctx context.Context, tx *ent.Tx, id publicid.ContractID) (words.Values, error)
	// Refill makes them these.
	Refill(ctx context.Context, tx *ent.Tx, id publicid.ContractID, values words.Values) error
}

// Fingerprint hashes what a contract says now, part by part. An approval holds for one fingerprint (HR3, F1), and so does
// a signature. Call it in the transaction that has the contract locked.
func (s *Service) Fingerprint(ctx context.Context, tx *ent.Tx, c *ent.Contract) (content.Print, error) {
	prints, err := s.fingerprints(ctx, tx, []*ent.Contract{c})
	return prints[c.ID], err
}

// fingerprints reads the parts of all contracts in a handful of queries.
func (s *Service) fingerprints(ctx context.Context, tx *ent.Tx, all []*ent.Contract) (map[publicid.ContractID]content.Print, error) {
	ids := make([]publicid.ContractID, len(all))
	parts := make(map[publicid.ContractID]*content.Parts, len(all))
	for i, c := range all {
		ids[i], parts[c.ID] = c.ID, said(c)
	}
	if s.Wordings != nil {
		hashes, err := s.Wordings.TextHashes(ctx, tx, ids)
		if err != nil {
			return nil, err
		}
		for id, h := range hashes {
			parts[id].Text.Rendered = h
		}
	}
	if err := gather(ctx, tx, ids, parts); err != nil {
		return nil, err
	}
	prints := make(map[publicid.ContractID]content.Print, len(all))
	for id, p := range parts {
		prints[id] = p.Print()
	}
	return prints, nil
}

// said is what the contract's row says.
func said(c *ent.Contract) *content.Parts {
	return &content.Parts{
		Text:   content.Wording{Kind: string(c.Kind), Title: c.Title, Description: c.Description},
		Amount: content.Sum{Value: money.Of(c.AmountMinor, c.Currency), Direction: string(c.Direction)},
		Term: content.Span{EffectiveOn: c.EffectiveOn, EndsOn: c.EndsOn, Renewal: string(c.Renewal), RenewalMonths: c.RenewalMonths,
			NoticeDays: c.NoticeDays},
	}
}

// gather adds the lines, instalments and parties, in their order.
func gather(ctx context.Context, tx *ent.Tx, ids []publicid.ContractID, parts map[publicid.ContractID]*content.Parts) error {
	lines, err := tx.ContractLine.Query().Where(contractline.ContractIDIn(ids...)).Order(ent.Asc(contractline.FieldPosition)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read lines")
	}
	for _, l := range lines {
		p := parts[l.ContractID]
		p.Text.Lines = append(p.Text.Lines, content.Line{Description: l.Description, Model: l.Model, Specification: l.Specification,
			Unit: l.Unit, Quantity: l.Quantity, UnitPrice: l.UnitPrice, DeliveryOn: l.DeliveryOn})
	}
	plan, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractIDIn(ids...)).Order(ent.Asc(paymentplanline.FieldPosition)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plan")
	}
	for _, l := range plan {
		p := parts[l.ContractID]
		p.Plan = append(p.Plan, content.Instalment{DueOn: l.DueOn, Amount: money.Of(l.AmountMinor, l.Currency), Purpose: l.Purpose})
	}
	parties, err := tx.ContractParty.Query().Where(contractparty.ContractIDIn(ids...)).Order(ent.Asc(contractparty.FieldPosition)).All(ctx)
	for _, side := range parties {
		customer := ""
		if side.CustomerID != nil {
			customer = side.CustomerID.String()
		}
		p := parts[side.ContractID]
		p.Parties = append(p.Parties, content.Party{Role: side.Role, Name: side.Name, CreditCode: side.CreditCode,
			Representative: side.Representative, Customer: customer})
	}
	return tenancy.Fault(err, "read parties")
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

// ApprovalsOf returns the approvals on contracts that the caller was given by this service, in their order; nil for one that
// nobody approved.
func (s *Service) ApprovalsOf(ctx context.Context, all []*ent.Contract) ([]*Approval, error) {
	out := make([]*Approval, len(all))
	approved := slices.DeleteFunc(slices.Clone(all), func(c *ent.Contract) bool { return c.ApprovedPrint == nil })
	if len(approved) == 0 {
		return out, nil
	}
	err := tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // for one moment's view; it writes nothing
		prints, err := s.fingerprints(ctx, tx, approved)
		for i, c := range all {
			if c.ApprovedPrint == nil {
				continue
			}
			changed := c.ApprovedPrint.Changed(prints[c.ID])
			out[i] = &Approval{Digest: c.ApprovedPrint.String(), Valid: len(changed) == 0, Changed: changed}
		}
		return err
	})
	return out, err
}

func term(c *ent.Contract) lifecycle.Term {
	return lifecycle.Term{
		Starts: given.Or(c.EffectiveOn), Ends: given.Or(c.EndsOn), Renewal: c.Renewal, Months: c.RenewalMonths, NoticeDays: c.NoticeDays,
		OptedOut: given.Or(c.OptedOutOn), Until: given.Or(c.SuspendedUntil),
	}
}
