package staff_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"heyue/domain/staff"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/identity/account"
	"heyue/identity/password"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tests/fixture"
)

func draft(email string) staff.UserDraft {
	return staff.UserDraft{Email: email, UserDetails: staff.UserDetails{Name: ptr("李伟")}}
}

func TestUserCreate(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := draft(" Li.Wei@Example.com ")
	d.Password, d.DepartmentID, d.RoleIDs = ptr("correct horse battery"), &w.acme.Root, []publicid.RoleID{w.acme.Roles["sales"], w.acme.Roles["finance"]}
	before := w.version(t)
	u := done[*ent.User](t)(w.users.Create(w.admin(t), d))
	if u.Email != "li.wei@example.com" || u.Locale != "zh-CN" || u.State != account.Active || *u.DepartmentID != w.acme.Root {
		t.Errorf("made %+v", u)
	}
	if ok, err := cheap().Verify(t.Context(), u.PasswordHash, *d.Password); err != nil || !ok {
		t.Errorf("the password does not fit its hash: %v", err)
	}
	held := done[*policies.Grants](t)(w.Policies.Of(w.acme.Ctx, u.ID)).Scopes()
	if held[policies.CustomerRead] != grant.Tenant || held[policies.ContractCreate] != grant.Own || w.version(t) <= before {
		t.Errorf("the roles give %v", held)
	}
	entries, err := w.Client.AuditEntry.Query().Where(auditentry.ObjectID(u.ID.UUID())).All(w.acme.Ctx)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d audit entries, %v; want the user and two roles", len(entries), err)
	}
	for _, e := range entries {
		if strings.Contains(string(e.Changes), "argon2") {
			t.Errorf("the audit shows the password's hash: %s", e.Changes)
		}
	}
}

func TestUserCreateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	done[*ent.User](t)(w.users.Create(w.admin(t), draft("li@example.com")))
	archived := w.department(t, "OLD", nil)
	done[*ent.Department](t)(w.departments.Archive(w.admin(t), staff.DepartmentTarget{ID: archived.ID, ExpectedVersion: 1}))
	w.role(t, "hr", map[policies.Permission]grant.Scope{policies.UserCreate: grant.Subtree})
	hr := w.User(t, w.acme, "hr", w.department(t, "NORTH", nil).ID)
	tests := map[string]struct {
		ctx   context.Context
		edit  func(*staff.UserDraft)
		code  fault.Code
		field string
	}{
		"an address that is taken":   {nil, func(d *staff.UserDraft) { d.Email = "LI@Example.com" }, fault.Duplicate, "email"},
		"no address":                 {nil, func(d *staff.UserDraft) { d.Email = "" }, fault.Required, "email"},
		"no name":                    {nil, func(d *staff.UserDraft) { d.Name = nil }, fault.Required, "name"},
		"an empty name":              {nil, func(d *staff.UserDraft) { d.Name = ptr(" ") }, fault.Required, "name"},
		"a long phone":               {nil, func(d *staff.UserDraft) { d.Phone = ptr(strings.Repeat("1", 41)) }, fault.TooLong, "phone"},
		"a long title":               {nil, func(d *staff.UserDraft) { d.Title = ptr(strings.Repeat("工", 101)) }, fault.TooLong, "title"},
		"an unknown language":        {nil, func(d *staff.UserDraft) { d.Locale = ptr("tlh") }, fault.UnknownValue, "locale"},
		"a weak password":            {nil, func(d *staff.UserDraft) { d.Password = ptr("password") }, fault.NotAllowed, "password"},
		"their address as password":  {nil, func(d *staff.UserDraft) { d.Email, d.Password = "zhang.sanfeng@example.com", ptr("zhang.sanfeng1") }, fault.NotAllowed, "password"},
		"a role twice":               {nil, func(d *staff.UserDraft) { d.RoleIDs = slices.Repeat([]publicid.RoleID{w.acme.Roles["sales"]}, 2) }, fault.Duplicate, "roleIds.1"},
		"no such role":               {nil, func(d *staff.UserDraft) { d.RoleIDs = []publicid.RoleID{w.acme.Roles["sales"], publicid.NewRoleID()} }, fault.Missing, "roleIds.1"},
		"no such department":         {nil, func(d *staff.UserDraft) { d.DepartmentID = ptr(publicid.NewDepartmentID()) }, fault.Missing, "departmentId"},
		"an archived department":     {nil, func(d *staff.UserDraft) { d.DepartmentID = &archived.ID }, fault.WrongState, "departmentId"},
		"a department out of reach":  {hr, func(d *staff.UserDraft) { d.DepartmentID = &w.acme.Root }, fault.NotAllowed, "departmentId"},
		"no department within reach": {hr, func(*staff.UserDraft) {}, fault.NotAllowed, "departmentId"},
		"no permission":              {w.User(t, w.acme, "sales"), func(*staff.UserDraft) {}, fault.CodeForbidden, ""},
		"nobody":                     {w.acme.Ctx, func(*staff.UserDraft) {}, fault.CodeUnauthenticated, ""},
		"roles without role:update": {hr, func(d *staff.UserDraft) {
			d.DepartmentID = home(t, w, hr)
			d.RoleIDs = []publicid.RoleID{w.acme.Roles["sales"]}
		}, fault.CodeForbidden, ""},
	}
	for name, tt := range tests {
		d := draft("new@example.com")
		tt.edit(&d)
		if tt.ctx == nil {
			tt.ctx = w.admin(t)
		}
		_, err := w.users.Create(tt.ctx, d)
		want(t, name, err, tt.code, tt.field)
	}
	w.users.Limit = done[int](t)(w.Client.User.Query().Count(w.acme.Ctx))
	_, err := w.users.Create(w.admin(t), draft("new@example.com"))
	want(t, "a user too many", err, fault.LimitReached, "")
	w.users.Limit = staff.DefaultUserLimit
	globex := w.Tenant(t, "globex")
	if _, err := w.users.Create(globex.Admin, draft("li@example.com")); err != nil {
		t.Errorf("the same address in another tenant: %v", err)
	}
	if len(fault.All(staff.UserDraft{}.Validate(password.DefaultPolicy()))) != 2 {
		t.Error("an empty draft lacks an address and a name")
	}
}

