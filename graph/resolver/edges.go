package resolver

import (
	"context"

	"heyue/ent"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Edges of lists are resolved for all siblings at once, so that a page with its edges costs one query an edge and not
// one a row.

// one finds the target of each key among what load gives for the distinct keys. A nil key, and a target that the caller
// may not see, is nil.
func one[K comparable, V any](ctx context.Context, keys []*K, load func(context.Context, []K) ([]*V, error), id func(*V) K) ([]*V, error) {
	distinct := make([]K, 0, len(keys))
	found := make(map[K]*V, len(keys))
	for _, k := range keys {
		if k == nil {
			continue
		}
		if _, ok := found[*k]; !ok {
			found[*k] = nil
			distinct = append(distinct, *k)
		}
	}
	if len(distinct) > 0 {
		rows, err := load(ctx, distinct)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			found[id(row)] = row
		}
	}
	out := make([]*V, len(keys))
	for i, k := range keys {
		if k != nil {
			out[i] = found[*k]
		}
	}
	return out, nil
}

// many finds the children of each parent, in the order that load gives them.
func many[K comparable, V any](ctx context.Context, parents []K, load func(context.Context, []K) ([]*V, error), parent func(*V) K) ([][]*V, error) {
	rows, err := load(ctx, parents)
	if err != nil {
		return nil, err
	}
	children := make(map[K][]*V, len(parents))
	for _, row := range rows {
		children[parent(row)] = append(children[parent(row)], row)
	}
	out := make([][]*V, len(parents))
	for i, p := range parents {
		out[i] = children[p]
		if out[i] == nil {
			out[i] = []*V{}
		}
	}
	return out, nil
}

// pluck reads one value of each object.
func pluck[T, V any](objects []*T, value func(*T) V) []V {
	out := make([]V, len(objects))
	for i, o := range objects {
		out[i] = value(o)
	}
	return out
}

func contractID(c *ent.Contract) publicid.ContractID { return c.ID }

func sum(minor int64, c money.Currency) *money.Money {
	m := money.Of(minor, c)
	return &m
}
