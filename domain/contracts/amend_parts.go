package contracts

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/changes/terms"
	"heyue/domain/contracts/milestone"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	mil "heyue/ent/milestone"
	"heyue/ent/paymentplanline"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

func amendParties(ctx context.Context, tx *ent.Tx, c *ent.Contract, e terms.Edits[publicid.ContractPartyID, terms.Party, terms.PartyEdit], to []terms.Party) error {
	if len(e.Drop) > 0 {
		_, err := tx.ContractParty.Delete().Where(contractparty.ContractID(c.ID), contractparty.IDIn(e.Drop...)).Exec(ctx)
		if _, signed := tenancy.ForeignKeyViolation(err); signed {
			return at(fault.New(fault.State, fault.InUse, "a party that has signed cannot be left out"), "parties")
		}
		if err != nil {
			return tenancy.Fault(err, "drop parties")
		}
	}
	if moves(e) {
		if err := tx.ContractParty.Update().Where(contractparty.ContractID(c.ID)).AddPosition(aside).Exec(ctx); err != nil {
			return tenancy.Fault(err, "move parties")
		}
	}
	for i, p := range to {
		var err error
		if added(e, p.ID, func(p terms.Party) publicid.ContractPartyID { return p.ID }) {
			err = tx.ContractParty.Create().SetID(p.ID).SetContractID(c.ID).SetPosition(i).SetName(p.Name).SetRole(p.Role).SetCreditCode(p.CreditCode).
				SetRepresentative(p.Representative).SetNillableCustomerID(p.CustomerID).Exec(ctx)
		} else {
			update := tx.ContractParty.UpdateOneID(p.ID).SetName(p.Name).SetRole(p.Role).SetCreditCode(p.CreditCode).
				SetRepresentative(p.Representative).SetNillableCustomerID(p.CustomerID)
			if p.CustomerID == nil {
				update.ClearCustomerID()
			}
			if moves(e) {
				update.SetPosition(i)
			}
			err = update.Exec(ctx)
		}
		if _, foreign := tenancy.ForeignKeyViolation(err); foreign {
			return at(fault.NoSuch("customer"), "parties")
		}
		if err != nil {
			return tenancy.Fault(err, "write parties")
		}
	}
	return nil
}

func amendLines(ctx context.Context, tx *ent.Tx, c *ent.Contract, e terms.Edits[publicid.ContractLineID, terms.Line, terms.LineEdit], to []terms.Line) error {
	if len(e.Drop) > 0 {
		if _, err := tx.ContractLine.Delete().Where(contractline.ContractID(c.ID), contractline.IDIn(e.Drop...)).Exec(ctx); err != nil {
			return tenancy.Fault(err, "drop lines")
		}
	}
	if moves(e) {
		if err := tx.ContractLine.Update().Where(contractline.ContractID(c.ID)).AddPosition(aside).Exec(ctx); err != nil {
			return tenancy.Fault(err, "move lines")
		}
	}
	for i, l := range to {
		var err error
		if added(e, l.ID, func(l terms.Line) publicid.ContractLineID { return l.ID }) {
			err = tx.ContractLine.Create().SetID(l.ID).SetContractID(c.ID).SetPosition(i).SetDescription(l.Description).SetModel(l.Model).
				SetSpecification(l.Specification).SetUnit(l.Unit).SetQuantity(l.Quantity).SetUnitPrice(l.UnitPrice).SetAmountMinor(l.AmountMinor).
				SetNillableDeliveryOn(l.DeliveryOn).Exec(ctx)
		} else {
			update := tx.ContractLine.UpdateOneID(l.ID).SetDescription(l.Description).SetModel(l.Model).SetSpecification(l.Specification).SetUnit(l.Unit).
				SetQuantity(l.Quantity).SetUnitPrice(l.UnitPrice).SetAmountMinor(l.AmountMinor).SetNillableDeliveryOn(l.DeliveryOn)
			if l.DeliveryOn == nil {
				update.ClearDeliveryOn()
			}
			if moves(e) {
				update.SetPosition(i)
			}
			err = update.Exec(ctx)
		}
		if err != nil {
			return tenancy.Fault(err, "write lines")
		}
	}
	return nil
}

// amendPlan writes the payment plan. What is booked stays booked: an instalment with money on it is not left out and not
// cut below it.
func (s *Service) amendPlan(ctx context.Context, tx *ent.Tx, c *ent.Contract, e terms.Edits[publicid.PaymentPlanLineID, terms.Instalment, terms.InstalmentEdit], to []terms.Instalment) error {
	rows, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).ForUpdate().All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plan")
	}
	there := map[publicid.PaymentPlanLineID]*ent.PaymentPlanLine{}
	for _, l := range rows {
		there[l.ID] = l
	}
	if err := keepsBooked(there, to, c.Currency); err != nil {
		return err
	}
	if err := s.dropInstalments(ctx, tx, c, e.Drop); err != nil {
		return err
	}
	if moves(e) {
		if err := tx.PaymentPlanLine.Update().Where(paymentplanline.ContractID(c.ID)).AddPosition(aside).Exec(ctx); err != nil {
			return tenancy.Fault(err, "move instalments")
		}
	}
	var written []*ent.PaymentPlanLine
	for i, p := range to {
		l, err := amendInstalment(ctx, tx, c, there[p.ID], p, i, moves(e))
		if err != nil {
			return err
		}
		written = append(written, l)
	}
	return s.settledBy(ctx, tx, written)
}

