package policies

import (
	"context"

	"heyue/identity"
	"heyue/policies/grant"
)

// caller is what a caller may do: all that the user may, or what of it their key is for. A key's lines never change, so
// what they come to is kept as long as the snapshot, or until a share of the user's has ended.
func (s *Snapshot) caller(c identity.Caller) (*Grants, error) {
	g, err := s.For(c.UserID)
	if err != nil || c.Key == nil {
		return g, err
	}
	if narrowed, ok := s.keys.Load(c.Key.ID); ok && narrowed.(*Grants).shared == g.shared {
		return narrowed.(*Grants), nil
	}
	narrowed := g.narrowed(c.Key.Lines)
	s.keys.Store(c.Key.ID, narrowed)
	return narrowed, nil
}

// narrowed is what of g lies within lines: of each permission the narrower scope, and none that is in only one of the two.
// What keeps the user from fields keeps their key from them; what is shared with the user is shared with their key.
func (g *Grants) narrowed(lines []grant.Line) *Grants {
	scopes := make(map[Permission]grant.Scope, len(lines))
	for _, l := range lines {
		p := Permission{l.Object, l.Action}
		held, ok := g.scopes[p]
		if !ok || l.Scope.Rank() == 0 {
			continue
		}
		if l.Scope.Rank() < held.Rank() {
			held = l.Scope
		}
		if held.Rank() > scopes[p].Rank() {
			scopes[p] = held
		}
	}
	out := *g
	out.scopes = scopes
	return &out
}

// Now returns everything that the caller may do at this moment: Caller for what lasts longer than the look at the session
// that it began with. It asks the database for the current version, unless the
// decision was pinned.
func (e *Engine) Now(ctx context.Context) (*Grants, error) {
	c, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	if g, ok := pinned(ctx, c); ok {
		return g, nil
	}
	s, err := e.Current(ctx)
	if err != nil {
		return nil, err
	}
	return s.caller(c)
}
