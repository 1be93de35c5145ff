// Package reach holds the model of permissions to the whole product (tenancy.md 6.1, L5): whatever roles, departments, shares
// and masks a tenant has, a list shows exactly the rows whose lookup succeeds and whose check says so, and what a mask hides
// is hidden in both.
package reach

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/policies/share"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// outlet is a kind of record: its lookup and its list, the permission that reads it, and a field that a mask may hide.
type outlet struct {
	one, many  string
	permission policies.Permission
	field      mask.Field
}

func outlets() []outlet {
	return []outlet{
		{"customer", "customers", policies.CustomerRead, mask.Field{Object: "customer", Name: "phone"}},
		{"contact", "contacts", policies.ContactRead, mask.Field{Object: "contact", Name: "mobile"}},
		{"serviceRecord", "serviceRecords", policies.ServiceRecordRead, mask.Field{Object: "service_record", Name: "content"}},
		{"contract", "contracts", policies.ContractRead, mask.Field{Object: "contract", Name: "description"}},
	}
}

// secret stands in every field that may be masked.
const secret = "SECRET"

// company is a tenant at random.
type company struct {
	*stage.Stage
	*fixture.Tenant
	r           *rand.Rand
	departments []publicid.DepartmentID
	parents     map[publicid.DepartmentID]publicid.DepartmentID
	users       []*somebody
	rows        map[string][]row // by the outlet's lookup
	shares      []*ent.RecordShare
}

// somebody is a user with one or two roles, and what by the roles' lines they come to.
type somebody struct {
	id     publicid.UserID
	ctx    context.Context
	home   *publicid.DepartmentID
	scopes map[policies.Permission]grant.Scope
	hidden map[mask.Field]bool
}

// row is a record and what decides on it: its own place, or that of its customer.
type row struct {
	id         string
	owner      *publicid.UserID
	department *publicid.DepartmentID
	lent       func(*ent.RecordShare) bool
}

func found(t *testing.T, s *stage.Stage, seed uint64) *company {
	t.Helper()
	c := &company{
		Stage: s, Tenant: s.Tenant(t, fmt.Sprintf("acme-%d", seed)), r: rand.New(rand.NewPCG(seed, 5)), // the same company for the same seed
		parents: map[publicid.DepartmentID]publicid.DepartmentID{}, rows: map[string][]row{},
	}
	c.departments = []publicid.DepartmentID{c.Root}
	for i := range 6 {
		above := pick(c.r, c.departments)
		d := s.Department(t, c.Tenant, fmt.Sprintf("D%d", i), above)
		c.parents[d] = above
		c.departments = append(c.departments, d)
	}
	for i := range 8 {
		c.users = append(c.users, c.hire(t, i))
	}
	s.Write(t, c.Ctx, func(tx *ent.Tx) error {
		for i := range 14 {
			if err := c.deal(tx, i); err != nil {
				return err
			}
		}
		return policies.Bump(c.Ctx, tx)
	})
	return c
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// hire makes a user with a role that nobody else has and perhaps a second one: lines at random, some of them denials, and
// masks at random.
func (c *company) hire(t *testing.T, i int) *somebody {
	t.Helper()
	u := &somebody{scopes: map[policies.Permission]grant.Scope{}, hidden: map[mask.Field]bool{}}
	denied := map[policies.Permission]bool{}
	var roles []publicid.RoleID
	c.Write(t, c.Ctx, func(tx *ent.Tx) error {
		for n := range 1 + c.r.IntN(2) {
			code := fmt.Sprintf("r%d-%d", i, n)
			role, err := tx.Role.Create().SetCode(code).SetName(code).Save(c.Ctx)
			if err != nil {
				return err
			}
			roles, c.Roles[code] = append(roles, role.ID), role.ID
			for _, o := range outlets() {
				if c.r.IntN(5) == 0 { // this role says nothing of it
					continue
				}
				scope, effect := grant.Scope(pick(c.r, grant.Scope("").Values())), grant.Allow
				if c.r.IntN(10) == 0 {
					effect, denied[o.permission] = grant.Deny, true
				} else if scope.Rank() > u.scopes[o.permission].Rank() {
					u.scopes[o.permission] = scope
				}
				p := o.permission
				if err := tx.RoleGrant.Create().SetRoleID(role.ID).SetObject(p.Object).SetAction(p.Action).SetScope(scope).SetEffect(effect).Exec(c.Ctx); err != nil {
					return err
				}
				if c.r.IntN(4) == 0 {
					u.hidden[o.field] = true
					if err := tx.RoleFieldRule.Create().SetRoleID(role.ID).SetObject(o.field.Object).SetField(o.field.Name).SetEffect(mask.Hide).Exec(c.Ctx); err != nil {
						return err
					}
				}
			}
		}
		return policies.Bump(c.Ctx, tx)
	})
	for p := range denied {
		delete(u.scopes, p)
	}
	at := []publicid.DepartmentID{pick(c.r, c.departments)}
	if c.r.IntN(5) == 0 {
		at = nil
	} else {
		u.home = &at[0]
	}
	u.ctx = c.User(t, c.Tenant, fmt.Sprintf("r%d-0", i), at...)
	u.id = fixture.Caller(t, u.ctx).UserID
	c.Write(t, c.Ctx, func(tx *ent.Tx) error {
		for _, role := range roles[1:] {
			if err := tx.UserRole.Create().SetUserID(u.id).SetRoleID(role).Exec(c.Ctx); err != nil {
				return err
			}
		}
		return policies.Bump(c.Ctx, tx)
	})
	return u
}

// deal makes a customer with a contact, a service record and a contract, each with a place of its own, and shares of some.
func (c *company) deal(tx *ent.Tx, i int) error {
	owner, department := c.place()
	of, err := tx.Customer.Create().SetName("客户").SetCode(fmt.Sprint(i)).SetPhone(secret).SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(c.Ctx)
	if err != nil {
		return err
	}
	ofCustomer := func(s *ent.RecordShare) bool { return s.CustomerID != nil && *s.CustomerID == of.ID }
	c.note("customer", row{of.ID.String(), owner, department, ofCustomer})
	person, err := tx.Contact.Create().SetCustomerID(of.ID).SetName("联系人").SetMobile(secret).Save(c.Ctx)
	if err != nil {
		return err
	}
	c.note("contact", row{person.ID.String(), owner, department, ofCustomer})
	owner, department = c.place()
	visit, err := tx.ServiceRecord.Create().SetCustomerID(of.ID).SetServiceType("ON_SITE").SetContent(secret).SetServedOn(date.Of(2026, 6, 1)).
		SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(c.Ctx)
	if err != nil {
		return err
	}
	c.note("serviceRecord", row{visit.ID.String(), owner, department, func(*ent.RecordShare) bool { return false }})
	owner, department = c.place()
	paper, err := tx.Contract.Create().SetNumber(fmt.Sprint(i)).SetTitle("合同").SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).
		SetCustomerID(of.ID).SetCurrency("CNY").SetDescription(secret).SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(c.Ctx)
	if err != nil {
		return err
	}
	c.note("contract", row{paper.ID.String(), owner, department, func(s *ent.RecordShare) bool { return s.ContractID != nil && *s.ContractID == paper.ID }})
	return c.lend(tx, of.ID, paper.ID)
}

