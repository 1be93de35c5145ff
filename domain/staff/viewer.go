package staff

import (
	"context"

	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Viewer is a caller as they see themselves: interfaces show by it what somebody can do.
type Viewer struct {
	User        *ent.User
	Permissions []Permission // in the order of policies.All
}

// Permission is something a user may do and how far it reaches.
type Permission struct {
	Name  string // object:action
	Scope grant.Scope
}

// Viewer returns the caller; nil when nobody is signed in. Everybody may see themselves.
func (s *Users) Viewer(ctx context.Context) (*Viewer, error) {
	c, ok := identity.Signed(ctx)
	if !ok {
		return nil, nil
	}
	u, err := s.Client.User.Query().Where(user.ID(c.UserID)).Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "look up the caller")
	}
	grants, err := s.Policies.Caller(ctx)
	if err != nil {
		return nil, err
	}
	v := &Viewer{User: u}
	for _, p := range policies.All() {
		if a, ok := grants.Access(p); ok {
			v.Permissions = append(v.Permissions, Permission{p.String(), a.Scope})
		}
	}
	return v, nil
}
