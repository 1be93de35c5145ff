package drafting

import (
	"context"
	"encoding/hex"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contracttext"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// The methods below serve other domains, which have checked permissions themselves and have the contract locked.

// Values returns what stands in the slots of a contract's text, by the slot's key; nil for a contract without a text.
func (s *Service) Values(ctx context.Context, tx *ent.Tx, id publicid.ContractID) (text.Values, error) {
	row, err := tx.ContractText.Query().Where(contracttext.ContractID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, tenancy.Fault(err, "read a contract's text")
	}
	return row.Slots, nil
}

// Refill makes what stands in the slots these values, which an approved change has given them or taken back. No value
// reaches a clause's own words (HR2). WRONG_STATE for a contract without a text.
func (s *Service) Refill(ctx context.Context, tx *ent.Tx, id publicid.ContractID, values text.Values) error {
	row, err := tx.ContractText.Query().Where(contracttext.ContractID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return noText()
	}
	if err != nil {
		return tenancy.Fault(err, "read a contract's text")
	}
	after, err := tx.ContractText.UpdateOne(row).SetSlots(values).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write a contract's text")
	}
	return s.Audit.Record(ctx, tx, audit.Entry{Action: "refill", Object: "contract_text", ID: id.UUID(), Before: row, After: after})
}

// CheckFills checks what a change gives to the slots of a contract's text, as for a draft: the slot exists, is filled by
// hand, and takes the value. Faults have the slot's path below fill; WRONG_STATE at fill for a contract without a text.
func (s *Service) CheckFills(ctx context.Context, tx *ent.Tx, id publicid.ContractID, fills []*text.Fill) error {
	row, err := tx.ContractText.Query().Where(contracttext.ContractID(id)).WithTemplateVersion().Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.State, fault.WrongState, "the contract was not drafted here; it has no slots").At("fill")
	}
	if err != nil {
		return tenancy.Fault(err, "read a contract's text")
	}
	return text.Wish{Fill: fills}.Check(row.Edges.TemplateVersion.Content, s.Limits.Text)
}

// Then is As outside of a transaction.
func (s *Service) Then(ctx context.Context, c *ent.Contract) (*Rendered, error) {
	return s.As(ctx, s.Client, c)
}

// As renders the text that a contract has with other terms: c has them in its fields and its edges parties, lines,
// payment_plan and texts, all of them loaded. The clauses are those of its template's version with the exceptions that
// were accepted. Nil when c has no text.
func (s *Service) As(ctx context.Context, client *ent.Client, c *ent.Contract) (*Rendered, error) {
	if len(c.Edges.Texts) == 0 {
		return nil, nil
	}
	row := c.Edges.Texts[0]
	m := material{
		contracts: map[publicid.ContractID]*ent.Contract{c.ID: c}, versions: map[publicid.TemplateVersionID]*ent.TemplateVersion{},
		exceptions: map[publicid.ContractID][]text.Replacement{}, parties: map[publicid.ContractID][]*text.Signatory{},
		lines: map[publicid.ContractID][]*ent.ContractLine{c.ID: c.Edges.Lines}, plans: map[publicid.ContractID][]*ent.PaymentPlanLine{c.ID: c.Edges.PaymentPlan},
	}
	for _, p := range c.Edges.Parties {
		m.parties[c.ID] = append(m.parties[c.ID], &text.Signatory{Role: p.Role, Name: p.Name, CreditCode: p.CreditCode, Representative: p.Representative})
	}
	v, err := client.TemplateVersion.Query().Where(templateversion.ID(row.TemplateVersionID)).Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read a template's version")
	}
	if err := m.readExceptions(ctx, client, []publicid.ContractID{c.ID}); err != nil {
		return nil, tenancy.Fault(err, "read clause exceptions")
	}
	doc := v.Content.Render(m.draw(row))
	hash := doc.Hash()
	return &Rendered{ContractText: row, Document: doc, Hash: hex.EncodeToString(hash[:]), Plain: doc.Plain(), Version: v}, nil
}