func home(t *testing.T, w world, ctx context.Context) *publicid.DepartmentID {
	t.Helper()
	return done[*ent.User](t)(w.Client.User.Get(ctx, fixture.Caller(t, ctx).UserID)).DepartmentID
}

func TestUserUpdate(t *testing.T) {
	t.Parallel()
	w := open(t)
	north := w.department(t, "NORTH", nil)
	d := draft("li@example.com")
	d.Phone, d.Title = ptr("1"), ptr("工程师")
	u := done[*ent.User](t)(w.users.Create(w.admin(t), d))
	version := w.version(t)
	update := func(ch staff.UserChange) (*ent.User, error) { return w.users.Update(w.admin(t), ch) }
	now := done[*ent.User](t)(update(staff.UserChange{ID: u.ID, ExpectedVersion: 1, UserDetails: staff.UserDetails{Phone: ptr(""), Locale: ptr("en")}}))
	if now.Phone != "" || now.Title != "工程师" || now.Locale != "en" || now.Name != u.Name || now.Version != 2 || w.version(t) != version {
		t.Errorf("changed to %+v at version %d of %d", now, w.version(t), version)
	}
	now = done[*ent.User](t)(update(staff.UserChange{ID: u.ID, ExpectedVersion: 2, UserDetails: staff.UserDetails{DepartmentID: &north.ID}}))
	if *now.DepartmentID != north.ID || w.version(t) != version+1 {
		t.Errorf("moved to %v at version %d of %d", now.DepartmentID, w.version(t), version)
	}
	now = done[*ent.User](t)(update(staff.UserChange{ID: u.ID, ExpectedVersion: 3, Clear: []staff.UserClearable{staff.ClearDepartment}}))
	if now.DepartmentID != nil {
		t.Errorf("cleared to %v", now.DepartmentID)
	}
	stale, err := update(staff.UserChange{ID: u.ID, ExpectedVersion: 1})
	want(t, "an old version", err, fault.VersionConflict, "expectedVersion")
	if stale == nil || stale.Version != 4 {
		t.Errorf("the conflict shows %+v", stale)
	}
	_, err = update(staff.UserChange{ID: u.ID, ExpectedVersion: 4, Clear: []staff.UserClearable{staff.ClearDepartment}, UserDetails: staff.UserDetails{DepartmentID: &north.ID}})
	want(t, "set and cleared", err, fault.Inconsistent, "clear")
	_, err = update(staff.UserChange{ID: publicid.NewUserID(), ExpectedVersion: 1})
	want(t, "no such user", err, fault.Missing, "id")
	_, err = w.users.Update(w.Tenant(t, "globex").Admin, staff.UserChange{ID: u.ID, ExpectedVersion: 4})
	want(t, "another tenant's user", err, fault.Missing, "id")
}

