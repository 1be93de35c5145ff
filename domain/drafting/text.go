package drafting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clauseexception"
	"heyue/ent/contract"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/contracttext"
	"heyue/ent/paymentplanline"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Rendered is a contract's text as it is now.
type Rendered struct {
	*ent.ContractText
	Document text.Document
	Hash     string // SHA-256 of the document's canonical form, in hex
	Plain    string
	Version  *ent.TemplateVersion
}

// Complete reports whether every required slot of the clauses that are in has a value.
func (r *Rendered) Complete() bool { return len(r.Document.Missing) == 0 }

// Blanks are the required slots without a value.
func (r *Rendered) Blanks() []*text.Blank { return append([]*text.Blank{}, r.Document.Missing...) }

// Filled is the value of one slot.
type Filled struct {
	Slot  string
	Value *text.Value
}

// Slots are the values that were filled in, in the order of the template's slots; those of the contract's own are not
// among them.
func (r *Rendered) Slots() []*Filled {
	out := []*Filled{}
	for _, s := range r.Version.Content.Slots {
		if v := r.ContractText.Slots[s.Key]; v != nil {
			out = append(out, &Filled{s.Key, v})
		}
	}
	return out
}

// Hashes gives the SHA-256 of contracts' texts in their canonical form; a contract that was not drafted here has none. It
// serves other domains, which have checked permissions themselves; within a transaction pass tx.Client(), so that the texts
// are what that transaction sees. Errors are the database's.
func (s *Service) Hashes(ctx context.Context, client *ent.Client, ids []publicid.ContractID) (map[publicid.ContractID][sha256.Size]byte, error) {
	all, err := render(ctx, client, ids)
	if err != nil {
		return nil, err
	}
	hashes := make(map[publicid.ContractID][sha256.Size]byte, len(all))
	for _, r := range all {
		hashes[r.ContractID] = r.Document.Hash()
	}
	return hashes, nil
}

// Of renders the texts of the given contracts, in no order; a contract without a text has none. Callers pass contracts
// that they were given by the contracts' service: whoever sees a contract may read it.
func (s *Service) Of(ctx context.Context, ids []publicid.ContractID) ([]*Rendered, error) {
	return render(ctx, s.Client, ids)
}

