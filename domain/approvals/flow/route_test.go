package flow

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/domain/contracts/content"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

func decimal(s string) *money.Decimal { d := money.MustDecimal(s); return &d }

func TestConditions(t *testing.T) {
	t.Parallel()
	cny, sum := money.CNY, money.Of(10_000_000, money.CNY) // 100,000.00
	here, above := publicid.NewDepartmentID(), publicid.NewDepartmentID()
	key := "region"
	f := Facts{ContractKind: "VEHICLE", Amount: &sum, Departments: []publicid.DepartmentID{here, above}, CustomerGrade: "A",
		ClauseExceptions: 1, Template: "TPL", Custom: map[string]string{key: "north", "score": "12"}}
	score := "score"
	for name, c := range map[string]struct {
		condition Condition
		want      bool
	}{
		"kind":                     {Condition{Field: FieldKind, In: []string{"SALES", "VEHICLE"}}, true},
		"another kind":             {Condition{Field: FieldKind, In: []string{"SALES"}}, false},
		"not another kind":         {Condition{Field: FieldKind, In: []string{"SALES"}, Not: true}, true},
		"from is met by itself":    {Condition{Field: FieldAmount, Min: decimal("100000"), Currency: &cny}, true},
		"below is not":             {Condition{Field: FieldAmount, Below: decimal("100000"), Currency: &cny}, false},
		"within":                   {Condition{Field: FieldAmount, Min: decimal("1"), Below: decimal("100000.01"), Currency: &cny}, true},
		"department":               {Condition{Field: FieldDepartment, DepartmentIDs: []publicid.DepartmentID{here}}, true},
		"below a department":       {Condition{Field: FieldDepartment, DepartmentIDs: []publicid.DepartmentID{above}}, true},
		"another department":       {Condition{Field: FieldDepartment, DepartmentIDs: []publicid.DepartmentID{publicid.NewDepartmentID()}}, false},
		"template":                 {Condition{Field: FieldTemplate, In: []string{"TPL"}}, true},
		"grade":                    {Condition{Field: FieldGrade, In: []string{"B"}}, false},
		"exceptions":               {Condition{Field: FieldExceptions, Min: decimal("1")}, true},
		"custom value":             {Condition{Field: FieldCustom, Key: &key, In: []string{"north"}}, true},
		"custom number":            {Condition{Field: FieldCustom, Key: &score, Min: decimal("10"), Below: decimal("20")}, true},
		"a text is within nothing": {Condition{Field: FieldCustom, Key: &key, Min: decimal("0")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := c.condition.Judge(f, noRates); v.Holds != c.want || v.Why == "" {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestAnUnknownRateIsAMatch: the careful side, whichever way the condition looks, and it says so.
func TestAnUnknownRateIsAMatch(t *testing.T) {
	t.Parallel()
	usd, sum := money.Currency("USD"), money.Of(100, money.CNY)
	for _, not := range []bool{false, true} {
		v := Condition{Field: FieldAmount, Min: decimal("1000000"), Currency: &usd, Not: not}.Judge(Facts{Amount: &sum}, noRates)
		if !v.Holds || !strings.Contains(v.Why, "no rate") {
			t.Errorf("not %v: %+v", not, v)
		}
	}
	half := func(money.Money, money.Currency) (money.Decimal, bool) { return money.MustDecimal("0.14"), true }
	if v := (Condition{Field: FieldAmount, Min: decimal("1"), Currency: &usd}).Judge(Facts{Amount: &sum}, half); v.Holds {
		t.Errorf("with a rate: %+v", v)
	}
}

// company draws an organisation: a chain of departments, people with managers anywhere, circles among them.
func company(t *rapid.T) (People, []publicid.UserID, []publicid.DepartmentID) {
	users := make([]publicid.UserID, rapid.IntRange(1, 8).Draw(t, "users"))
	for i := range users {
		users[i] = publicid.NewUserID()
	}
	departments := make([]publicid.DepartmentID, rapid.IntRange(1, 4).Draw(t, "departments"))
	p := People{Users: map[publicid.UserID]Person{}, Departments: map[publicid.DepartmentID]Place{},
		Roles: map[publicid.RoleID][]publicid.UserID{}, Leaders: map[publicid.DepartmentID][]publicid.UserID{}}
	someone := func(label string) *publicid.UserID {
		if rapid.Bool().Draw(t, "no "+label) {
			return nil
		}
		return new(rapid.SampledFrom(users).Draw(t, label))
	}
	for i := range departments {
		departments[i] = publicid.NewDepartmentID()
		place := Place{Head: someone("head")}
		if i > 0 {
			place.Parent = &departments[i-1]
		}
		p.Departments[departments[i]] = place
	}
	for _, u := range users {
		if rapid.IntRange(0, 4).Draw(t, "left") > 0 {
			p.Users[u] = Person{Manager: someone("manager"), Department: new(rapid.SampledFrom(departments).Draw(t, "in"))}
		}
	}
	p.Admins = users[:1]
	return p, users, departments
}

// TestPlans: whatever the organisation, the same question has the same answer, every node has an active approver, and
// nobody approves their own request unless the node lets them.
func TestPlans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, users, departments := company(t)
		role := publicid.NewRoleID()
		p.Roles[role] = slices.Clone(users)
		submitter := rapid.SampledFrom(users).Draw(t, "submitter")
		var d Definition
		for i := range rapid.IntRange(1, 4).Draw(t, "nodes") {
			d.Nodes = append(d.Nodes, Node{
				Key: string(rune('a' + i)), Name: "n", Mode: rapid.SampledFrom(Modes()).Draw(t, "mode"), AllowSubmitter: rapid.Bool().Draw(t, "own"),
				Approvers: []Approver{rapid.SampledFrom([]Approver{
					{By: ByHead}, {By: ByManager}, {By: ByRole, RoleID: &role}, {By: ByUser, UserID: &users[0]},
					{By: ByChoice, AmongIDs: users}, {By: ByHead, DepartmentID: &departments[0]},
				}).Draw(t, "approver")},
			})
		}
		asked := Asked{Facts: Facts{Departments: p.Above(&departments[len(departments)-1])}, Submitter: submitter,
			Chosen: map[string][]publicid.UserID{"a": {users[len(users)-1]}}}
		one, err := Plan(d, asked, p, noRates)
		two, again := Plan(d, asked, p, noRates)
		if diff := cmp.Diff(one, two); diff != "" || (err == nil) != (again == nil) {
			t.Fatalf("two plans of the same differ: %s", diff)
		}
		if err != nil {
			if fault.KindOf(err) != fault.State {
				t.Fatal(err)
			}
			return
		}
		for _, n := range one {
			if len(n.Approvers) == 0 != n.Missing && !n.Missing {
				t.Fatalf("nobody decides at %s", n.Node.Key)
			}
			for _, u := range n.Approvers {
				if u == submitter && !n.Node.AllowSubmitter {
					t.Fatalf("the submitter decides on their own request at %s: %v", n.Node.Key, n.Reasons)
				}
				if !p.active(u) {
					t.Fatalf("somebody who has left decides at %s: %v", n.Node.Key, n.Reasons)
				}
			}
			if n.Node.Mode == One && len(n.Approvers) > 1 {
				t.Fatalf("%d decide at a node of one", len(n.Approvers))
			}
		}
	})
}

func TestOwnRequestGoesUp(t *testing.T) {
	t.Parallel()
	boss, head, dep := publicid.NewUserID(), publicid.NewUserID(), publicid.NewDepartmentID()
	p := People{Users: map[publicid.UserID]Person{boss: {}, head: {Manager: &boss, Department: &dep}},
		Departments: map[publicid.DepartmentID]Place{dep: {Head: &head}}}
	d := Definition{Nodes: []Node{{Key: "k", Mode: One, Approvers: []Approver{{By: ByUser, UserID: &head}}}}}
	got, err := Plan(d, Asked{Submitter: head}, p, noRates)
	if err != nil || !slices.Equal(got[0].Approvers, []publicid.UserID{boss}) || !strings.Contains(strings.Join(got[0].Reasons, ";"), "own request") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestChooseTakesTheFirstThatApplies(t *testing.T) {
	t.Parallel()
	sales := Candidate{Name: "sales", Definition: Definition{Conditions: []Condition{{Field: FieldKind, In: []string{"SALES"}}}}}
	rest := Candidate{Name: "rest"}
	for kind, want := range map[string]string{"SALES": "sales", "LEASE": "rest"} {
		if _, c, why := Choose([]Candidate{sales, rest}, Facts{ContractKind: kind}, noRates); c.Name != want || len(why) == 0 {
			t.Errorf("%s takes %s because of %v", kind, c.Name, why)
		}
	}
	if i, c, _ := Choose([]Candidate{sales}, Facts{ContractKind: "LEASE"}, noRates); i != -1 || c.Name != "shipped" {
		t.Errorf("nothing applies: %d %s", i, c.Name)
	}
}

func TestEveryFaultOfADefinition(t *testing.T) {
	t.Parallel()
	d := Definition{
		Conditions: []Condition{{Field: FieldAmount, Min: decimal("2"), Below: decimal("1")}, {Field: "MOOD"}},
		Nodes: []Node{
			{Key: "a", Name: "x", Mode: "MOST", EscalateAfterHours: 901, Approvers: []Approver{{By: ByUser}, {By: ByChoice}}},
			{Key: "a", Name: "", Mode: All, Watches: []content.Part{"SMELL"}, Copies: []Approver{{By: ByChoice, AmongIDs: []publicid.UserID{publicid.NewUserID()}}}},
		},
	}
	var c fault.Check
	d.Check(&c)
	var got []string
	for _, f := range fault.All(c.Err()) {
		got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
	}
	slices.Sort(got)
	want := []string{
		"conditions.0.below INCONSISTENT", "conditions.0.currency REQUIRED", "conditions.1.field UNKNOWN_VALUE",
		"nodes.0.approvers.0.userId REQUIRED", "nodes.0.approvers.1.amongIds OUT_OF_RANGE", "nodes.0.escalateAfterHours OUT_OF_RANGE",
		"nodes.0.mode UNKNOWN_VALUE", "nodes.1.approvers OUT_OF_RANGE", "nodes.1.copies.0.by INCONSISTENT", "nodes.1.key DUPLICATE",
		"nodes.1.name REQUIRED", "nodes.1.watches.0 UNKNOWN_VALUE",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func noRates(money.Money, money.Currency) (money.Decimal, bool) { return money.Decimal{}, false }
