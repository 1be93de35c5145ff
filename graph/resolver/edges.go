package resolver

import (
	"context"
	"fmt"

	"heyue/ent"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
)

// Edges of lists are resolved for all siblings at once, so that a page with its edges costs one query an edge and not
// one a row. gqlgen hands a resolver the siblings of a plain list or of nodes; for what lies deeper, edges { node { … } }
// or an edge of an edge, kin finds them.

// loaded is what one edge found for all kin, by key.
type loaded[K comparable, V any] struct {
	byKey map[K][]V
	rows  []V
}

func (l loaded[K, V]) all() []V { return l.rows }

// one finds the target of each object's key among what load gives for the distinct keys. The target of a nil key, and
// one that the caller may not see, is nil.
func one[T any, K comparable, V any](ctx context.Context, objects []*T, key func(*T) *K, load func(context.Context, []K) ([]*V, error), id func(*V) K) ([]*V, error) {
	found, err := edge(ctx, objects, key, load, id)
	if err != nil {
		return nil, err
	}
	out := make([]*V, len(objects))
	for i, o := range objects {
		if k := key(o); k != nil && len(found.byKey[*k]) > 0 {
			out[i] = found.byKey[*k][0]
		}
	}
	return out, nil
}

// many finds the children of each object, in the order that load gives them.
func many[T any, K comparable, V any](ctx context.Context, objects []*T, key func(*T) K, load func(context.Context, []K) ([]*V, error), parent func(*V) K) ([][]*V, error) {
	found, err := edge(ctx, objects, func(o *T) *K { k := key(o); return &k }, load, parent)
	if err != nil {
		return nil, err
	}
	out := make([][]*V, len(objects))
	for i, o := range objects {
		out[i] = orEmpty(found.byKey[key(o)])
	}
	return out, nil
}

// pages finds the page of each object; load gives one for each of the distinct keys, in their order.
func pages[T any, K comparable, V any](ctx context.Context, objects []*T, key func(*T) K, load func(context.Context, []K) ([]*page.Connection[V], error)) ([]*page.Connection[V], error) {
	made, err := forKin(ctx, objects, func(all []*T) (map[K]*page.Connection[V], error) {
		keys := distinct(all, func(o *T) *K { k := key(o); return &k })
		lists, err := load(ctx, keys)
		byKey := make(map[K]*page.Connection[V], len(lists))
		for i, l := range lists {
			byKey[keys[i]] = l
		}
		return byKey, err
	})
	if err != nil {
		return nil, err
	}
	out := make([]*page.Connection[V], len(objects))
	for i, o := range objects {
		out[i] = made[key(o)]
	}
	return out, nil
}

func edge[T any, K comparable, V any](ctx context.Context, objects []*T, key func(*T) *K, load func(context.Context, []K) ([]*V, error), of func(*V) K) (loaded[K, *V], error) {
	return forKin(ctx, objects, func(all []*T) (found loaded[K, *V], err error) {
		if keys := distinct(all, key); len(keys) > 0 {
			found.rows, err = load(ctx, keys)
		}
		found.byKey = make(map[K][]*V, len(found.rows))
		for _, row := range found.rows {
			found.byKey[of(row)] = append(found.byKey[of(row)], row)
		}
		return found, err
	})
}

func distinct[T any, K comparable](objects []*T, key func(*T) *K) []K {
	keys, seen := make([]K, 0, len(objects)), make(map[K]bool, len(objects))
	for _, o := range objects {
		if k := key(o); k != nil && !seen[*k] {
			seen[*k] = true
			keys = append(keys, *k)
		}
	}
	return keys
}

// orEmpty makes a missing list an empty one: lists of the API are never null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func customerID(c *ent.Customer) publicid.CustomerID { return c.ID }

func contactID(c *ent.Contact) publicid.ContactID { return c.ID }

// contractOf is the contract that an obligation stands in; nil for one that the reader may not see.
func contractOf(o *ent.Obligation) *publicid.ContractID {
	if o == nil {
		return nil
	}
	return o.ContractID
}

func contractID(c *ent.Contract) publicid.ContractID { return c.ID }

func templateID(t *ent.Template) publicid.TemplateID { return t.ID }

func templateOf(v *ent.TemplateVersion) publicid.TemplateID { return v.TemplateID }

func incidentID(i *ent.Incident) publicid.IncidentID { return i.ID }

func departmentID(d *ent.Department) publicid.DepartmentID { return d.ID }

func sum(minor int64, c money.Currency) *money.Money {
	m := money.Of(minor, c)
	return &m
}

// textual is the text of a value, for a field that may be masked and so is nullable.
func textual(v fmt.Stringer) *string {
	text := v.String()
	return &text
}
