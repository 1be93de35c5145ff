package terms

import (
	"bytes"
	"encoding/json"
	"slices"

	"heyue/domain/templates/text"
	"heyue/platform/money"
)

// Diff returns what leads from a to b: Apply(a, Diff(a, b)) is b as long as both are in the same currency, Follow always.
// Diff of equal sheets is zero.
func Diff(a, b Sheet) Delta {
	d := Delta{
		Title: other(a.Title, b.Title), Description: other(a.Description, b.Description), Amount: other(a.Amount, b.Amount),
		EffectiveOn: otherMaybe(a.EffectiveOn, b.EffectiveOn), EndsOn: otherMaybe(a.EndsOn, b.EndsOn),
		Renewal: other(a.Renewal, b.Renewal), RenewalMonths: other(a.RenewalMonths, b.RenewalMonths), NoticeDays: other(a.NoticeDays, b.NoticeDays),
	}
	currency := b.Amount.Currency()
	d.Parties = diff(a.Parties, b.Parties, Party.key, diffParty)
	d.Lines = diff(a.Lines, b.Lines, Line.key, func(x, y Line) (LineEdit, bool) { return diffLine(x, y, currency) })
	d.Plan = diff(a.Plan, b.Plan, Instalment.key, diffInstalment)
	for key := range a.Slots {
		if b.Slots[key] == nil {
			d.slot(key, nil)
		}
	}
	for key, v := range b.Slots {
		if v != nil && !same(a.Slots[key], v) {
			d.slot(key, v)
		}
	}
	return d
}

func (d *Delta) slot(key string, v *text.Value) {
	if d.Slots == nil {
		d.Slots = text.Values{}
	}
	d.Slots[key] = v
}

func diffParty(a, b Party) (PartyEdit, bool) {
	e := PartyEdit{
		ID: a.ID, Role: other(a.Role, b.Role), Name: other(a.Name, b.Name), CreditCode: other(a.CreditCode, b.CreditCode),
		Representative: other(a.Representative, b.Representative), CustomerID: otherMaybe(a.CustomerID, b.CustomerID),
	}
	return e, e != PartyEdit{ID: a.ID}
}

// diffLine gives the amount only where it is not what quantity and price make.
func diffLine(a, b Line, c money.Currency) (LineEdit, bool) {
	e := LineEdit{
		ID: a.ID, Description: other(a.Description, b.Description), Model: other(a.Model, b.Model),
		Specification: other(a.Specification, b.Specification), Unit: other(a.Unit, b.Unit), DeliveryOn: otherMaybe(a.DeliveryOn, b.DeliveryOn),
	}
	follows := a.AmountMinor
	if !a.Quantity.Equal(b.Quantity) {
		e.Quantity = &b.Quantity
	}
	if !a.UnitPrice.Equal(b.UnitPrice) {
		e.UnitPrice = &b.UnitPrice
	}
	if e.Quantity != nil || e.UnitPrice != nil {
		sum, _ := money.Times(b.UnitPrice, b.Quantity, c) // a sum that cannot be is not what b has
		follows = sum.Minor()
	}
	e.AmountMinor = other(follows, b.AmountMinor)
	return e, e != LineEdit{ID: a.ID}
}

func diffInstalment(a, b Instalment) (InstalmentEdit, bool) {
	e := InstalmentEdit{
		ID: a.ID, DueOn: other(a.DueOn, b.DueOn), AmountMinor: other(a.AmountMinor, b.AmountMinor), Purpose: other(a.Purpose, b.Purpose),
		Cancelled: other(a.Cancelled, b.Cancelled),
	}
	if !same(a.Waits, b.Waits) {
		e.Waits = &b.Waits
	}
	return e, e != InstalmentEdit{ID: a.ID}
}

func diff[ID comparable, T, E any](a, b []T, key func(T) ID, compare func(x, y T) (E, bool)) Edits[ID, T, E] {
	var e Edits[ID, T, E]
	there := map[ID]T{}
	for _, item := range a {
		there[key(item)] = item
	}
	stays, wanted := map[ID]bool{}, []ID{}
	for _, item := range b {
		id := key(item)
		wanted, stays[id] = append(wanted, id), true
		old, ok := there[id]
		if !ok {
			e.Add = append(e.Add, item)
			continue
		}
		if ch, differs := compare(old, item); differs {
			e.Change = append(e.Change, ch)
		}
	}
	var got []ID
	for _, item := range a {
		if id := key(item); stays[id] {
			got = append(got, id)
		} else {
			e.Drop = append(e.Drop, id)
		}
	}
	for _, item := range e.Add {
		got = append(got, key(item))
	}
	if !slices.Equal(got, wanted) {
		e.Order = wanted
	}
	return e
}

func other[T comparable](a, b T) *T {
	if a == b {
		return nil
	}
	return &b
}

func otherMaybe[T comparable](a, b *T) *Maybe[T] {
	if a == nil && b == nil || a != nil && b != nil && *a == *b {
		return nil
	}
	return &Maybe[T]{b}
}

// same compares values as they are stored.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
