package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"heyue/ent"
	"heyue/ent/rolefieldrule"
	"heyue/graph/generated"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// hidden stands in every text that is masked below, and the sums are numbers that nothing else is.
const hidden = "HIDDEN-MARK"

// secrets are what must not come back: the text, and the sums as decimals and in minor units.
var secrets = []string{hidden, "777777.77", "77777777", "555555.55", "55555555"}

// conceal puts secrets into the columns that can be masked, past all walls.
func conceal(t *testing.T, s *stage.Stage, tn *fixture.Tenant) {
	t.Helper()
	db := pgtest.Open(t, s.DB.SuperDSN)
	for _, statement := range []string{
		`UPDATE customers SET short_name = $2, region = $2, address = $2, source = $2, category = $2, sales_mode = $2, industry = $2, ownership = $2,
			description = $2, credit_code = $2, phone = $2, email = $2, website = $2 WHERE tenant_id = $1`,
		`UPDATE contacts SET salutation = $2, department = $2, job_title = $2, hobby = $2, address = $2, phone = $2, fax = $2, mobile = $2, email = $2, qq = $2,
			msn = $2, wechat = $2, remark = $2, remark1 = $2, remark2 = $2 WHERE tenant_id = $1`,
		`UPDATE service_records SET content = $2, feedback = $2 WHERE tenant_id = $1`,
		`UPDATE contracts SET description = $2 WHERE tenant_id = $1`,
		`UPDATE contract_parties SET credit_code = $2 WHERE tenant_id = $1`,
		`UPDATE contract_texts SET slots = jsonb_build_object('probe', jsonb_build_object('text', $2::text)) WHERE tenant_id = $1`,
		`UPDATE clause_exceptions SET old_text = $2, new_text = $2 WHERE tenant_id = $1`,
		`UPDATE incidents SET description = $2 WHERE tenant_id = $1`,
		`UPDATE incident_entries SET content = $2, told = $2 WHERE tenant_id = $1`,
		`UPDATE approvals SET rule = $2 WHERE tenant_id = $1`,
		`UPDATE approval_nodes SET reasons = jsonb_build_array($2::text) WHERE tenant_id = $1`,
		`UPDATE audit_entries SET object = 'customer', changes = jsonb_build_object('phone', jsonb_build_array($2::text, $2::text), 'never_heard_of', jsonb_build_array($2::text, $2::text)) WHERE tenant_id = $1 AND action = 'probe'`,
	} {
		if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(statement, "$2", "'"+hidden+"'"), tn.ID); err != nil {
			t.Fatal(statement, ": ", err)
		}
	}
	for _, statement := range []string{
		`UPDATE contracts SET amount_minor = 77777777, settled_minor = 55555555, allocated_minor = 0 WHERE tenant_id = $1`,
		`UPDATE contract_lines SET unit_price = 777777.77, amount_minor = 77777777 WHERE tenant_id = $1`,
		`UPDATE payment_plan_lines SET amount_minor = 77777777 WHERE tenant_id = $1`,
		`UPDATE payments SET amount_minor = 55555555 WHERE tenant_id = $1`,
		`UPDATE alerts SET amount_minor = 77777777, currency = 'CNY' WHERE tenant_id = $1`,
		`UPDATE obligations SET amount_minor = 77777777, currency = 'CNY' WHERE tenant_id = $1`,
	} {
		if _, err := db.ExecContext(t.Context(), statement, tn.ID); err != nil {
			t.Fatal(statement, ": ", err)
		}
	}
}

// masked makes a user who may do everything, and is kept from the fields that rules name.
func masked(t *testing.T, s *stage.Stage, tn *fixture.Tenant, rules ...mask.Field) (context.Context, publicid.RoleID) {
	t.Helper()
	var role publicid.RoleID
	s.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		r, err := tx.Role.Create().SetCode("masked").SetName("masked").Save(tn.Ctx)
		if err != nil {
			return err
		}
		role, tn.Roles["masked"] = r.ID, r.ID
		for _, p := range policies.All() {
			if err := tx.RoleGrant.Create().SetRoleID(r.ID).SetObject(p.Object).SetAction(p.Action).SetScope(grant.Tenant).Exec(tn.Ctx); err != nil {
				return err
			}
		}
		return keep(tn.Ctx, tx, r.ID, rules)
	})
	return s.User(t, tn, "masked", tn.Root), role
}

// keep replaces what a role is kept from.
func keep(ctx context.Context, tx *ent.Tx, role publicid.RoleID, rules []mask.Field) error {
	if _, err := tx.RoleFieldRule.Delete().Where(rolefieldrule.RoleID(role)).Exec(ctx); err != nil {
		return err
	}
	for _, f := range rules {
		if err := tx.RoleFieldRule.Create().SetRoleID(role).SetObject(f.Object).SetField(f.Name).SetEffect(mask.Hide).Exec(ctx); err != nil {
			return err
		}
	}
	return policies.Bump(ctx, tx)
}

