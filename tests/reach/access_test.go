package reach

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/mask"
	"heyue/policies/share"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// office is a tenant with a customer of a salesperson, and those who ask about it.
type office struct {
	*stage.Stage
	acme            *fixture.Tenant
	admin           string // tokens
	sales, manager  string
	salesID, mateID publicid.UserID
	managerID       publicid.UserID
	customer        publicid.CustomerID
}

func open(t *testing.T, settings ...string) office {
	t.Helper()
	s := stage.New(t, settings...)
	o := office{Stage: s, acme: s.Tenant(t, "acme")}
	north := s.Department(t, o.acme, "NORTH")
	sales, mate, manager := s.User(t, o.acme, "sales", north), s.User(t, o.acme, "sales", north), s.User(t, o.acme, "manager", north)
	o.salesID, o.mateID, o.managerID = fixture.Caller(t, sales).UserID, fixture.Caller(t, mate).UserID, fixture.Caller(t, manager).UserID
	s.Write(t, o.acme.Ctx, func(tx *ent.Tx) error {
		c, err := tx.Customer.Create().SetName("云汇").SetCode("1").SetOwnerID(o.salesID).SetDepartmentID(north).Save(o.acme.Ctx)
		if err != nil {
			return err
		}
		o.customer = c.ID
		if err := tx.RecordShare.Create().SetCustomerID(c.ID).SetUserID(o.mateID).SetLevel(share.Read).SetSharedByID(o.salesID).Exec(o.acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(o.acme.Ctx, tx)
	})
	o.admin, o.sales, o.manager = s.Token(t, o.acme, s.Next(t, o.acme.Admin)), s.Token(t, o.acme, s.Next(t, sales)), s.Token(t, o.acme, s.Next(t, manager))
	return o
}

// ask compares an answer with what is wanted of it.
func (o office) ask(t *testing.T, token, document, want string) {
	t.Helper()
	var got, wanted any
	text := o.Post(t, token, document, nil)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(text)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	delete(got.(map[string]any), "extensions")
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s\n%s\n(-want +got):\n%s", document, text, diff)
	}
}

// TestAccessIsExplained: why, by which line and by which share.
func TestAccessIsExplained(t *testing.T) {
	t.Parallel()
	o := open(t)
	of := func(action string, user publicid.UserID) string {
		return fmt.Sprintf(`{ explainAccess(action: %q, id: %q, userId: %q) { permission { object action } allowed reason scope lines { role { code } effect scope origin decides } share { level } } }`, action, o.customer, user)
	}
	line := func(role, scope string) string {
		return fmt.Sprintf(`[{"role": {"code": %q}, "effect": "ALLOW", "scope": %q, "origin": "TEMPLATE", "decides": true}]`, role, scope)
	}
	told := func(action string, allowed bool, reason, scope, lines, share string) string {
		return fmt.Sprintf(`{"data": {"explainAccess": {"permission": {"object": "customer", "action": %q}, "allowed": %t, "reason": %q, "scope": %s, "lines": %s, "share": %s}}}`, action, allowed, reason, scope, lines, share)
	}
	o.ask(t, o.admin, of("read", o.salesID), told("read", true, "OWNER", `"OWN"`, line("sales", "OWN"), "null"))
	o.ask(t, o.admin, of("read", o.mateID), told("read", true, "SHARED", `"OWN"`, line("sales", "OWN"), `{"level": "READ"}`))
	o.ask(t, o.admin, of("customer:update", o.mateID), told("update", false, "OUT_OF_REACH", `"OWN"`, line("sales", "OWN"), "null"))
	o.ask(t, o.admin, of("archive", o.managerID), told("archive", true, "DEPARTMENT", `"SUBTREE"`, line("manager", "SUBTREE"), "null"))
	o.ask(t, o.admin, of("read", fixture.Caller(t, o.acme.Admin).UserID), told("read", true, "EVERYTHING", `"TENANT"`, line("admin", "TENANT"), "null"))
	finance := fixture.Caller(t, o.User(t, o.acme, "finance")).UserID
	o.ask(t, o.admin, of("update", finance), told("update", false, "NOT_GRANTED", "null", "[]", "null"))
	o.ask(t, o.sales, fmt.Sprintf(`{ explainAccess(action: "payment:record", id: %q) { allowed reason lines { role { code } } } }`, o.customer),
		`{"data": {"explainAccess": {"allowed": false, "reason": "NOT_GRANTED", "lines": []}}}`)
	o.ask(t, o.sales, fmt.Sprintf(`{ explainAccess(action: "read", id: %q) { allowed reason lines { role { code } decides } } }`, publicid.NewCustomerID()),
		`{"data": {"explainAccess": {"allowed": false, "reason": "OUT_OF_REACH", "lines": [{"role": null, "decides": true}]}}}`)
	for token, document := range map[string]string{
		o.sales: of("read", o.mateID),
		o.admin: fmt.Sprintf(`{ explainAccess(action: "eat", id: %q) { allowed } }`, o.customer),
	} {
		if text := o.Post(t, token, document, nil); !strings.Contains(text, "FORBIDDEN") && !strings.Contains(text, "customer:eat") {
			t.Errorf("%s\n%s", document, text)
		}
	}
}

