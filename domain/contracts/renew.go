package contracts

import (
	"context"
	"errors"

	"heyue/audit"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/paymentplanline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// AgreeRenewal puts on record that the parties agreed to go on after the term (HR14); the decision is no longer reminded
// of. Needs contract:execute. Faults: those of Declaration.Validate; OUT_OF_RANGE for a day to come; NOT_FOUND;
// VERSION_CONFLICT; WRONG_STATE.
func (s *Service) AgreeRenewal(ctx context.Context, d Declaration) (*ent.Contract, error) {
	return s.declare(ctx, policies.ContractExecute, d, func(tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error) {
		st.event = lifecycle.AgreeRenewal
		return s.take(ctx, tx, c, st, nil)
	})
}

// OptOut puts notice on record that the contract shall not go on by itself: an automatic renewal ends with its running
// term, an evergreen contract when the notice has run. Needs contract:execute. Faults: those of Declaration.Validate;
// OUT_OF_RANGE for a day to come and for notice that comes too late; NOT_FOUND; VERSION_CONFLICT; WRONG_STATE.
func (s *Service) OptOut(ctx context.Context, d Declaration) (*ent.Contract, error) {
	return s.declare(ctx, policies.ContractExecute, d, func(tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error) {
		if _, err := lifecycle.Next(c.Status, lifecycle.OptOut); err != nil {
			return nil, err
		}
		ends, err := term(c).OptOut(st.on)
		if err != nil {
			return nil, err
		}
		st.event, st.until = lifecycle.OptOut, &ends
		before, err := s.Fingerprint(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		shorter := *c
		shorter.EndsOn = &ends
		after, err := s.Fingerprint(ctx, tx, &shorter)
		if err != nil {
			return nil, err
		}
		return s.take(ctx, tx, c, st, func(u *ent.ContractUpdateOne) {
			u.SetOptedOutOn(st.on).SetEndsOn(ends)
			if c.ApprovedPrint != nil && *c.ApprovedPrint == before {
				u.SetApprovedPrint(after) // the notice was provided for in what they approved
			}
		})
	})
}

// Renewal is a successor to be drafted from a contract. The term defaults to as long as the last one, from the day after
// it; the amount to the same.
type Renewal struct {
	ID              publicid.ContractID
	ExpectedVersion int
	Title           *string
	EffectiveOn     *date.Date
	EndsOn          *date.Date
	Amount          *money.Input
}

// Validate reports everything wrong with the renewal at once.
func (r Renewal) Validate() error {
	var c fault.Check
	Details{Title: r.Title, EffectiveOn: r.EffectiveOn, EndsOn: r.EndsOn, Amount: r.Amount}.check(&c)
	return c.Err()
}

// Renew drafts the successor of a contract whose parties agreed to renew it (HR14): same customer, parties, lines,
// terms and custom fields, and the payment plan moved along when the amount stays. When the successor takes effect its predecessor is
// RENEWED. Needs contract:create reaching it. Faults: those of Draft.Validate; NOT_FOUND; VERSION_CONFLICT; WRONG_STATE
// without an agreement on record, or when a successor is there already.
func (s *Service) Renew(ctx context.Context, r Renewal) (made *ent.Contract, err error) {
	_, err = s.act(ctx, policies.ContractCreate, Target{r.ID, r.ExpectedVersion}, r.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		if err := mayRenew(ctx, tx, c); err != nil {
			return nil, err
		}
		made, err = s.succeedBy(ctx, tx, c, r, here)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func mayRenew(ctx context.Context, tx *ent.Tx, c *ent.Contract) error {
	if _, err := lifecycle.Next(c.Status, lifecycle.AgreeRenewal); err != nil {
		return err
	}
	agreed, err := last(ctx, tx, c.ID, lifecycle.AgreeRenewal)
	if err != nil {
		return err
	}
	if agreed == nil {
		return fault.New(fault.State, fault.WrongState, "a renewal needs the parties' agreement on record first")
	}
	there, err := tx.Contract.Query().Where(contract.PredecessorID(c.ID), contract.StatusNotIn(lifecycle.Withdrawn, lifecycle.Rejected),
		contract.ArchivedAtIsNil()).Exist(ctx)
	if err != nil {
		return tenancy.Fault(err, "look for a successor")
	}
	if there {
		return fault.New(fault.State, fault.WrongState, "the contract has a successor already")
	}
	return nil
}

func (s *Service) succeedBy(ctx context.Context, tx *ent.Tx, c *ent.Contract, r Renewal, here local) (*ent.Contract, error) {
	number, err := s.number(ctx, tx, here, c.Kind)
	if err != nil {
		return nil, err
	}
	create := tx.Contract.Create().SetKind(c.Kind).SetDirection(c.Direction).SetCurrency(c.Currency).SetAmountMinor(c.AmountMinor).
		SetTitle(c.Title).SetCustomerID(c.CustomerID).SetDescription(c.Description).SetPredecessorID(c.ID).SetNillableOwnerID(c.OwnerID).
		SetNillableDepartmentID(c.DepartmentID).SetRenewal(c.Renewal).SetRenewalMonths(c.RenewalMonths).SetNoticeDays(c.NoticeDays).SetNumber(number)
	moved := 0
	if c.EndsOn != nil && c.EffectiveOn != nil {
		moved = c.EndsOn.Since(*c.EffectiveOn) + 1
		create.SetEffectiveOn(c.EndsOn.AddDays(1)).SetEndsOn(lasts(*c.EffectiveOn, *c.EndsOn))
	}
	Details{Title: r.Title, EffectiveOn: r.EffectiveOn, EndsOn: r.EndsOn, Amount: r.Amount}.apply(create.Mutation())
	keep, err := s.Fields.Copy(ctx, tx, custom.Contract, c.Custom, create.Mutation().SetCustom)
	if err != nil {
		return nil, err
	}
	made, err := create.Save(ctx)
	if err != nil {
		return nil, conflict(err)
	}
	if err := errors.Join(keep(made.ID.UUID()), copyParts(ctx, tx, c, made, moved)); err != nil {
		return nil, err
	}
	return made, s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "contract", ID: made.ID.UUID(), After: made})
}

// lasts is the last day of a term as long as that from starts to ends, which begins on the day after ends. A term of whole
// months stays one of whole months.
func lasts(starts, ends date.Date) date.Date {
	for months := 1; months <= lifecycle.MaxRenewalMonths; months++ {
		if (lifecycle.Term{Ends: starts.AddDays(-1), Months: months}).Next() == ends {
			return lifecycle.Term{Ends: ends, Months: months}.Next()
		}
	}
	return ends.AddDays(ends.Since(starts) + 1)
}

// copyParts gives a successor what its predecessor consists of: parties, lines, and the payment plan moved by so many days
// when the amount is the same.
func copyParts(ctx context.Context, tx *ent.Tx, from, to *ent.Contract, moved int) error {
	parties, err := tx.ContractParty.Query().Where(contractparty.ContractID(from.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read parties")
	}
	sides := make([]*ent.ContractPartyCreate, len(parties))
	for i, p := range parties {
		sides[i] = tx.ContractParty.Create().SetContractID(to.ID).SetPosition(p.Position).SetName(p.Name).SetRole(p.Role).
			SetCreditCode(p.CreditCode).SetRepresentative(p.Representative).SetNillableCustomerID(p.CustomerID)
	}
	if err := tx.ContractParty.CreateBulk(sides...).Exec(ctx); err != nil {
		return tenancy.Fault(err, "write parties")
	}
	lines, err := tx.ContractLine.Query().Where(contractline.ContractID(from.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read lines")
	}
	goods := make([]*ent.ContractLineCreate, len(lines))
	for i, l := range lines {
		goods[i] = tx.ContractLine.Create().SetContractID(to.ID).SetPosition(l.Position).SetDescription(l.Description).SetModel(l.Model).
			SetSpecification(l.Specification).SetQuantity(l.Quantity).SetUnit(l.Unit).SetUnitPrice(l.UnitPrice).SetAmountMinor(l.AmountMinor)
	}
	if err := tx.ContractLine.CreateBulk(goods...).Exec(ctx); err != nil {
		return tenancy.Fault(err, "write lines")
	}
	if from.AmountMinor != to.AmountMinor || from.Currency != to.Currency {
		return nil
	}
	plan, err := tx.PaymentPlanLine.Query().Where(paymentplanline.ContractID(from.ID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the payment plan")
	}
	rows := make([]*ent.PaymentPlanLineCreate, len(plan))
	for i, l := range plan {
		rows[i] = tx.PaymentPlanLine.Create().SetContractID(to.ID).SetPosition(l.Position).SetDueOn(l.DueOn.AddDays(moved)).
			SetAmountMinor(l.AmountMinor).SetCurrency(l.Currency).SetPurpose(l.Purpose)
	}
	return tenancy.Fault(tx.PaymentPlanLine.CreateBulk(rows...).Exec(ctx), "write the payment plan")
}
