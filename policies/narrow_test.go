package policies

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// TestAKeyHoldsWhatBothHold: of every permission the narrower of the two scopes, and nothing that one of the two lacks;
// what keeps the user from fields stays.
func TestAKeyHoldsWhatBothHold(t *testing.T) {
	t.Parallel()
	scopes := rapid.SampledFrom(append(grant.Scope("").Values(), ""))
	rapid.Check(t, func(t *rapid.T) {
		user := &Grants{user: publicid.NewUserID(), scopes: map[Permission]grant.Scope{}, masks: masks{"contract.amount": "HIDE"}}
		var lines []grant.Line
		key := map[Permission]grant.Scope{}
		for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom(All()), 0, 8, rapid.ID).Draw(t, "permissions") {
			if held := grant.Scope(scopes.Draw(t, "the user's scope")); held != "" {
				user.scopes[p] = held
			}
			if said := grant.Scope(scopes.Draw(t, "the key's scope")); said != "" {
				lines = append(lines, grant.Line{Object: p.Object, Action: p.Action, Scope: said})
				key[p] = said
			}
		}
		narrowed := user.narrowed(lines)
		for _, p := range All() {
			want := user.scopes[p]
			if key[p].Rank() < want.Rank() {
				want = key[p]
			}
			if got := narrowed.scopes[p]; got != want {
				t.Fatalf("%s: the user's %q and the key's %q make %q, want %q", p, user.scopes[p], key[p], got, want)
			}
		}
		if len(narrowed.Lacking(user.Scopes(), nil)) < len(user.scopes)-len(narrowed.scopes) || !narrowed.Masked() || narrowed.user != user.user {
			t.Fatal("a key frees what its user is kept from")
		}
	})
}