// TestWhoCanIsAnswered by permission and by record, and only to who may read roles.
func TestWhoCanIsAnswered(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.ask(t, o.manager, fmt.Sprintf(`{ whoCan(action: "read", id: %q) { permission { object action } total nodes { user { id } scope reason } } }`, o.customer), fmt.Sprintf(
		`{"data": {"whoCan": {"permission": {"object": "customer", "action": "read"}, "total": 4, "nodes": [
			{"user": {"id": %q}, "scope": "TENANT", "reason": "EVERYTHING"}, {"user": {"id": %q}, "scope": "SUBTREE", "reason": "DEPARTMENT"},
			{"user": {"id": %q}, "scope": "OWN", "reason": "OWNER"}, {"user": {"id": %q}, "scope": "OWN", "reason": "SHARED"}]}}}`,
		fixture.Caller(t, o.acme.Admin).UserID, o.managerID, o.salesID, o.mateID))
	o.ask(t, o.manager, `{ whoCan(action: "contract:approve", first: 1) { total nodes { scope reason } } }`,
		`{"data": {"whoCan": {"total": 2, "nodes": [{"scope": "TENANT", "reason": null}]}}}`)
	if text := o.Post(t, o.sales, `{ whoCan(action: "contract:approve") { total } }`, nil); !strings.Contains(text, "FORBIDDEN") {
		t.Error(text)
	}
}

// TestARoleIsPreviewed: what its members would gain and lose is told, and nothing is changed.
func TestARoleIsPreviewed(t *testing.T) {
	t.Parallel()
	o := open(t)
	document := fmt.Sprintf(`{ rolePreview(input: {id: %q, grants: [{object: "contract", action: "archive", scope: OWN}, {object: "customer", action: "create", effect: DENY}],
		fields: [{object: "contract", field: "amount", effect: HIDE}], unassign: [%q]}) { members changed nodes { user { id } access { permission { object action } before after } fields { field { object field } before after } } } }`,
		o.acme.Roles["sales"], o.mateID)
	var answer struct {
		Data struct {
			RolePreview struct {
				Members, Changed int
				Nodes            []struct {
					User   struct{ ID string }
					Access []struct {
						Permission    struct{ Object, Action string }
						Before, After *string
					}
					Fields []struct {
						Field         struct{ Object, Field string }
						Before, After *mask.Effect
					}
				}
			}
		}
	}
	before := o.Client.Tenant.Query().OnlyX(o.acme.Ctx).AuthzVersion
	if err := json.Unmarshal([]byte(o.Post(t, o.admin, document, nil)), &answer); err != nil {
		t.Fatal(err)
	}
	p := answer.Data.RolePreview
	if p.Members != 2 || p.Changed != 2 || len(p.Nodes) != 2 {
		t.Fatalf("%+v", p)
	}
	for _, n := range p.Nodes {
		switch n.User.ID {
		case o.salesID.String():
			if len(n.Access) != 2 || n.Access[0].Permission.Action != "create" || n.Access[0].After != nil || n.Access[1].Before != nil || *n.Access[1].After != "OWN" ||
				len(n.Fields) != 1 || n.Fields[0].Field.Field != "amount" || n.Fields[0].Before != nil || *n.Fields[0].After != mask.Hide {
				t.Errorf("who keeps the role: %+v", n)
			}
		case o.mateID.String():
			for _, a := range n.Access {
				if a.After != nil {
					t.Errorf("who would lose the role would have %+v", a)
				}
			}
			if len(n.Access) < 10 || len(n.Fields) != 0 {
				t.Errorf("who would lose the role: %+v", n)
			}
		default:
			t.Errorf("somebody else: %+v", n)
		}
	}
	if after := o.Client.Tenant.Query().OnlyX(o.acme.Ctx).AuthzVersion; after != before {
		t.Errorf("the permissions went from version %d to %d", before, after)
	}
	o.ask(t, o.admin, `{ policyTest(yaml: "users: {a: {roles: [sales]}}\ntests:\n- name: x\n  user: a\n  can: [customer:create]\n  cannot: [audit:read, contract:create]") { passed failed results { name passed problems } } }`,
		`{"data": {"policyTest": {"passed": 0, "failed": 1, "results": [{"name": "x", "passed": false, "problems": ["contract:create: they may"]}]}}}`)
	if text := o.Post(t, o.admin, `{ policyTest(yaml: "tests: [") { passed } }`, nil); !strings.Contains(text, "BAD_REQUEST") || !strings.Contains(text, "yaml") {
		t.Error(text)
	}
}