func (c *company) note(kind string, r row) { c.rows[kind] = append(c.rows[kind], r) }

func (c *company) place() (owner *publicid.UserID, department *publicid.DepartmentID) {
	if c.r.IntN(3) > 0 {
		owner = &pick(c.r, c.users).id
	}
	if c.r.IntN(3) > 0 {
		d := pick(c.r, c.departments)
		department = &d
	}
	return owner, department
}

func (c *company) lend(tx *ent.Tx, customer publicid.CustomerID, contract publicid.ContractID) error {
	for i := range 2 {
		s := tx.RecordShare.Create().SetLevel(pick(c.r, []share.Level{share.Read, share.Write})).SetSharedByID(c.users[0].id)
		if i == 0 {
			s.SetCustomerID(customer)
		} else {
			s.SetContractID(contract)
		}
		switch c.r.IntN(3) {
		case 0:
			continue
		case 1:
			s.SetUserID(pick(c.r, c.users).id)
		default:
			s.SetDepartmentID(pick(c.r, c.departments))
		}
		if n := c.r.IntN(3); n < 2 { // over, or ends today
			s.SetEndsOn(date.Of(2026, 6, 14+n))
		}
		made, err := s.Save(c.Ctx)
		if err != nil {
			return err
		}
		c.shares = append(c.shares, made)
	}
	return nil
}

// may says by the rules alone, in the plainest way, whether somebody reads a row.
func (c *company) may(u *somebody, p policies.Permission, r row) bool {
	scope, held := u.scopes[p]
	if !held {
		return false
	}
	home := u.home
	switch {
	case scope == grant.Tenant, r.owner != nil && *r.owner == u.id,
		scope == grant.Department && home != nil && r.department != nil && *home == *r.department,
		scope == grant.Subtree && home != nil && r.department != nil && c.below(*r.department, *home):
		return true
	}
	return slices.ContainsFunc(c.shares, func(s *ent.RecordShare) bool {
		if !r.lent(s) || s.EndsOn != nil && s.EndsOn.Before(date.Of(2026, 6, 15)) {
			return false
		}
		return s.UserID != nil && *s.UserID == u.id || s.DepartmentID != nil && home != nil && c.below(*home, *s.DepartmentID)
	})
}