// ExceptionsOf returns the clause exceptions of the given contracts, oldest first.
func (s *Service) ExceptionsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ClauseException, error) {
	rows, err := s.Client.ClauseException.Query().Where(clauseexception.ContractIDIn(ids...)).Order(ent.Asc(clauseexception.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "read clause exceptions")
}

// LookupException returns a clause exception of a contract that the caller may see; nil when there is none. Needs
// contract:read.
func (s *Service) LookupException(ctx context.Context, id publicid.ClauseExceptionID) (*ent.ClauseException, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	x, err := s.Client.ClauseException.Query().Where(clauseexception.ID(id), clauseexception.HasContractWith(access.Where)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return x, tenancy.Fault(err, "look up a clause exception")
}

// material is everything that the texts of some contracts are made of, by contract.
type material struct {
	contracts  map[publicid.ContractID]*ent.Contract
	versions   map[publicid.TemplateVersionID]*ent.TemplateVersion
	exceptions map[publicid.ContractID][]text.Replacement
	parties    map[publicid.ContractID][]*text.Signatory
	lines      map[publicid.ContractID][]*ent.ContractLine
	plans      map[publicid.ContractID][]*ent.PaymentPlanLine
}

// render makes the texts in a handful of queries, however many contracts there are.
func render(ctx context.Context, client *ent.Client, ids []publicid.ContractID) ([]*Rendered, error) {
	rows, err := client.ContractText.Query().Where(contracttext.ContractIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read contract texts")
	}
	if len(rows) == 0 {
		return nil, nil
	}
	m, err := gather(ctx, client, rows)
	if err != nil {
		return nil, err
	}
	out := make([]*Rendered, 0, len(rows))
	for _, row := range rows {
		v := m.versions[row.TemplateVersionID]
		doc := v.Content.Render(m.draw(row))
		hash := doc.Hash()
		out = append(out, &Rendered{ContractText: row, Document: doc, Hash: hex.EncodeToString(hash[:]), Plain: doc.Plain(), Version: v})
	}
	return out, nil
}

func gather(ctx context.Context, client *ent.Client, rows []*ent.ContractText) (material, error) {
	m := material{
		contracts: map[publicid.ContractID]*ent.Contract{}, versions: map[publicid.TemplateVersionID]*ent.TemplateVersion{},
		exceptions: map[publicid.ContractID][]text.Replacement{}, parties: map[publicid.ContractID][]*text.Signatory{},
		lines: map[publicid.ContractID][]*ent.ContractLine{}, plans: map[publicid.ContractID][]*ent.PaymentPlanLine{},
	}
	ids, versions := make([]publicid.ContractID, len(rows)), make([]publicid.TemplateVersionID, len(rows))
	for i, r := range rows {
		ids[i], versions[i] = r.ContractID, r.TemplateVersionID
	}
	for _, read := range []func() error{
		func() error { return m.readContracts(ctx, client, ids) },
		func() error { return m.readVersions(ctx, client, versions) },
		func() error { return m.readExceptions(ctx, client, ids) },
		func() error { return m.readParts(ctx, client, ids) },
	} {
		if err := read(); err != nil {
			return m, tenancy.Fault(err, "read what contract texts are made of")
		}
	}
	return m, nil
}

func (m material) readContracts(ctx context.Context, client *ent.Client, ids []publicid.ContractID) error {
	rows, err := client.Contract.Query().Where(contract.IDIn(ids...)).All(ctx)
	for _, c := range rows {
		m.contracts[c.ID] = c
	}
	return err
}

func (m material) readVersions(ctx context.Context, client *ent.Client, ids []publicid.TemplateVersionID) error {
	rows, err := client.TemplateVersion.Query().Where(templateversion.IDIn(ids...)).All(ctx)
	for _, v := range rows {
		m.versions[v.ID] = v
	}
	return err
}

// readExceptions reads the accepted ones in the order in which they were accepted.
func (m material) readExceptions(ctx context.Context, client *ent.Client, ids []publicid.ContractID) error {
	rows, err := client.ClauseException.Query().
		Where(clauseexception.ContractIDIn(ids...), clauseexception.StatusEQ(text.Accepted)).
		Order(ent.Asc(clauseexception.FieldDecidedAt, clauseexception.FieldID)).All(ctx)
	for _, x := range rows {
		m.exceptions[x.ContractID] = append(m.exceptions[x.ContractID],
			text.Replacement{ID: x.ID.String(), Clause: x.ClauseKey, Old: x.OldText, New: x.NewText})
	}
	return err
}

func (m material) readParts(ctx context.Context, client *ent.Client, ids []publicid.ContractID) error {
	parties, err := client.ContractParty.Query().Where(contractparty.ContractIDIn(ids...)).Order(ent.Asc(contractparty.FieldPosition)).All(ctx)
	if err != nil {
		return err
	}
	for _, p := range parties {
		m.parties[p.ContractID] = append(m.parties[p.ContractID],
			&text.Signatory{Role: p.Role, Name: p.Name, CreditCode: p.CreditCode, Representative: p.Representative})
	}
	lines, err := client.ContractLine.Query().Where(contractline.ContractIDIn(ids...)).Order(ent.Asc(contractline.FieldPosition)).All(ctx)
	if err != nil {
		return err
	}
	for _, l := range lines {
		m.lines[l.ContractID] = append(m.lines[l.ContractID], l)
	}
	plan, err := client.PaymentPlanLine.Query().Where(paymentplanline.ContractIDIn(ids...)).Order(ent.Asc(paymentplanline.FieldPosition)).All(ctx)
	for _, p := range plan {
		m.plans[p.ContractID] = append(m.plans[p.ContractID], p)
	}
	return err
}

func (m material) draw(row *ent.ContractText) text.Draw {
	id := row.ContractID
	parties := m.parties[id]
	if parties == nil {
		parties = []*text.Signatory{}
	}
	return text.Draw{
		Language: row.Language, Slots: row.Slots, Optional: row.Optional, Exceptions: m.exceptions[id], Parties: parties,
		Live: live(m.contracts[id], m.lines[id], m.plans[id], row.Language),
	}
}

// live are the contract's own values, by source. A sum of nothing is no sum: that is what a contract has until somebody
// says what it is worth.
func live(c *ent.Contract, lines []*ent.ContractLine, plan []*ent.PaymentPlanLine, l text.Language) text.Values {
	v := text.Values{
		string(text.ContractNumber): {Text: &c.Number},
		string(text.ContractTitle):  {Text: &c.Title},
	}
	if c.AmountMinor != 0 {
		sum := money.Of(c.AmountMinor, c.Currency)
		v[string(text.ContractAmount)] = &text.Value{Money: &money.Input{Amount: sum.Amount(), Currency: c.Currency}}
	}
	for source, day := range map[text.Source]*text.Date{text.ContractSignedOn: c.SignedOn, text.ContractStart: c.EffectiveOn, text.ContractEnd: c.EndsOn} {
		if day != nil {
			v[string(source)] = &text.Value{Date: day}
		}
	}
	if c.EffectiveOn != nil {
		v[string(text.ContractTerm)] = &text.Value{Period: &text.Span{From: *c.EffectiveOn, Until: c.EndsOn}}
	}
	if len(lines) > 0 {
		v[string(text.ContractLines)] = &text.Value{Rows: goods(lines, c.Currency, l)}
	}
	if len(plan) > 0 {
		v[string(text.ContractPlan)] = &text.Value{Rows: instalments(plan, l)}
	}
	return v
}

func goods(lines []*ent.ContractLine, c money.Currency, l text.Language) [][]string {
	rows := make([][]string, len(lines))
	for i, line := range lines {
		due := ""
		if line.DeliveryOn != nil {
			due = text.PrintDate(l, *line.DeliveryOn)
		}
		rows[i] = []string{
			line.Description, line.Model, line.Specification, line.Quantity.String(), line.Unit, line.UnitPrice.String(),
			sum(line.AmountMinor, c, l), due,
		}
	}
	return rows
}

func instalments(plan []*ent.PaymentPlanLine, l text.Language) [][]string {
	rows := make([][]string, len(plan))
	for i, p := range plan {
		rows[i] = []string{strconv.Itoa(i + 1), text.PrintDate(l, p.DueOn), sum(p.AmountMinor, p.Currency, l), p.Purpose}
	}
	return rows
}

func sum(minor int64, c money.Currency, l text.Language) string {
	return text.PrintMoney(l, money.Input{Amount: money.Of(minor, c).Amount(), Currency: c}, false)
}

// noText is the fault of a contract whose text is not ours to change.
func noText() error {
	return fault.New(fault.State, fault.WrongState, "the contract has no text; it was not drafted from a template")
}
