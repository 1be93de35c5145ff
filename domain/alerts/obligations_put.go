package alerts

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/predicate"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// putMost is how many obligations one set of statements writes.
const putMost = 500

// name is what identifies an obligation to the outside.
type name struct {
	kind    due.Kind
	subject uuid.UUID
}

func (o Obligations) put(ctx context.Context, tx *ent.Tx, dates []due.Date, catchUp bool) error {
	if len(dates) == 0 {
		return nil
	}
	byName := make(map[name]due.Date, len(dates))
	order := make([]name, 0, len(dates))
	for _, d := range dates {
		if err := d.Validate(); err != nil {
			return err
		}
		n := name{d.Kind, d.SubjectID}
		if _, twice := byName[n]; !twice {
			order = append(order, n)
		}
		byName[n] = d // the last word counts
	}
	plans, err := planning(ctx, tx.Tenant, o.Clock.Now())
	if err != nil {
		return err
	}
	for from := 0; from < len(order); from += putMost {
		part := order[from:min(from+putMost, len(order))]
		if err := o.putSome(ctx, tx, plans, part, byName, catchUp); err != nil {
			return err
		}
	}
	return nil
}

// putSome makes what is missing first. An obligation that another transaction makes at the same moment is then there
// to be locked, so both orders end the same.
func (o Obligations) putSome(ctx context.Context, tx *ent.Tx, plans planner, names []name, dates map[name]due.Date, catchUp bool) error {
	there, err := lock(ctx, tx, anyNamed(names))
	if err != nil {
		return err
	}
	missing := without(names, there)
	made, err := insertObligations(ctx, tx, plans.now, missing, dates)
	if err != nil {
		return err
	}
	if len(made) < len(missing) {
		late, err := lock(ctx, tx, anyNamed(without(missing, made)))
		if err != nil {
			return err
		}
		there = append(there, late...)
	}
	changed, redated := compare(there, dates)
	if err := updateObligations(ctx, tx, plans.now, changed); err != nil {
		return err
	}
	if err := remind(ctx, tx, plans, append(made, redated...), catchUp); err != nil {
		return err
	}
	return o.withdraw(ctx, tx, idsOf(redated))
}

// compare brings the obligations up to date in memory and returns those that changed, and among them those whose date
// did.
func compare(there []*ent.Obligation, dates map[name]due.Date) (changed, redated []*ent.Obligation) {
	for _, ob := range there {
		d := dates[name{ob.Kind, ob.SubjectID}]
		minor, currency := split(d.Amount)
		moved := ob.DueOn != d.DueOn
		if !moved && ob.Title == d.Title && same(ob.OwnerID, d.Owner) && same(ob.DepartmentID, d.Department) &&
			same(ob.AmountMinor, minor) && ob.Currency == currency {
			continue
		}
		ob.Title, ob.DueOn, ob.OwnerID, ob.DepartmentID = d.Title, d.DueOn, d.Owner, d.Department
		ob.AmountMinor, ob.Currency = minor, currency
		if moved {
			ob.DateVersion++
			redated = append(redated, ob)
		}
		changed = append(changed, ob)
	}
	return changed, redated
}

// end closes the open obligations among those that match.
func (o Obligations) end(ctx context.Context, tx *ent.Tx, state due.State, which predicate.Obligation) error {
	open, err := lock(ctx, tx, which, isOpen)
	if err != nil || len(open) == 0 {
		return err
	}
	ids, now := idsOf(open), o.Clock.Now()
	if err := tx.Obligation.Update().Where(among("id", ids)).SetState(state).SetUpdatedAt(now).Exec(ctx); err != nil {
		return fault.Wrap(err, "end obligations")
	}
	if err := silence(ctx, tx, now, ids); err != nil {
		return err
	}
	return o.withdraw(ctx, tx, ids)
}

func without(names []name, there []*ent.Obligation) []name {
	have := make(map[name]bool, len(there))
	for _, ob := range there {
		have[name{ob.Kind, ob.SubjectID}] = true
	}
	var out []name
	for _, n := range names {
		if !have[n] {
			out = append(out, n)
		}
	}
	return out
}

func split(m *money.Money) (*int64, money.Currency) {
	if m == nil {
		return nil, ""
	}
	minor := m.Minor()
	return &minor, m.Currency()
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func idsOf(obligations []*ent.Obligation) []publicid.ObligationID {
	ids := make([]publicid.ObligationID, len(obligations))
	for i, ob := range obligations {
		ids[i] = ob.ID
	}
	return ids
}

// obligationRow is an obligation as the bulk statements take it.
type obligationRow struct {
	ID         uuid.UUID      `json:"id"`
	Kind       due.Kind       `json:"kind"`
	Subject    uuid.UUID      `json:"subject_id"`
	Contract   *uuid.UUID     `json:"contract_id"`
	Title      string         `json:"title"`
	DueOn      date.Date      `json:"due_on"`
	Version    int            `json:"date_version"`
	Amount     *int64         `json:"amount_minor"`
	Currency   money.Currency `json:"currency"`
	Owner      *uuid.UUID     `json:"owner_id"`
	Department *uuid.UUID     `json:"department_id"`
}

func row(ob *ent.Obligation) obligationRow {
	return obligationRow{
		ID: ob.ID.UUID(), Kind: ob.Kind, Subject: ob.SubjectID, Contract: plain(ob.ContractID), Title: ob.Title, DueOn: ob.DueOn,
		Version: ob.DateVersion, Amount: ob.AmountMinor, Currency: ob.Currency, Owner: plain(ob.OwnerID), Department: plain(ob.DepartmentID),
	}
}

func plain[ID interface{ UUID() uuid.UUID }](id *ID) *uuid.UUID {
	if id == nil {
		return nil
	}
	u := (*id).UUID()
	return &u
}