// TestNobodyBorrowsRights (A3): neither by a department, nor by a password, nor by an account that was switched off.
func TestNobodyBorrowsRights(t *testing.T) {
	t.Parallel()
	w := open(t)
	north, south := w.department(t, "NORTH", nil), w.department(t, "SOUTH", nil)
	w.role(t, "hr", map[policies.Permission]grant.Scope{policies.UserUpdate: grant.Tenant, policies.CustomerRead: grant.Subtree})
	w.role(t, "regional", map[policies.Permission]grant.Scope{policies.UserUpdate: grant.Subtree})
	w.role(t, "plain", map[policies.Permission]grant.Scope{policies.CustomerRead: grant.Own})
	hr, regional := w.User(t, w.acme, "hr", north.ID), w.User(t, w.acme, "regional", north.ID)
	me, admin := fixture.Caller(t, hr).UserID, fixture.Caller(t, w.acme.Admin).UserID
	plain := fixture.Caller(t, w.User(t, w.acme, "plain", north.ID)).UserID
	to := func(id publicid.UserID, d publicid.DepartmentID) error {
		_, err := w.users.Update(w.Next(t, hr), staff.UserChange{ID: id, ExpectedVersion: 1, UserDetails: staff.UserDetails{DepartmentID: &d}})
		return err
	}
	want(t, "moving oneself to where one sees more", to(me, south.ID), fault.NotAllowed, "departmentId")
	want(t, "moving somebody mightier", to(admin, north.ID), fault.NotAllowed, "departmentId")
	if err := to(plain, south.ID); err != nil {
		t.Errorf("moving somebody whose rights do not grow: %v", err)
	}
	word := "correct horse battery"
	_, err := w.users.SetPassword(w.Next(t, hr), staff.PasswordChange{ID: admin, ExpectedVersion: 1, Password: word})
	want(t, "the password of somebody mightier", err, fault.NotAllowed, "id")
	if _, err := w.users.SetPassword(w.Next(t, hr), staff.PasswordChange{ID: plain, ExpectedVersion: 2, Password: word}); err != nil {
		t.Errorf("the password of somebody with less: %v", err)
	}
	second := fixture.Caller(t, w.User(t, w.acme, policies.Admin)).UserID
	done[*ent.User](t)(w.users.Disable(w.Next(t, hr), staff.UserTarget{ID: second, ExpectedVersion: 1}))
	_, err = w.users.Enable(w.Next(t, hr), staff.UserTarget{ID: second, ExpectedVersion: 2})
	want(t, "giving an administrator back", err, fault.NotAllowed, "id")
	_, err = w.users.Update(w.Next(t, regional), staff.UserChange{ID: plain, ExpectedVersion: 3})
	want(t, "a user of a department out of reach", err, fault.Missing, "id")
	_, err = w.users.SetPassword(w.Next(t, regional), staff.PasswordChange{ID: plain, ExpectedVersion: 3, Password: word})
	want(t, "their password", err, fault.Missing, "id")
	_, err = w.users.Update(w.Next(t, regional), staff.UserChange{ID: me, ExpectedVersion: 1, UserDetails: staff.UserDetails{DepartmentID: &south.ID}})
	want(t, "moving a user out of one's own reach", err, fault.NotAllowed, "departmentId")
}

