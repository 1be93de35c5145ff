package terms

import (
	"fmt"
	"slices"

	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Apply returns the sheet with the delta applied; the sheet given is left as it is. It fails with WRONG_STATE, naming
// every place at once, when the delta names a party, a line or an instalment that is not there, or puts in one that is;
// and with INCONSISTENT for another currency.
func Apply(s Sheet, d Delta) (Sheet, error) {
	a := applier{to: s.clone()}
	a.apply(d)
	if len(a.conflicts) > 0 {
		return Sheet{}, a.conflicts
	}
	return a.to, nil
}

// Follow is Apply for what has happened anyway, such as a correction of the contract's rows: what is no longer there is
// passed over, so that it never fails.
func Follow(s Sheet, d Delta) Sheet {
	a := applier{to: s.clone(), anyway: true}
	a.apply(d)
	return a.to
}

type applier struct {
	to        Sheet
	anyway    bool
	conflicts fault.List
}

func (a *applier) apply(d Delta) {
	a.head(d)
	a.to.Parties = edit(a, "parties", "party", a.to.Parties, d.Parties, Party.key, func(e PartyEdit) publicid.ContractPartyID { return e.ID }, a.party)
	a.to.Lines = edit(a, "lines", "line", a.to.Lines, d.Lines, Line.key, func(e LineEdit) publicid.ContractLineID { return e.ID }, a.line)
	a.to.Plan = edit(a, "paymentPlan", "instalment", a.to.Plan, d.Plan, Instalment.key, func(e InstalmentEdit) publicid.PaymentPlanLineID { return e.ID }, a.instalment)
	for key, v := range d.Slots {
		if v == nil {
			delete(a.to.Slots, key)
		} else {
			a.to.Slots[key] = v
		}
	}
}

func (p Party) key() publicid.ContractPartyID        { return p.ID }
func (l Line) key() publicid.ContractLineID          { return l.ID }
func (i Instalment) key() publicid.PaymentPlanLineID { return i.ID }

func (a *applier) head(d Delta) {
	set(&a.to.Title, d.Title)
	set(&a.to.Description, d.Description)
	set(&a.to.Renewal, d.Renewal)
	set(&a.to.RenewalMonths, d.RenewalMonths)
	set(&a.to.NoticeDays, d.NoticeDays)
	maybe(&a.to.EffectiveOn, d.EffectiveOn)
	maybe(&a.to.EndsOn, d.EndsOn)
	if d.Amount == nil {
		return
	}
	if d.Amount.Currency() != a.to.Amount.Currency() && !a.anyway {
		a.conflicts = append(a.conflicts, fault.New(fault.Invalid, fault.Inconsistent, "the contract is in %s", a.to.Amount.Currency()).At("amount"))
	}
	a.to.Amount = *d.Amount
}

func (a *applier) party(p *Party, e PartyEdit) {
	set(&p.Role, e.Role)
	set(&p.Name, e.Name)
	set(&p.CreditCode, e.CreditCode)
	set(&p.Representative, e.Representative)
	maybe(&p.CustomerID, e.CustomerID)
}

func (a *applier) line(l *Line, e LineEdit) {
	set(&l.Description, e.Description)
	set(&l.Model, e.Model)
	set(&l.Specification, e.Specification)
	set(&l.Unit, e.Unit)
	set(&l.Quantity, e.Quantity)
	set(&l.UnitPrice, e.UnitPrice)
	maybe(&l.DeliveryOn, e.DeliveryOn)
	if e.Quantity != nil || e.UnitPrice != nil {
		sum, err := money.Times(l.UnitPrice, l.Quantity, a.to.Amount.Currency())
		if err != nil && !a.anyway {
			a.conflicts = append(a.conflicts, fault.New(fault.Invalid, fault.OutOfRange, "the amount of %q is too large", l.Description).At("lines"))
		}
		l.AmountMinor = sum.Minor()
	}
	set(&l.AmountMinor, e.AmountMinor)
}

func (a *applier) instalment(i *Instalment, e InstalmentEdit) {
	set(&i.DueOn, e.DueOn)
	set(&i.AmountMinor, e.AmountMinor)
	set(&i.Purpose, e.Purpose)
	set(&i.Waits, e.Waits)
	set(&i.Cancelled, e.Cancelled)
}

// edit applies the edits of one list: first what is left out, then what becomes different, then what is put in.
func edit[ID comparable, T, E any](a *applier, field, noun string, items []T, e Edits[ID, T, E],
	key func(T) ID, names func(E) ID, change func(*T, E),
) []T {
	find := func(id ID) int { return slices.IndexFunc(items, func(t T) bool { return key(t) == id }) }
	for i, id := range e.Drop {
		at := find(id)
		if at < 0 {
			a.conflict(field, "drop", i, "the %s %v is not in the contract any more", noun, id)
			continue
		}
		items = slices.Delete(items, at, at+1)
	}
	for i, ch := range e.Change {
		at := find(names(ch))
		if at < 0 {
			a.conflict(field, "change", i, "the %s %v is not in the contract any more", noun, names(ch))
			continue
		}
		change(&items[at], ch)
	}
	for i, item := range e.Add {
		at := find(key(item))
		if at < 0 {
			items = append(items, item)
			continue
		}
		a.conflict(field, "add", i, "the %s %v is in the contract already", noun, key(item))
		items[at] = item
	}
	if len(e.Order) > 0 {
		rank := func(t T) int {
			if at := slices.Index(e.Order, key(t)); at >= 0 {
				return at
			}
			return len(e.Order)
		}
		slices.SortStableFunc(items, func(x, y T) int { return rank(x) - rank(y) })
	}
	return items
}

func (a *applier) conflict(list, what string, i int, format string, args ...any) {
	if !a.anyway {
		a.conflicts = append(a.conflicts, fault.New(fault.State, fault.WrongState, format, args...).At(list, what, fmt.Sprint(i)))
	}
}

func set[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}

func maybe[T any](field **T, v *Maybe[T]) {
	if v != nil {
		*field = v.Value
	}
}
