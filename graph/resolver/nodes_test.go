package resolver_test

import (
	"slices"
	"testing"

	"heyue/platform/publicid"
)

// TestNodesHaveALimit holds nodes(ids:) to what docs/api.md says.
func TestNodesHaveALimit(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ctx := a.Tenant(t, "acme").Admin
	for n, want := range map[int][]string{100: {}, 101: {"nodes BAD_REQUEST"}} {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = publicid.NewCustomerID().String()
		}
		if codes := a.ask(t, ctx, nil, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids}); !slices.Equal(codes, want) {
			t.Errorf("%d ids got %v, want %v", n, codes, want)
		}
	}
}