func TestDisableAndEnable(t *testing.T) {
	t.Parallel()
	w := open(t)
	u := done[*ent.User](t)(w.users.Create(w.admin(t), draft("li@example.com")))
	at := func(v int) staff.UserTarget { return staff.UserTarget{ID: u.ID, ExpectedVersion: v} }
	_, err := w.users.Enable(w.admin(t), at(1))
	want(t, "enabling an active user", err, fault.WrongState, "id")
	now := done[*ent.User](t)(w.users.Disable(w.admin(t), at(1)))
	if now.State != account.Disabled || !w.revoked.has(u.ID, staff.ReasonDisabled) || w.audited(t, u.ID, "disable") != 1 {
		t.Errorf("disabled %+v, sessions %v", now, w.revoked.all)
	}
	_, err = w.users.Disable(w.admin(t), at(2))
	want(t, "twice", err, fault.WrongState, "id")
	if now = done[*ent.User](t)(w.users.Enable(w.admin(t), at(2))); now.State != account.Active {
		t.Errorf("enabled %+v", now)
	}
	last := staff.UserTarget{ID: fixture.Caller(t, w.acme.Admin).UserID, ExpectedVersion: 1}
	_, err = w.users.Disable(w.admin(t), last)
	want(t, "the last administrator", err, fault.NotAllowed, "")
	if fault.KindOf(err) != fault.State {
		t.Errorf("the last administrator: %v", fault.KindOf(err))
	}
	w.User(t, w.acme, policies.Admin)
	if _, err := w.users.Disable(w.admin(t), last); err != nil {
		t.Errorf("one of two administrators: %v", err)
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	w := open(t)
	u := done[*ent.User](t)(w.users.Create(w.admin(t), draft("li.wei.long@example.com")))
	set := func(v int, word string) (*ent.User, error) {
		return w.users.SetPassword(w.admin(t), staff.PasswordChange{ID: u.ID, ExpectedVersion: v, Password: word})
	}
	now := done[*ent.User](t)(set(1, "correct horse battery"))
	if ok, err := cheap().Verify(t.Context(), now.PasswordHash, "correct horse battery"); err != nil || !ok {
		t.Errorf("the password does not fit its hash: %v", err)
	}
	if !w.revoked.has(u.ID, staff.ReasonPassword) || w.audited(t, u.ID, "set_password") != 1 {
		t.Errorf("sessions %v", w.revoked.all)
	}
	_, err := set(2, "short")
	want(t, "a short one", err, fault.TooShort, "password")
	_, err = set(2, "li.wei.long12")
	want(t, "their own address", err, fault.NotAllowed, "password")
	_, err = set(1, "another horse battery")
	want(t, "an old version", err, fault.VersionConflict, "expectedVersion")
}

func TestUserReads(t *testing.T) {
	t.Parallel()
	w := open(t)
	north := w.department(t, "NORTH", nil)
	byName := map[string]publicid.UserID{}
	for _, name := range []string{"Chen", "Bai", "An"} {
		d := draft(name + "@north.example")
		d.Name, d.DepartmentID = &name, &north.ID
		byName[name] = done[*ent.User](t)(w.users.Create(w.admin(t), d)).ID
	}
	done[*ent.User](t)(w.users.Disable(w.admin(t), staff.UserTarget{ID: byName["Bai"], ExpectedVersion: 1}))
	list := func(ctx context.Context, f *staff.UserFilter, sort ...*listing.Sort) (names []string) {
		t.Helper()
		for _, u := range done[*staff.UserList](t)(w.users.List(ctx, page.Args{}, f, sort)).Nodes() {
			names = append(names, u.Name)
		}
		return names
	}
	filters := map[string]struct {
		filter *staff.UserFilter
		want   []string
	}{
		"a name":       {&staff.UserFilter{Name: &listing.Text{StartsWith: ptr("ch")}}, []string{"Chen"}},
		"an address":   {&staff.UserFilter{Email: &listing.Text{Contains: ptr("@north.")}}, []string{"An", "Bai", "Chen"}},
		"a department": {&staff.UserFilter{DepartmentID: []publicid.DepartmentID{north.ID}}, []string{"An", "Bai", "Chen"}},
		"a state":      {&staff.UserFilter{State: []account.State{account.Disabled}}, []string{"Bai"}},
		"two of them":  {&staff.UserFilter{Or: []*staff.UserFilter{{Name: &listing.Text{Eq: ptr("An")}}, {Name: &listing.Text{Eq: ptr("Chen")}}}}, []string{"An", "Chen"}},
	}
	for name, tt := range filters {
		if got := list(w.admin(t), tt.filter); !slices.Equal(got, tt.want) {
			t.Errorf("by %s: %v, want %v", name, got, tt.want)
		}
	}
	here := &staff.UserFilter{DepartmentID: []publicid.DepartmentID{north.ID}}
	for field, want := range map[listing.Field][]string{"NAME": {"Chen", "Bai", "An"}, "EMAIL": {"Chen", "Bai", "An"}, "CREATED_AT": {"An", "Bai", "Chen"}} {
		if got := list(w.admin(t), here, &listing.Sort{Field: field, Direction: listing.Desc}); !slices.Equal(got, want) {
			t.Errorf("%s downwards: %v, want %v", field, got, want)
		}
	}
	for _, field := range []listing.Field{"NAME", "EMAIL", "CREATED_AT"} {
		if got := pages(t, w, here, field); len(got) != 3 || got[0] == got[1] || got[1] == got[2] {
			t.Errorf("page by page by %s: %v", field, got)
		}
	}
	foreign := fixture.Caller(t, w.Tenant(t, "globex").Admin).UserID
	if got := done[[]*ent.User](t)(w.users.ByIDs(w.admin(t), []publicid.UserID{byName["An"], byName["Bai"], foreign})); len(got) != 2 {
		t.Errorf("three ids, one of another tenant, give %d users", len(got))
	}
	if u := done[*ent.User](t)(w.users.Lookup(w.admin(t), foreign)); u != nil {
		t.Errorf("another tenant's: %v", u)
	}
}

// pages walks through a list one user at a time.
func pages(t *testing.T, w world, f *staff.UserFilter, field listing.Field) (names []string) {
	t.Helper()
	args := page.Args{First: ptr(1)}
	for {
		l := done[*staff.UserList](t)(w.users.List(w.admin(t), args, f, []*listing.Sort{{Field: field, Direction: listing.Asc}}))
		for _, u := range l.Nodes() {
			names = append(names, u.Name)
		}
		if !l.PageInfo.HasNextPage || len(names) > 10 {
			return names
		}
		args.After = l.PageInfo.EndCursor
	}
}

// TestUserReadHasReach: a narrow user:read shows oneself and one's department, in lists and lookups alike.
func TestUserReadHasReach(t *testing.T) {
	t.Parallel()
	w := open(t)
	north := w.department(t, "NORTH", nil)
	want := map[grant.Scope]int{grant.Own: 1, grant.Department: 5, grant.Subtree: 5, grant.Tenant: 7}
	readers := map[grant.Scope]context.Context{}
	for scope := range want {
		w.role(t, string(scope), map[policies.Permission]grant.Scope{policies.UserRead: scope})
		readers[scope] = w.User(t, w.acme, string(scope), north.ID) //nolint:fatcontext // a caller each, none inside another
	}
	w.User(t, w.acme, "sales", north.ID)
	w.User(t, w.acme, "sales")
	all := done[[]*ent.User](t)(w.Client.User.Query().All(w.acme.Ctx))
	for scope, n := range want {
		ctx := w.Next(t, readers[scope])
		l := done[*staff.UserList](t)(w.users.List(ctx, page.Args{}, nil, nil))
		found := 0
		for _, u := range all {
			if done[*ent.User](t)(w.users.Lookup(ctx, u.ID)) != nil {
				found++
			}
		}
		if total := done[int](t)(l.TotalCount(ctx)); len(l.Nodes()) != n || found != n || total != n {
			t.Errorf("%s: %d listed, %d counted, %d found; want %d", scope, len(l.Nodes()), total, found, n)
		}
	}
	w.role(t, "blind", map[policies.Permission]grant.Scope{policies.CustomerRead: grant.Own})
	if got, err := w.users.ByIDs(w.User(t, w.acme, "blind"), []publicid.UserID{all[0].ID}); err != nil || len(got) != 0 {
		t.Errorf("without the permission: %v, %v", got, err)
	}
}

func TestSeedAdmin(t *testing.T) {
	t.Parallel()
	w := open(t)
	first := staff.FirstUser{Email: "Boss@Example.com", Name: " 老板 ", Password: "correct horse battery", Locale: "zh-CN"}
	if err := first.Validate(password.DefaultPolicy()); err != nil {
		t.Fatal(err)
	}
	hash := done[string](t)(cheap().Hash(t.Context(), first.Password))
	var u *ent.User
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) (err error) {
		u, err = staff.SeedAdmin(w.acme.Ctx, tx, first, hash, w.acme.Roles[policies.Admin])
		return err
	})
	if u.Email != "boss@example.com" || u.Name != "老板" {
		t.Errorf("made %+v", u)
	}
	if got := done[*policies.Grants](t)(w.Policies.Of(w.acme.Ctx, u.ID)).Scopes(); len(got) != len(policies.All()) {
		t.Errorf("the administrator has %d of %d permissions", len(got), len(policies.All()))
	}
	if faults := fault.All(staff.FirstUser{}.Validate(password.DefaultPolicy())); len(faults) != 4 {
		t.Errorf("an empty first user has the faults %v", faults)
	}
}

