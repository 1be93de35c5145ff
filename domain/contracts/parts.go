package contracts

import (
	"context"

	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/documentreference"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/tenancy"
)

// writeParts replaces the lists that are given: parties, lines and documents. The plan and the milestones have a life
// of their own and are written by writePlan and writeMilestones.
func writeParts(ctx context.Context, tx *ent.Tx, c *ent.Contract, d Details) error {
	if d.Parties != nil {
		if err := writeParties(ctx, tx, c, d.Parties); err != nil {
			return err
		}
	}
	if d.Lines != nil {
		if err := writeLines(ctx, tx, c, d.Lines); err != nil {
			return err
		}
	}
	if d.Documents != nil {
		return writeDocuments(ctx, tx, c, d.Documents)
	}
	return nil
}

// writeParties brings the parties in line with the list, place by place, so that a signature keeps pointing to the party in
// its place. IN_USE when a party that signed would be gone.
func writeParties(ctx context.Context, tx *ent.Tx, c *ent.Contract, parties []*Party) error {
	there, err := tx.ContractParty.Query().Where(contractparty.ContractID(c.ID)).Order(ent.Asc(contractparty.FieldPosition)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read parties")
	}
	for i, p := range parties {
		if i < len(there) {
			update := tx.ContractParty.UpdateOne(there[i]).SetPosition(i).SetName(p.Name).SetRole(orNone(p.Role)).SetCreditCode(orNone(p.CreditCode)).
				SetRepresentative(orNone(p.Representative)).SetNillableCustomerID(p.CustomerID)
			if p.CustomerID == nil {
				update.ClearCustomerID()
			}
			err = update.Exec(ctx)
		} else {
			err = tx.ContractParty.Create().SetContractID(c.ID).SetPosition(i).SetName(p.Name).SetNillableRole(p.Role).
				SetNillableCreditCode(p.CreditCode).SetNillableRepresentative(p.Representative).SetNillableCustomerID(p.CustomerID).Exec(ctx)
		}
		if _, foreign := tenancy.ForeignKeyViolation(err); foreign {
			return at(fault.NoSuch("customer"), "parties")
		}
		if err != nil {
			return tenancy.Fault(err, "write parties")
		}
	}
	_, err = tx.ContractParty.Delete().Where(contractparty.ContractID(c.ID), contractparty.PositionGTE(len(parties))).Exec(ctx)
	if _, signed := tenancy.ForeignKeyViolation(err); signed {
		return at(fault.New(fault.State, fault.InUse, "a party that has signed cannot be left out"), "parties")
	}
	return tenancy.Fault(err, "drop parties")
}

func orNone(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func writeLines(ctx context.Context, tx *ent.Tx, c *ent.Contract, lines []*Line) error {
	if _, err := tx.ContractLine.Delete().Where(contractline.ContractID(c.ID)).Exec(ctx); err != nil {
		return tenancy.Fault(err, "replace lines")
	}
	rows := make([]*ent.ContractLineCreate, len(lines))
	for i, l := range lines {
		amount, err := money.Times(l.UnitPrice, l.Quantity, c.Currency)
		if err != nil {
			return at(fault.All(err)[0], "lines")
		}
		rows[i] = tx.ContractLine.Create().SetContractID(c.ID).SetPosition(i).SetDescription(l.Description).
			SetNillableModel(l.Model).SetNillableSpecification(l.Specification).SetQuantity(l.Quantity).SetNillableUnit(l.Unit).
			SetUnitPrice(l.UnitPrice).SetAmountMinor(amount.Minor()).SetNillableDeliveryOn(l.DeliveryOn)
	}
	return tenancy.Fault(tx.ContractLine.CreateBulk(rows...).Exec(ctx), "write lines")
}

func writeDocuments(ctx context.Context, tx *ent.Tx, c *ent.Contract, documents []*Document) error {
	if _, err := tx.DocumentReference.Delete().Where(documentreference.ContractID(c.ID), documentreference.Evidence(false)).Exec(ctx); err != nil {
		return tenancy.Fault(err, "replace documents")
	}
	rows := make([]*ent.DocumentReferenceCreate, len(documents))
	for i, d := range documents {
		rows[i] = tx.DocumentReference.Create().SetContractID(c.ID).SetTitle(d.Title).SetNillableURL(d.URL).
			SetNillableDocumentType(d.DocumentType).SetNillableFormat(d.Format).SetNillableLanguage(d.Language).
			SetNillablePublishedOn(d.PublishedOn)
	}
	return tenancy.Fault(tx.DocumentReference.CreateBulk(rows...).Exec(ctx), "write documents")
}

// sums turns the plan's decimals into money and checks that they make up the contract's amount, give or take the
// tenant's tolerance (H1). Faults have paths below paymentPlan.
func sums(c *fault.Check, instalments []*Instalment, value money.Money, tolerance int) []money.Money {
	out := make([]money.Money, len(instalments))
	for i, p := range instalments {
		c.Index("paymentPlan", i, func(c *fault.Check) {
			m, err := money.FromDecimal(p.Amount, value.Currency())
			if err != nil {
				c.Add(fault.All(err)[0].Code, "amount", "%s", fault.All(err)[0].Message)
			}
			out[i] = m
		})
	}
	if c.Err() == nil {
		addsUp(c, out, value, tolerance)
	}
	return out
}

// addsUp checks that a plan's sums make up the contract's amount.
func addsUp(c *fault.Check, parts []money.Money, value money.Money, tolerance int) {
	total, err := money.Total(value.Currency(), parts...)
	if err != nil {
		c.Add(fault.Inconsistent, "paymentPlan", "%s", fault.All(err)[0].Message)
		return
	}
	allowed, err := plan.Tolerance(value, tolerance)
	if err != nil {
		c.Add(fault.Inconsistent, "paymentPlan", "%s", fault.All(err)[0].Message)
		return
	}
	gap := total.Minor() - value.Minor()
	c.That(gap <= allowed.Minor() && -gap <= allowed.Minor(), fault.Inconsistent, "paymentPlan",
		"the payment plan adds up to %s, the contract's amount is %s", total, value)
}

// Milestone is a dated node of the contract's execution (I1).
type Milestone struct {
	Title       string
	Description *string
	Kind        *milestone.Kind
	DueOn       *date.Date
}

func (m *Milestone) check(c *fault.Check) {
	c.Text("title", m.Title, 1, 300)
	c.OptText("description", m.Description, 4000)
}

// at puts a fault below a field of the input.
func at(f *fault.Fault, field string) error { return f.At(field) }