// TestDecisionsAreOnRecord: what was denied and what was read about others, and nothing else.
func TestDecisionsAreOnRecord(t *testing.T) {
	t.Parallel()
	o := open(t, "HEYUE_DECISION_POLL", "1m")
	o.Write(t, o.acme.Ctx, func(tx *ent.Tx) error {
		if err := tx.RoleFieldRule.Create().SetRoleID(o.acme.Roles["sales"]).SetObject("customer").SetField("region").SetEffect(mask.Hide).Exec(o.acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(o.acme.Ctx, tx)
	})
	for token, documents := range map[string][]string{
		o.sales: {
			`{ a: auditEntries { totalCount } b: auditEntries { totalCount } customers { totalCount } }`,
			`{ customers(filter: {region: ["1"]}) { totalCount } }`,
			fmt.Sprintf(`mutation { customerUpdate(input: {id: %q, expectedVersion: 1, region: "1"}) { userErrors { code } } }`, o.customer),
			`{ apiKeys { nodes { id } } customers { nodes { id region } } }`, // their own, and what is hidden as always
		},
		o.admin: {
			`{ auditEntries(first: 1) { edges { node { ...more } } } } fragment more on AuditEntry { id }`,
			`{ apiKeys { nodes { id } } }`,
			fmt.Sprintf(`{ explainAccess(action: "read", id: %q, userId: %q) { allowed } }`, o.customer, o.salesID),
			`{ customers { nodes { id } } auditEntries { totalCount } }`, // how many there are is about nobody
		},
	} {
		for _, d := range documents {
			o.Post(t, token, d, nil)
		}
	}
	o.Services.Journal.Write(t.Context())
	for _, c := range []struct{ filter, want string }{
		{`kind: [DENIED]`, `[["audit","read","","auditEntries"],["customer","read","customer.region","customers"],["customer","write","customer.region","customerUpdate"]]`},
		{`kind: [ADMIN_READ]`, `[["api_key","read","","apiKeys"],["audit","read","","auditEntries"],["role","read","","explainAccess"]]`},
		{fmt.Sprintf(`aboutId: [%q]`, o.salesID), `[["role","read","","explainAccess"]]`},
	} {
		var answer struct {
			Data struct {
				Decisions struct {
					Nodes []struct{ Object, Action, Field, Operation, RequestID string }
				}
			}
		}
		text := o.Post(t, o.admin, fmt.Sprintf(`{ decisions(filter: {%s}) { nodes { object action field operation requestId } } }`, c.filter), nil)
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, n := range answer.Data.Decisions.Nodes {
			row, err := json.Marshal([]string{n.Object, n.Action, n.Field, n.Operation})
			if err != nil || n.RequestID == "" || seen[string(row)] {
				t.Errorf("%s twice or of no request, %v", row, err)
			}
			seen[string(row)] = true
		}
		var want [][]string
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			row, _ := json.Marshal(w)
			if !seen[string(row)] {
				t.Errorf("%s: %s is not on record", c.filter, row)
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%s: %v", c.filter, seen)
		}
	}
}