// TestLastLoginsAreForThoseWhoAdminister, and for everybody about themselves.
func TestLastLoginsAreForThoseWhoAdminister(t *testing.T) {
	t.Parallel()
	w := open(t)
	north, south := w.department(t, "NORTH", nil), w.department(t, "SOUTH", nil)
	w.role(t, "lead", map[policies.Permission]grant.Scope{policies.UserRead: grant.Tenant, policies.UserUpdate: grant.Department})
	seller, lead := w.User(t, w.acme, "sales", south.ID), w.User(t, w.acme, "lead", north.ID)
	w.User(t, w.acme, "finance", north.ID)
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error { return tx.User.Update().SetLastLoginAt(fixture.Start()).Exec(w.acme.Ctx) })
	all := w.Client.User.Query().AllX(w.acme.Ctx)
	for name, c := range map[string]struct {
		ctx  context.Context
		want func(u *ent.User) bool
	}{
		"an administrator": {w.admin(t), func(*ent.User) bool { return true }},
		"a colleague":      {w.Next(t, seller), func(u *ent.User) bool { return u.ID == fixture.Caller(t, seller).UserID }},
		"a lead":           {w.Next(t, lead), func(u *ent.User) bool { return u.DepartmentID != nil && *u.DepartmentID == north.ID }},
		"nobody":           {w.acme.Ctx, func(*ent.User) bool { return false }},
	} {
		for i, at := range done[[]*time.Time](t)(w.users.LastLogins(c.ctx, all)) {
			if (at != nil) != c.want(all[i]) {
				t.Errorf("%s sees of %s: %v", name, all[i].Name, at)
			}
		}
	}
}