func (c *company) below(d, above publicid.DepartmentID) bool {
	for {
		if d == above {
			return true
		}
		next, ok := c.parents[d]
		if !ok {
			return false
		}
		d = next
	}
}

// TestListsLookupsAndChecksAgree for customers, contacts, service records and contracts.
func TestListsLookupsAndChecksAgree(t *testing.T) {
	t.Parallel()
	s := stage.New(t)
	s.Clock.Set(fixture.Start())
	reached, kept := 0, 0
	for seed := range uint64(2) {
		c := found(t, s, seed)
		admin := s.Token(t, c.Tenant, s.Next(t, c.Admin))
		for i, u := range c.users {
			token := s.Token(t, c.Tenant, s.Next(t, u.ctx))
			for _, o := range outlets() {
				who := fmt.Sprintf("seed %d, user %d, %s", seed, i, o.many)
				in, out := c.compare(t, who, token, u, o)
				reached, kept = reached+in, kept+out
			}
			c.explained(t, admin, u)
		}
	}
	if reached < 50 || kept < 50 {
		t.Errorf("%d rows were within reach and %d were not; that shows too little", reached, kept)
	}
}

// compare holds a list, its count, and the lookup of every row to the rules.
func (c *company) compare(t *testing.T, who, token string, u *somebody, o outlet) (in, out int) {
	t.Helper()
	var want []string
	lookups := &strings.Builder{}
	for i, r := range c.rows[o.one] {
		if c.may(u, o.permission, r) {
			want = append(want, r.id)
		}
		fmt.Fprintf(lookups, "r%d: %s(id: %q) { id shown: %s } ", i, o.one, r.id, o.field.Name)
	}
	slices.Sort(want)
	var list struct {
		Data map[string]*struct {
			TotalCount int
			Nodes      []struct {
				ID    string
				Shown *string
			}
		}
	}
	c.ask(t, token, fmt.Sprintf("{ %s(first: 100) { totalCount nodes { id shown: %s } } }", o.many, o.field.Name), &list)
	var listed []string
	if l := list.Data[o.many]; l != nil {
		for _, n := range l.Nodes {
			listed = append(listed, n.ID)
			if (n.Shown == nil) != u.hidden[o.field] {
				t.Errorf("%s: the list shows %v, hidden %v", who, n.Shown, u.hidden[o.field])
			}
		}
		if l.TotalCount != len(want) {
			t.Errorf("%s: counted %d, want %d", who, l.TotalCount, len(want))
		}
	}
	slices.Sort(listed)
	if !slices.Equal(listed, want) {
		t.Errorf("%s: listed\n%v, want\n%v", who, listed, want)
	}
	var ones struct {
		Data map[string]*struct {
			ID    string
			Shown *string
		}
	}
	c.ask(t, token, "{ "+lookups.String()+"}", &ones)
	for i, r := range c.rows[o.one] {
		one := ones.Data[fmt.Sprintf("r%d", i)]
		if may := slices.Contains(want, r.id); (one != nil) != may {
			t.Errorf("%s: looked up %v, may %v", who, one != nil, may)
		}
		if one != nil && (one.Shown == nil) != u.hidden[o.field] {
			t.Errorf("%s: the lookup shows %v, hidden %v", who, one.Shown, u.hidden[o.field])
		}
	}
	return len(want), len(c.rows[o.one]) - len(want)
}

// explained holds what an administrator is told about somebody to the rules.
func (c *company) explained(t *testing.T, admin string, u *somebody) {
	t.Helper()
	questions := &strings.Builder{}
	for _, o := range outlets() {
		for i, r := range c.rows[o.one] {
			fmt.Fprintf(questions, "%s%d: explainAccess(action: \"read\", id: %q, userId: %q) { allowed } ", o.one, i, r.id, u.id)
		}
	}
	var answer struct {
		Data map[string]struct{ Allowed bool }
	}
	c.ask(t, admin, "{ "+questions.String()+"}", &answer)
	for _, o := range outlets() {
		for i, r := range c.rows[o.one] {
			if got, want := answer.Data[fmt.Sprintf("%s%d", o.one, i)].Allowed, c.may(u, o.permission, r); got != want {
				t.Errorf("explainAccess says %v of %s, want %v", got, r.id, want)
			}
		}
	}
}

func (c *company) ask(t *testing.T, token, document string, into any) {
	t.Helper()
	text := c.Post(t, token, document, nil)
	if strings.Contains(text, "INTERNAL") || strings.Contains(text, "BAD_REQUEST") || strings.Contains(text, "RATE_LIMITED") {
		t.Fatalf("%s\n%s", document, text)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
