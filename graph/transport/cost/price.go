// Package cost prices GraphQL operations: before they run by what they may bring at most, and afterwards by what they
// brought. A price does not depend on how a document spells a thing, by fragments or without, once or repeatedly.
package cost

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// The price list. It is part of the API (docs/api.md): clients plan by it.
const (
	objectPrice     = 1  // an object, also a list of them that is no page
	connectionPrice = 2  // a page, before its rows
	countPrice      = 10 // totalCount, a query of its own
	mutationPrice   = 10 // its payload included

	// Subscription is the price of starting one; its events are objects.
	Subscription = 10
)

// many is where counts stop growing: over every limit, and far from the end of an int.
const many = 1 << 30

// Price is what an operation costs: points, and the objects that its answer may hold.
type Price struct{ Points, Nodes int }

func (p Price) plus(q Price) Price {
	return Price{min(many, p.Points+q.Points), min(many, p.Nodes+q.Nodes)}
}

func (p Price) times(n int) Price {
	if n > 0 && (p.Points > many/n || p.Nodes > many/n) {
		return Price{many, many}
	}
	return Price{p.Points * n, p.Nodes * n}
}

// Requested is the most that the operation can cost: full pages. Of a subscription it is the start and one event.
func (l *Plan) Requested() Price {
	p := l.sum(l.root, 1)
	if l.kind == ast.Subscription {
		p.Points = min(many, p.Points+Subscription)
	}
	return p
}

// sum is the price of a selection set; page is the number of rows when it is a connection's.
func (l *Plan) sum(s *selected, page int) Price {
	if s == nil {
		return Price{}
	}
	if p, ok := l.priced[s]; ok {
		return p
	}
	var total, dearest Price
	for i, a := range s.fields {
		p := l.one(a, page)
		if i > 0 && s.fields[i-1].key == a.key {
			p = Price{max(p.Points, dearest.Points), max(p.Nodes, dearest.Nodes)}
			total.Points, total.Nodes = total.Points-dearest.Points, total.Nodes-dearest.Nodes
		}
		dearest, total = p, total.plus(p)
	}
	l.priced[s] = total
	return total
}

func (l *Plan) one(a *asked, page int) Price {
	single := func() Price { return l.sum(a.below, 1).plus(Price{objectPrice, 1}) }
	switch a.kind {
	case leaf, info:
		return Price{}
	case count:
		return Price{Points: countPrice}
	case connection:
		return l.sum(a.below, a.rows).plus(Price{Points: connectionPrice})
	case nodes:
		return single().times(page)
	case edges:
		return l.sum(a.below, 1).times(page)
	case list:
		return single().times(a.rows)
	case mutation:
		return l.sum(a.below, 1).plus(Price{mutationPrice, 1})
	}
	return single()
}
