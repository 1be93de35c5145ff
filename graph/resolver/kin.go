package resolver

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"heyue/platform/page"
)

// forKin calls load once for all kin of the objects whose field ctx resolves, and gives every one of them what it
// returned. Without kin it calls load with the objects themselves.
func forKin[T, R any](ctx context.Context, objects []*T, load func([]*T) (R, error)) (R, error) {
	all, memo, path := kin[*T](ctx)
	if all == nil {
		return load(objects)
	}
	v, err := memo.Do(path, func() (any, error) { return load(all) })
	if err != nil {
		var none R
		return none, err
	}
	return v.(R), nil
}

// kin finds everything that was loaded together with the object whose field is being resolved: the nodes of its
// connection, or what an edge of theirs has found. The path from the connection to the field, by response keys, names
// the field among all that kin share; the same path always is the same field with the same arguments. There are no kin
// outside of connections.
func kin[P any](ctx context.Context) (all []P, memo *page.Memo, path string) {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Field.Field == nil {
		return nil, nil, ""
	}
	above, direct := []string{}, true
	for at := field.Parent; at != nil; at = at.Parent {
		if c, ok := at.Result.(interface{ Memo() *page.Memo }); ok {
			slices.Reverse(above)
			parent := strings.Join(above, ".")
			if list, ok := c.(*page.Connection[P]); ok && direct {
				all = list.Kin()
			} else if v, ok := c.Memo().Peek(parent); ok {
				if l, ok := v.(interface{ all() []P }); ok {
					all = l.all()
				}
			}
			return all, c.Memo(), parent + "." + field.Field.Alias
		}
		if at.Field.Field == nil { // a position in a list
			continue
		}
		above = append(above, at.Field.Alias)
		direct = direct && slices.Contains([]string{"edges", "node", "nodes"}, at.Field.Name)
	}
	return nil, nil, ""
}
