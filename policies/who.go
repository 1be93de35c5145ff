package policies

import (
	"context"

	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// MaxHolders is how many users one answer about permissions names.
const MaxHolders = 500

// Holders are those who may do something; Total counts those that were left out, too.
type Holders struct {
	Permission Permission
	Total      int
	Nodes      []*Holder
	Version    int64 // of the tenant's permissions
}

// Holder is one of them: how far the permission reaches, and why it reaches the record where one was named.
type Holder struct {
	UserID publicid.UserID
	Scope  grant.Scope
	Reason *Reason
}

// Who lists by name the active users who hold a permission, or those whom it lets act on a record (A3): at most first of
// them. Action is as of Explain; without a record it is a whole permission. Needs role:read; it names those whom user:read
// reaches. The record must be one that the caller may read. Faults: UNKNOWN_VALUE at action or id, NOT_FOUND at id,
// OUT_OF_RANGE at first.
func (a *Administration) Who(ctx context.Context, action string, id *publicid.Any, first int) (*Holders, error) {
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
		return nil, err
	}
	sees, err := a.Engine.Require(ctx, UserRead)
	if err != nil {
		return nil, err
	}
	if first < 1 || first > MaxHolders {
		return nil, fault.New(fault.Invalid, fault.OutOfRange, "first is between 1 and %d", MaxHolders).At("first")
	}
	p, r, err := a.asked(ctx, action, id)
	if err != nil {
		return nil, err
	}
	s, err := a.Engine.Current(ctx)
	if err != nil {
		return nil, err
	}
	users, err := a.Client.User.Query().Where(user.StateEQ(account.Active), sees.On(user.FieldID, user.FieldDepartmentID)).
		Order(ent.Asc(user.FieldName, user.FieldID)).IDs(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "list users")
	}
	out := &Holders{Permission: p, Version: s.Version, Nodes: []*Holder{}}
	for _, u := range users {
		h, err := s.holder(u, p, r)
		if err != nil {
			return nil, err
		}
		if h == nil {
			continue
		}
		if out.Total++; len(out.Nodes) < first {
			out.Nodes = append(out.Nodes, h)
		}
	}
	return out, nil
}

// asked is the permission of a question, and the record where it is about one.
func (a *Administration) asked(ctx context.Context, action string, id *publicid.Any) (Permission, *record, error) {
	if id == nil {
		p, err := ParsePermission(action)
		return p, nil, err
	}
	p, err := permissionOn(action, *id)
	if err != nil {
		return p, nil, err
	}
	r, err := a.record(ctx, *id)
	if err == nil && r == nil {
		err = fault.NoSuch("record that you may read", "id")
	}
	return p, r, err
}

// holder says how a user holds p; nil when they do not, or not for r.
func (s *Snapshot) holder(u publicid.UserID, p Permission, r *record) (*Holder, error) {
	grants, err := s.For(u)
	if err != nil {
		return nil, err
	}
	access, held := grants.Access(p)
	if !held {
		return nil, nil
	}
	h := &Holder{UserID: u, Scope: access.Scope}
	if r == nil {
		return h, nil
	}
	why := access.reason(held, r)
	if !why.allows() {
		return nil, nil
	}
	h.Reason = &why
	return h, nil
}
