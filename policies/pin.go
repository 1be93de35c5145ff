package policies

import (
	"context"

	"heyue/identity"
	"heyue/tenancy"
)

type pinKey struct{}

// pin is a decision that was made about a caller.
type pin struct {
	caller identity.Caller
	grants *Grants
}

// Pin returns a context in which c is the caller and may do what g says, whatever has been decided since. It is for work that
// is done once for several callers, of whom each has been looked at by the same version; who does it sees to that, and asks
// anew for each piece of work.
func Pin(ctx context.Context, c identity.Caller, g *Grants) context.Context {
	return context.WithValue(identity.With(tenancy.With(ctx, c.TenantID), c), pinKey{}, pin{c, g})
}

// pinned is the decision of a context about its caller.
func pinned(ctx context.Context, c identity.Caller) (*Grants, bool) {
	p, ok := ctx.Value(pinKey{}).(pin)
	if !ok || p.caller.TenantID != c.TenantID || p.caller.SessionID != c.SessionID || p.caller.UserID != c.UserID {
		return nil, false
	}
	if id, ok := tenancy.From(ctx); !ok || id != c.TenantID {
		return nil, false
	}
	return p.grants, true
}