// TestNoOperationShowsWhatIsMasked runs every operation of the schema as somebody who may do everything and is kept from
// every field there is. Nothing of what the fields hold may come back, in data or in errors.
func TestNoOperationShowsWhatIsMasked(t *testing.T) {
	t.Parallel()
	s := stage.New(t, "HEYUE_DOCUMENT_FIELDS", "100000")
	tn := s.World.Tenant(t, "ours")
	ids := populate(t, s, tn)
	conceal(t, s, tn)
	rules := mask.All()
	for _, object := range mask.Customised() {
		rules = append(rules, mask.Custom(object, "note"))
	}
	ctx, _ := masked(t, s, tn, rules...)
	p := pair{Stage: s}
	token, full := s.Token(t, tn, ctx), s.Token(t, tn, tn.Admin)
	b := &builder{generated.NewExecutableSchema(generated.Config{}).Schema(), ids}
	shown := 0
	operations := b.operations()
	slices.SortStableFunc(operations, func(a, c operation) int { return strings.Compare(string(c.Kind), string(a.Kind)) }) // queries first
	for _, op := range operations {
		document := b.document(op, "", "")
		if op.Kind == "query" {
			shown += leaks(s.Post(t, full, document, nil))
		}
		if op.Field.Name == "logout" {
			continue
		}
		answer := s.Post(t, token, document, nil)
		p.valid(t, document, answer)
		if leaks(answer) > 0 {
			t.Errorf("%s shows what is masked:\n%s\n%s", op.Field.Name, document, answer)
		}
	}
	if shown < 100 {
		t.Errorf("without a mask the queries show it only %d times; they look at too little", shown)
	}
}

func leaks(answer string) (n int) {
	for _, s := range secrets {
		n += strings.Count(answer, s)
	}
	return n
}

// TestEveryOutletFollowsTheMask draws masks by chance and compares what a customer and its contact show on each way to
// them with what the mask says.
func TestEveryOutletFollowsTheMask(t *testing.T) {
	t.Parallel()
	s := stage.New(t, "HEYUE_DOCUMENT_FIELDS", "100000")
	tn := s.World.Tenant(t, "ours")
	ids := populate(t, s, tn)
	conceal(t, s, tn)
	ctx, role := masked(t, s, tn)
	token := s.Token(t, tn, ctx)
	chance := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		var rules []mask.Field
		for _, f := range mask.All() {
			if chance.IntN(2) == 0 {
				rules = append(rules, f)
			}
		}
		s.Write(t, tn.Ctx, func(tx *ent.Tx) error { return keep(tn.Ctx, tx, role, rules) })
		for way, document := range ways(ids) {
			compareOutlet(t, way, s.Post(t, token, document, nil), rules)
		}
	}
}

// ways lead to the customer and the contact; each answer holds objects under "customer" and "contact" somewhere.
func ways(ids map[string]string) map[string]string {
	cus, con := names("customer"), names("contact")
	return map[string]string{
		"lookup":    fmt.Sprintf(`{ customer(id: %q) { %s } contact(id: %q) { %s } }`, ids["cus"], cus, ids["ctt"], con),
		"node":      fmt.Sprintf(`{ customer: node(id: %q) { ... on Customer { %s } } contact: node(id: %q) { ... on Contact { %s } } }`, ids["cus"], cus, ids["ctt"], con),
		"fragments": fmt.Sprintf(`query { contact(id: %q) { ...c customer { ...k } } } fragment c on Contact { %s } fragment k on Customer { %s }`, ids["ctt"], con, cus),
		"edges":     fmt.Sprintf(`{ contract(id: %q) { customer { %s contacts { edges { contact: node { %s } } } } } }`, ids["con"], cus, con),
		"lists":     fmt.Sprintf(`{ contacts { nodes { customer { %s } } edges { contact: node { %s } } } }`, cus, con),
		"a change":  fmt.Sprintf(`mutation { customerUpdate(input: {id: %q, expectedVersion: 99}) { customer { %s } } contactUpdate(input: {id: %q, expectedVersion: 99}) { contact { %s } } }`, ids["cus"], cus, ids["ctt"], con),
	}
}

func names(object string) string {
	var out []string
	for _, f := range mask.All() {
		if f.Object == object {
			out = append(out, f.Name)
		}
	}
	return strings.Join(out, " ")
}

func compareOutlet(t *testing.T, way, answer string, rules []mask.Field) {
	t.Helper()
	var got struct{ Data any }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		t.Fatal(err)
	}
	seen := 0
	visit(got.Data, func(object, field string, value any) {
		f := mask.Field{Object: object, Name: field}
		if !mask.Known(f) {
			return
		}
		seen++
		if want := slices.Contains(rules, f); (value == nil) != want && f != (mask.Field{Object: "contact", Name: "birthday"}) {
			t.Errorf("%s: %s is %v, masked %v", way, f, value, want)
		}
	})
	if seen < 30 {
		t.Errorf("%s shows only %d fields: %s", way, seen, answer)
	}
}

// visit calls fn for each field of each object that stands under the name customer or contact.
func visit(v any, fn func(object, field string, value any)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			visit(e, fn)
		}
	case map[string]any:
		for name, below := range v {
			if fields, ok := below.(map[string]any); ok && (name == "customer" || name == "contact") {
				for field, value := range fields {
					fn(name, field, value)
				}
			}
			visit(below, fn)
		}
	}
}

// TestReplaysAreMadeUnderThePresentMask: what was answered before the mask was put on is not given again.
func TestReplaysAreMadeUnderThePresentMask(t *testing.T) {
	t.Parallel()
	s := stage.New(t)
	tn := s.World.Tenant(t, "ours")
	ids := populate(t, s, tn)
	ctx, role := masked(t, s, tn)
	token := s.Token(t, tn, ctx)
	document := fmt.Sprintf(`mutation { customerUpdate(input: {id: %q, expectedVersion: 1, address: %q}) { customer { id address } userErrors { code } } }`, ids["cus"], hidden)
	if answer := s.PostKey(t, token, "once", document, nil); !strings.Contains(answer, hidden) {
		t.Fatalf("before: %s", answer)
	}
	s.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		return keep(tn.Ctx, tx, role, []mask.Field{{Object: "customer", Name: "address"}})
	})
	answer := s.PostKey(t, token, "once", document, nil)
	if strings.Contains(answer, hidden) || !strings.Contains(answer, ids["cus"]) || !strings.Contains(answer, "idempotentReplay") {
		t.Errorf("under the mask: %s", answer)
	}
}
