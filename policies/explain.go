package policies

import (
	"context"
	"slices"
	"strings"

	"heyue/ent"
	"heyue/ent/recordshare"
	"heyue/ent/role"
	"heyue/ent/user"
	"heyue/ent/userrole"
	"heyue/identity"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/policies/share"
	"heyue/tenancy"
)

// Reason says in a word why somebody may or may not do something with a record.
type Reason string

// Reasons, first those to do it.
const (
	ByTenant     Reason = "EVERYTHING"    // their permission reaches every record of the tenant
	ByOwner      Reason = "OWNER"         // the record is their own
	ByDepartment Reason = "DEPARTMENT"    // it belongs to their department
	BySubtree    Reason = "SUBTREE"       // it belongs to a department below theirs
	ByShare      Reason = "SHARED"        // it is shared with them
	NotGranted   Reason = "NOT_GRANTED"   // none of their roles gives the permission
	ByDenial     Reason = "DENIED"        // one of their roles denies it
	OutOfReach   Reason = "OUT_OF_REACH"  // they have the permission, and it does not reach the record
	ByState      Reason = "USER_DISABLED" // they cannot sign in
)

// Values lists the reasons for the API.
func (Reason) Values() []string {
	return []string{
		string(ByTenant), string(ByOwner), string(ByDepartment), string(BySubtree), string(ByShare),
		string(NotGranted), string(ByDenial), string(OutOfReach), string(ByState),
	}
}

// Explanation is why a user may or may not do something with a record, and what decided it.
type Explanation struct {
	UserID     publicid.UserID
	Permission Permission
	Allowed    bool
	Reason     Reason
	Scope      *grant.Scope // how far the permission reaches; nil without it
	Lines      []*Line      // of the user's roles about the permission, by role
	Share      *ent.RecordShare
	Hidden     []string // object.field of the record's kind
	ReadOnly   []string
	Version    int64 // of the tenant's permissions
}

// Line is a role's line about a permission.
type Line struct {
	Role *Role
	RoleLine
	Decides bool // without it the decision would be another, or have another width
}