// TestUsersOfARole: who may read roles filters by them, others are told that they may not.
func TestUsersOfARole(t *testing.T) {
	t.Parallel()
	w := open(t)
	globex := w.Tenant(t, "globex")
	seller, manager := w.User(t, w.acme, "sales"), w.User(t, w.acme, "manager")
	of := func(roles ...publicid.RoleID) *staff.UserFilter {
		return &staff.UserFilter{Role: &staff.RoleFilter{RoleID: roles}}
	}
	list := done[*staff.UserList](t)(w.users.List(w.Next(t, manager), page.Args{}, of(w.acme.Roles["sales"], globex.Roles["admin"]), nil))
	if n := list.Nodes(); len(n) != 1 || n[0].ID != fixture.Caller(t, seller).UserID {
		t.Errorf("found %v", n)
	}
	if n := done[*staff.UserList](t)(w.users.List(w.Next(t, manager), page.Args{}, of([]publicid.RoleID{}...), nil)).Nodes(); len(n) != 0 {
		t.Errorf("of no role: %v", n)
	}
	if _, err := w.users.List(w.Next(t, seller), page.Args{}, of(w.acme.Roles["sales"]), nil); fault.KindOf(err) != fault.BadRequest {
		t.Errorf("without role:read: %v", err)
	}
}
