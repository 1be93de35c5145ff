package policies

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"heyue/identity"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Class names what the grants come to: of two callers of one tenant with equal classes, one may read and do exactly what the
// other may, and is kept from the same fields. Who has anything that depends on who they are, because it reaches less far than
// the tenant, is of a class of their own, and so is who is lent a record.
func (g *Grants) Class() string {
	var b strings.Builder
	personal := g.shared != nil
	for _, p := range slices.SortedFunc(maps.Keys(g.scopes), func(a, b Permission) int { return strings.Compare(a.String(), b.String()) }) {
		fmt.Fprintf(&b, "%q %q %q\n", p.Object, p.Action, g.scopes[p])
		personal = personal || g.scopes[p] != grant.Tenant
	}
	for _, m := range g.Masks() {
		fmt.Fprintf(&b, "%q %q\n", m.Field.String(), m.Effect)
	}
	if personal {
		b.WriteString(g.user.String())
	}
	sum := sha256.Sum256([]byte(b.String()))
	return string(sum[:])
}

// dayBits is the room that a day takes in the number that Rules makes.
const dayBits = 20

// Rules is a number that grows whenever callers of the context's tenant may come to be allowed more or less: with the version
// of the permissions, and with the tenant's day, since shares end.
func (e *Engine) Rules(ctx context.Context) (int64, error) {
	s, err := e.Current(ctx)
	if err != nil {
		return 0, err
	}
	return s.Version<<dayBits | s.rules.Today().UTC().Unix()/secondsADay, nil
}

const secondsADay = 24 * 60 * 60

// By returns what the caller may do by rules of a number that Rules gave, or newer ones.
func (e *Engine) By(ctx context.Context, rules int64) (*Grants, error) {
	c, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	if id, ok := tenancy.From(ctx); !ok || id != c.TenantID {
		return nil, tenancy.ErrOtherTenant
	}
	s, err := e.at(ctx, c.TenantID, rules>>dayBits)
	if err != nil {
		return nil, err
	}
	return s.caller(c)
}