// Explain says why the caller, or another user, may or may not act on a record (A3). Action is that of a permission on the
// record's kind, such as read, or a whole permission, such as payment:record on a contract. About another user it needs
// role:read and user:read reaching them, and a record that the caller may read. Faults: UNKNOWN_VALUE at action or id,
// NOT_FOUND at userId or id.
func (a *Administration) Explain(ctx context.Context, action string, id publicid.Any, of *publicid.UserID) (*Explanation, error) {
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	about := me.UserID
	if of != nil {
		about = *of
	}
	if about != me.UserID {
		if _, err := a.Engine.Require(ctx, RoleRead); err != nil {
			return nil, err
		}
	}
	u, err := a.person(ctx, about, me.UserID)
	if err != nil {
		return nil, err
	}
	p, err := permissionOn(action, id)
	if err != nil {
		return nil, err
	}
	r, err := a.record(ctx, id)
	if err != nil {
		return nil, err
	}
	if r == nil && about != me.UserID {
		return nil, fault.NoSuch("record that you may read", "id")
	}
	s, err := a.Engine.Current(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := s.For(about)
	if err != nil {
		return nil, err
	}
	if about == me.UserID {
		if grants, err = s.caller(me); err != nil { // a key is told what the key may do
			return nil, err
		}
	}
	x := &Explanation{UserID: about, Permission: p, Version: s.Version}
	k := kinds[id.Prefix]
	x.Hidden, x.ReadOnly = grants.maskedOf(k.object, k.read.Object)
	return x, a.explain(ctx, x, grants, r, u.State == account.Active)
}

// explain decides, and finds what decided.
func (a *Administration) explain(ctx context.Context, x *Explanation, grants *Grants, r *record, active bool) error {
	access, held := grants.Access(x.Permission)
	if held {
		x.Scope = &access.Scope
	}
	if err := a.lines(ctx, x, grants.user, held); err != nil {
		return err
	}
	x.Reason = access.reason(held, r)
	switch {
	case x.Reason == NotGranted && slices.ContainsFunc(x.Lines, func(l *Line) bool { return l.Effect == grant.Deny }):
		x.Reason = ByDenial
	case !active:
		x.Reason = ByState
	case x.Reason == ByShare:
		var err error
		if x.Share, err = a.shareOf(ctx, access, r); err != nil {
			return err
		}
	}
	x.Allowed = x.Reason.allows()
	return nil
}

func (r Reason) allows() bool {
	return slices.Contains([]Reason{ByTenant, ByOwner, ByDepartment, BySubtree, ByShare}, r)
}

// lines are what the user's roles say of the permission.
func (a *Administration) lines(ctx context.Context, x *Explanation, of publicid.UserID, held bool) error {
	roles, err := a.rolesOf(ctx, of)
	if err != nil {
		return err
	}
	if _, err := a.Engine.Require(ctx, RoleRead); err != nil { // to see the lines is one thing, the roles another
		if fault.KindOf(err) != fault.Denied {
			return err
		}
		for i := range roles {
			roles[i] = &Role{Grants: roles[i].Grants}
		}
	}
	for _, r := range roles {
		for _, l := range r.Grants {
			if l.Object != x.Permission.Object || l.Action != x.Permission.Action {
				continue
			}
			decides := l.Effect == grant.Deny
			if held {
				decides = l.InForce && l.Scope == *x.Scope
			}
			line := &Line{nil, l, decides}
			if r.Role != nil {
				line.Role = r
			}
			x.Lines = append(x.Lines, line)
		}
	}
	return nil
}

func (a *Administration) rolesOf(ctx context.Context, of publicid.UserID) ([]*Role, error) {
	has, err := a.Client.UserRole.Query().Where(userrole.UserID(of)).All(ctx)
	if err != nil || len(has) == 0 {
		return nil, tenancy.Fault(err, "read a user's roles")
	}
	ids := make([]publicid.RoleID, len(has))
	for i, m := range has {
		ids[i] = m.RoleID
	}
	return a.roles(ctx, role.IDIn(ids...))
}

// reason is why the decision reaches a record or not; the record is nil when nobody may be told of it.
func (a Access) reason(held bool, r *record) Reason {
	switch {
	case !held:
		return NotGranted
	case r == nil:
		return OutOfReach
	case a.Scope == grant.Tenant:
		return ByTenant
	case r.owner != nil && *r.owner == a.user():
		return ByOwner
	case a.Covers(r.owner, r.department) && a.grants.department != nil && *r.department == *a.grants.department:
		return ByDepartment
	case a.Covers(r.owner, r.department):
		return BySubtree
	case a.covers(r):
		return ByShare
	}
	return OutOfReach
}

// shareOf is the share by which a record is within reach: the user's own before those of departments, one to write first.
func (a *Administration) shareOf(ctx context.Context, access Access, r *record) (*ent.RecordShare, error) {
	q := a.Client.RecordShare.Query().Where(
		recordshare.Or(recordshare.UserID(access.user()), recordshare.DepartmentIDIn(access.grants.above...)))
	if r.customer != nil {
		q.Where(recordshare.CustomerID(*r.customer))
	} else {
		q.Where(recordshare.ContractID(*r.contract))
	}
	if !access.reads {
		q.Where(recordshare.LevelEQ(share.Write))
	}
	rows, err := q.Order(ent.Desc(recordshare.FieldLevel), ent.Asc(recordshare.FieldDepartmentID, recordshare.FieldID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the shares of a record")
	}
	s, err := a.Engine.Current(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.EndsOn == nil || !row.EndsOn.Before(s.rules.Today()) {
			return row, nil
		}
	}
	return nil, nil
}

// person finds the user a question is about among those the caller sees; oneself always.
func (a *Administration) person(ctx context.Context, about, me publicid.UserID) (*ent.User, error) {
	q := a.Client.User.Query().Where(user.ID(about))
	if about != me {
		sees, err := a.Engine.Require(ctx, UserRead)
		if err != nil {
			return nil, err
		}
		q.Where(sees.On(user.FieldID, user.FieldDepartmentID))
	}
	u, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("user", "userId")
	}
	return u, tenancy.Fault(err, "look up a user")
}

// maskedOf lists the fields of objects that the user's roles hide and those they make read-only.
func (g *Grants) maskedOf(objects ...string) (hidden, readOnly []string) {
	for _, m := range g.Masks() {
		if !slices.Contains(objects, m.Field.Object) {
			continue
		}
		if m.Effect == mask.Hide {
			hidden = append(hidden, m.Field.String())
		} else {
			readOnly = append(readOnly, m.Field.String())
		}
	}
	return hidden, readOnly
}

// permissionOn is the permission that an action on a record means.
func permissionOn(action string, id publicid.Any) (Permission, error) {
	kind, ok := kinds[id.Prefix]
	if !ok {
		return Permission{}, fault.New(fault.Invalid, fault.UnknownValue, "access to %s… is not explained; give the id of %s", id.Prefix, explained()).At("id")
	}
	if strings.Contains(action, ":") {
		return ParsePermission(action)
	}
	if p := (Permission{kind.object, action}); Known(p) {
		return p, nil
	}
	return ParsePermission(kind.read.Object + ":" + action) // of what it is part of
}

// ParsePermission reads "object:action". UNKNOWN_VALUE at action for one that the product does not know.
func ParsePermission(text string) (Permission, error) {
	object, action, _ := strings.Cut(text, ":")
	p := Permission{object, action}
	if !Known(p) {
		return p, fault.New(fault.Invalid, fault.UnknownValue, "there is no permission %.80q", text).At("action")
	}
	return p, nil
}
