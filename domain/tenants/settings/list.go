package settings

import (
	"maps"
	"slices"
	"strconv"

	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/domain/contracts/lifecycle"
	"heyue/platform/fault"
	"heyue/platform/money"
)

// KindRule is the number rule of one kind of contract, as lists show it.
type KindRule struct {
	Kind lifecycle.Kind
	Rule string
}

// KindLadder is the reminder ladder of one kind of obligation, as lists show it.
type KindLadder struct {
	Kind due.Kind
	schedule.Ladder
}

// Rate is what 100 units of a currency are worth in the tenant's own, as lists show it.
type Rate struct {
	Currency money.Currency
	Per100   money.Decimal
}

// List gives the rates in the order of the currencies' codes.
func (r Rates) List() []*Rate {
	list := make([]*Rate, 0, len(r))
	for _, c := range slices.Sorted(maps.Keys(r)) {
		list = append(list, &Rate{c, r[c]})
	}
	return list
}

// RatesOf is Rates of a list. A currency that is named twice is a DUPLICATE at exchangeRates.N.currency in c.
func RatesOf(c *fault.Check, list []*Rate) Rates {
	out := make(Rates, len(list))
	for i, r := range list {
		once(c, out, "exchangeRates", i, "currency", r.Currency)
		out[r.Currency] = r.Per100
	}
	return out
}

// List gives the rules in the order of the kinds.
func (b ByKind) List() []*KindRule {
	list := make([]*KindRule, 0, len(b))
	for _, k := range lifecycle.Kind("").Values() {
		if rule, ok := b[lifecycle.Kind(k)]; ok {
			list = append(list, &KindRule{lifecycle.Kind(k), rule})
		}
	}
	return list
}

// List gives the ladders in the order of the kinds.
func (l Ladders) List() []*KindLadder {
	list := make([]*KindLadder, 0, len(l))
	for _, k := range due.Kind("").Values() {
		if ladder, ok := l[due.Kind(k)]; ok {
			list = append(list, &KindLadder{due.Kind(k), ladder})
		}
	}
	return list
}

// RulesOf is ByKind of a list. A kind that is named twice is a DUPLICATE at contractNumberRules.N.kind in c.
func RulesOf(c *fault.Check, list []*KindRule) ByKind {
	out := make(ByKind, len(list))
	for i, r := range list {
		once(c, out, "contractNumberRules", i, "kind", r.Kind)
		out[r.Kind] = r.Rule
	}
	return out
}

// LaddersOf is Ladders of a list. A kind that is named twice is a DUPLICATE at reminderLadders.N.kind in c.
func LaddersOf(c *fault.Check, list []*KindLadder) Ladders {
	out := make(Ladders, len(list))
	for i, l := range list {
		once(c, out, "reminderLadders", i, "kind", l.Kind)
		out[l.Kind] = l.Ladder
	}
	return out
}

func once[K ~string, V any](c *fault.Check, seen map[K]V, field string, i int, key string, value K) {
	_, twice := seen[value]
	c.That(!twice, fault.Duplicate, field+"."+strconv.Itoa(i)+"."+key, "%.32s is named twice", value)
}
