package approvals_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"heyue/domain/approvals"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// TestPreviewEqualsTheRun: whatever the flow and whatever is submitted, what is foretold is what happens, faults too (F2).
func TestPreviewEqualsTheRun(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	rapid.Check(t, func(rt *rapid.T) {
		b.id = uuid.New()
		b.thing.matter.Facts = drawFacts(rt)
		f, err := b.approvals.CreateFlow(b.Admin, approvals.FlowDraft{Kind: flow.Payment, Name: "抽签", Definition: b.drawFlow(t, rt)})
		if err != nil {
			rt.Fatal(err)
		}
		var choices []*flow.Choice
		for i := range rapid.IntRange(0, 4).Draw(rt, "choices") {
			choices = append(choices, &flow.Choice{Node: strconv.Itoa(i), UserIDs: b.drawUsers(t, rt)})
		}
		foretold, refused := b.approvals.Preview(b.Next(t, b.Alice), approvals.Preview{Kind: flow.Payment, SubjectID: publicid.Any{UUID: b.id}, Chosen: choices})
		missing := refused == nil && slices.ContainsFunc(foretold.Nodes, func(n flow.Planned) bool { return n.Missing })
		a, err := b.trySubmit(t, choices...)
		switch {
		case refused != nil:
			if !slices.Equal(fixture.Faults(refused), fixture.Faults(err)) {
				rt.Fatalf("foretold %v, and then %v", refused, err)
			}
		case missing:
			if fault.KindOf(err) != fault.Invalid || fixture.Faults(err)[0] != "chosen REQUIRED" {
				rt.Fatalf("somebody was still to be chosen: %v", err)
			}
		case err != nil:
			rt.Fatal(err)
		default:
			if diff := cmp.Diff(foresee(foretold), b.happened(t, a)); diff != "" {
				rt.Fatalf("(-preview +run):\n%s", diff)
			}
		}
		if _, err := b.approvals.ArchiveFlow(b.Admin, approvals.FlowTarget{ID: f.ID, ExpectedVersion: f.Version}); err != nil {
			rt.Fatal(err)
		}
	})
}

func drawFacts(rt *rapid.T) flow.Facts {
	sum := money.Of(rapid.Int64Range(0, 200).Draw(rt, "yuan")*100, rapid.SampledFrom([]money.Currency{money.CNY, "USD"}).Draw(rt, "currency"))
	return flow.Facts{
		ContractKind: rapid.SampledFrom([]string{"SALES", "VEHICLE"}).Draw(rt, "kind"), Amount: &sum,
		CustomerGrade: rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "grade"), ClauseExceptions: rapid.IntRange(0, 2).Draw(rt, "exceptions"),
		Custom: map[string]string{"level": rapid.SampledFrom([]string{"gold", "7.5", ""}).Draw(rt, "level")},
	}
}

func (b *bed) drawFlow(t *testing.T, rt *rapid.T) flow.Definition {
	d := flow.Definition{Conditions: b.drawConditions(rt)}
	for i := range rapid.IntRange(1, 4).Draw(rt, "nodes") {
		key := strconv.Itoa(i)
		n := flow.Node{
			Key: key, Name: key, Conditions: b.drawConditions(rt), Mode: rapid.SampledFrom([]flow.Mode{flow.One, flow.All, flow.Any, flow.Sequence}).Draw(rt, "mode"),
			AllowSubmitter: rapid.Bool().Draw(rt, "self"),
		}
		for range rapid.IntRange(1, 3).Draw(rt, "approvers") {
			n.Approvers = append(n.Approvers, b.drawApprover(t, rt))
		}
		d.Nodes = append(d.Nodes, n)
	}
	return d
}

func (b *bed) drawConditions(rt *rapid.T) []flow.Condition {
	cny, level := money.CNY, "level"
	bound := new(money.Whole(rapid.Int64Range(0, 200).Draw(rt, "bound")))
	return rapid.SliceOfN(rapid.SampledFrom([]flow.Condition{
		{Field: flow.FieldAmount, Min: bound, Currency: &cny}, {Field: flow.FieldAmount, Below: bound, Currency: &cny, Not: true},
		{Field: flow.FieldKind, In: []string{"SALES"}}, {Field: flow.FieldGrade, In: []string{"A"}, Not: true},
		{Field: flow.FieldDepartment, DepartmentIDs: []publicid.DepartmentID{b.North}}, {Field: flow.FieldDepartment, DepartmentIDs: []publicid.DepartmentID{b.South}},
		{Field: flow.FieldExceptions, Min: new(money.Whole(1))}, {Field: flow.FieldCustom, Key: &level, In: []string{"gold"}},
		{Field: flow.FieldCustom, Key: &level, Min: new(money.Whole(7))},
	}), 0, 2).Draw(rt, "conditions")
}

func (b *bed) drawApprover(t *testing.T, rt *rapid.T) flow.Approver {
	user, role := b.user(t, b.Alice), b.Acme.Roles[rapid.SampledFrom([]string{"finance", "legal", "sales"}).Draw(rt, "role")]
	return rapid.SampledFrom([]flow.Approver{
		{By: flow.ByUser, UserID: &user}, {By: flow.ByRole, RoleID: &role}, {By: flow.ByHead}, {By: flow.ByHead, DepartmentID: &b.South}, {By: flow.ByManager},
		{By: flow.ByChoice, AmongIDs: []publicid.UserID{b.user(t, b.Bob), b.user(t, b.Service)}},
	}).Draw(rt, "approver")
}

func (b *bed) drawUsers(t *testing.T, rt *rapid.T) []publicid.UserID {
	all := []publicid.UserID{b.user(t, b.Alice), b.user(t, b.Bob), b.user(t, b.Service)}
	return rapid.SliceOfN(rapid.SampledFrom(all), 0, 2).Draw(rt, "users")
}

type stop struct {
	Key     string
	Reasons []string
	Who     []string
}

func foresee(p *approvals.Route) (out []stop) {
	for _, n := range p.Nodes {
		s := stop{Key: n.Node.Key, Reasons: n.Reasons}
		for _, u := range n.Approvers {
			s.Who = append(s.Who, u.String())
		}
		out = append(out, s)
	}
	return out
}

func (b *bed) happened(t *testing.T, a *ent.Approval) (out []stop) {
	t.Helper()
	sheet, err := b.approvals.Sheet(b.Admin, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sheet.Nodes {
		out = append(out, stop{n.Key, n.Reasons, n.Approvers})
	}
	return out
}