// Fits checks terms that are to come against what is booked by now, without writing anything: see Amend.
func (s *Service) Fits(ctx context.Context, tx *ent.Tx, c *ent.Contract, to terms.Sheet) error {
	rows, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(c.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plan")
	}
	there := map[publicid.PaymentPlanLineID]*ent.PaymentPlanLine{}
	for _, l := range rows {
		there[l.ID] = l
	}
	if to.Amount.Minor() != c.AmountMinor && to.Amount.Minor() != 0 && to.Amount.Minor() < c.SettledMinor {
		return at(fault.New(fault.State, fault.NotAllowed, "%s is booked on the contract; its amount cannot be %s", money.Of(c.SettledMinor, c.Currency), to.Amount), "amount")
	}
	return keepsBooked(there, to.Plan, c.Currency)
}

func keepsBooked(there map[publicid.PaymentPlanLineID]*ent.PaymentPlanLine, to []terms.Instalment, currency money.Currency) error {
	stays := map[publicid.PaymentPlanLineID]bool{}
	for _, p := range to {
		stays[p.ID] = true
		l := there[p.ID]
		if l == nil || l.SettledMinor == 0 {
			continue
		}
		if p.AmountMinor != l.AmountMinor && p.AmountMinor < l.SettledMinor {
			return at(fault.New(fault.State, fault.NotAllowed, "%s is booked on the instalment of %s; it cannot be cut to %s",
				money.Of(l.SettledMinor, currency), l.DueOn, money.Of(p.AmountMinor, currency)), "paymentPlan")
		}
		if p.Cancelled {
			return at(fault.New(fault.State, fault.InUse, "payments are booked on the instalment of %s; it cannot be cancelled", l.DueOn), "paymentPlan")
		}
	}
	for id, l := range there {
		if !stays[id] && l.SettledMinor != 0 {
			return at(fault.New(fault.State, fault.InUse, "payments are booked on the instalment of %s; it cannot be left out", l.DueOn), "paymentPlan")
		}
	}
	return nil
}

func (s *Service) dropInstalments(ctx context.Context, tx *ent.Tx, c *ent.Contract, ids []publicid.PaymentPlanLineID) error {
	if len(ids) == 0 {
		return nil
	}
	subjects := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		subjects[i] = id.UUID()
	}
	if err := s.Obligations.Cancel(ctx, tx, due.PaymentDue, subjects...); err != nil {
		return err
	}
	_, err := tx.PaymentPlanLine.Delete().Where(paymentplanline.ContractID(c.ID), paymentplanline.IDIn(ids...)).Exec(ctx)
	if _, booked := tenancy.ForeignKeyViolation(err); booked { // settled once, and taken back
		return at(fault.New(fault.State, fault.InUse, "payments were booked on an instalment; it cannot be left out"), "paymentPlan")
	}
	return tenancy.Fault(err, "drop instalments")
}

// amendInstalment writes one instalment, a new one when there is no old. Where it stands follows from what is booked.
func amendInstalment(ctx context.Context, tx *ent.Tx, c *ent.Contract, old *ent.PaymentPlanLine, p terms.Instalment, place int, moved bool) (*ent.PaymentPlanLine, error) {
	awaiting, err := waits(ctx, tx, old, p)
	if err != nil {
		return nil, err
	}
	if old == nil {
		create := tx.PaymentPlanLine.Create().SetID(p.ID).SetContractID(c.ID).SetPosition(place).SetDueOn(p.DueOn).SetAmountMinor(p.AmountMinor).
			SetCurrency(c.Currency).SetPurpose(p.Purpose).SetNillableMilestoneID(p.Waits.MilestoneID).SetDueDays(p.Waits.Days).SetAwaiting(awaiting)
		if p.Cancelled {
			create.SetState(plan.Cancelled)
		}
		row, err := create.Save(ctx)
		return row, tenancy.Fault(err, "write an instalment")
	}
	state := plan.Cancelled
	if !p.Cancelled {
		if state, err = plan.State(money.Of(p.AmountMinor, c.Currency), money.Of(old.SettledMinor, c.Currency)); err != nil {
			return nil, err
		}
	}
	update := tx.PaymentPlanLine.UpdateOne(old).AddVersion(1).SetDueOn(p.DueOn).SetAmountMinor(p.AmountMinor).SetCurrency(c.Currency).SetPurpose(p.Purpose).
		SetState(state).SetNillableMilestoneID(p.Waits.MilestoneID).SetDueDays(p.Waits.Days).SetAwaiting(awaiting)
	if p.Waits.MilestoneID == nil {
		update.ClearMilestoneID()
	}
	if moved {
		update.SetPosition(place)
	}
	row, err := update.Save(ctx)
	return row, tenancy.Fault(err, "write an instalment")
}

// waits reports whether an instalment waits for a milestone that is not reached.
func waits(ctx context.Context, tx *ent.Tx, old *ent.PaymentPlanLine, p terms.Instalment) (bool, error) {
	switch {
	case p.Waits.MilestoneID == nil:
		return false, nil
	case old != nil && old.MilestoneID != nil && *old.MilestoneID == *p.Waits.MilestoneID:
		return old.Awaiting, nil
	}
	m, err := tx.Milestone.Query().Where(mil.ID(*p.Waits.MilestoneID)).Only(ctx)
	if ent.IsNotFound(err) {
		return false, at(fault.NoSuch("milestone"), "paymentPlan")
	}
	if err != nil {
		return false, tenancy.Fault(err, "read a milestone")
	}
	return m.State == milestone.Open, nil
}
