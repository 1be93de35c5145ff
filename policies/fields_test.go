package policies

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/policies/mask"
)

// TestMasksUniteAndTheStrongestWins compares compiled masks with the rule read off the roles one by one, for random roles.
func TestMasksUniteAndTheStrongestWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.Custom(func(t *rapid.T) FieldRule {
			return FieldRule{rapid.SampledFrom(mask.All()).Draw(t, "field"), rapid.SampledFrom([]mask.Effect{mask.Hide, mask.ReadOnly}).Draw(t, "effect")}
		})
		u := publicid.NewUserID()
		r := rules{Members: map[publicid.UserID][]publicid.RoleID{}}
		var held []FieldRule
		for range rapid.IntRange(0, 4).Draw(t, "roles") {
			role := roleRules{publicid.NewRoleID(), nil, rapid.SliceOfN(rule, 0, 12).Draw(t, "rules")}
			r.Roles = append(r.Roles, role)
			if rapid.Bool().Draw(t, "has") {
				r.Members[u] = append(r.Members[u], role.ID)
				held = append(held, role.Masks...)
			}
		}
		s := newSnapshot(r)
		g, err := s.For(u)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range mask.All() {
			hidden, frozen := false, false
			for _, h := range held {
				hidden = hidden || h.Field == f && h.Effect == mask.Hide
				frozen = frozen || h.Field == f
			}
			if g.Hides(f.String()) != hidden || g.Freezes(f.String()) != frozen {
				t.Fatalf("%s: hides %v, freezes %v; the roles say %v, %v", f, g.Hides(f.String()), g.Freezes(f.String()), hidden, frozen)
			}
		}
		if g.Masked() != (len(held) > 0) {
			t.Fatalf("masked %v with %d rules", g.Masked(), len(held))
		}
	})
}

func TestStarsStandForEverythingThatBeginsSo(t *testing.T) {
	t.Parallel()
	g := &Grants{masks: masks{"contract.custom.margin": mask.Hide, "customer.custom.note": mask.ReadOnly}}
	for field, want := range map[string][2]bool{
		"contract.custom.*": {true, true}, "customer.custom.*": {false, true}, "contact.custom.*": {false, false},
		"contract.custom.margin": {true, true}, "contract.custom.marg": {false, false}, "contract.amount": {false, false},
	} {
		if got := [2]bool{g.Hides(field), g.Freezes(field)}; got != want {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
}

// TestNobodyFreesWhatTheyAreKeptFrom: neither by weakening a rule, nor by giving a role that has none.
func TestNobodyFreesWhatTheyAreKeptFrom(t *testing.T) {
	t.Parallel()
	access := Access{Scope: grant.Tenant, grants: &Grants{masks: masks{"contract.amount": mask.Hide, "customer.phone": mask.ReadOnly}}}
	gives := []line{{ContractRead, grant.Own, grant.Allow}}
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"lifting one's own mask":           {mayUnmask(access, masks{"contract.amount": mask.Hide}, nil, "fields"), true},
		"weakening it":                     {mayUnmask(access, masks{"contract.amount": mask.Hide}, masks{"contract.amount": mask.ReadOnly}, "fields"), true},
		"lifting another":                  {mayUnmask(access, masks{"customer.email": mask.Hide}, nil, "fields"), false},
		"making one stronger":              {mayUnmask(access, masks{"customer.phone": mask.ReadOnly}, masks{"customer.phone": mask.Hide}, "fields"), false},
		"giving a role that shows it":      {mayShow(access, gives, masks{"customer.phone": mask.ReadOnly}, "roleId"), true},
		"giving one that hides as much":    {mayShow(access, gives, masks{"contract.amount": mask.Hide, "customer.phone": mask.Hide}, "roleId"), false},
		"giving a role that gives nothing": {mayShow(access, []line{{ContractRead, grant.Own, grant.Deny}}, nil, "roleId"), false},
	} {
		if (tt.err != nil) != tt.want {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
}

func TestFieldsChangeTellsEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fields []*FieldInput
		ok     bool
	}{
		"one of the catalogue":     {[]*FieldInput{{"contract", "amount", mask.Hide}}, true},
		"one of the tenant's own":  {[]*FieldInput{{"contract", "custom.margin", mask.ReadOnly}}, true},
		"an unknown field":         {[]*FieldInput{{"contract", "number", mask.Hide}}, false},
		"an unknown object":        {[]*FieldInput{{"moon", "amount", mask.Hide}}, false},
		"no custom fields there":   {[]*FieldInput{{"payment", "custom.x", mask.Hide}}, false},
		"a key that cannot be one": {[]*FieldInput{{"contract", "custom.*", mask.Hide}}, false},
		"an unknown effect":        {[]*FieldInput{{"contract", "amount", "BLUR"}}, false},
		"twice":                    {[]*FieldInput{{"contract", "amount", mask.Hide}, {"contract", "amount", mask.ReadOnly}}, false},
		"too many":                 {make([]*FieldInput, maxFieldRules+1), false},
	} {
		if err := (FieldsChange{Fields: tt.fields}).Validate(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMasksAreListedInOrder(t *testing.T) {
	t.Parallel()
	g := &Grants{masks: masks{"customer.phone": mask.Hide, "contact.qq": mask.ReadOnly}}
	want := []FieldRule{{mask.Field{Object: "contact", Name: "qq"}, mask.ReadOnly}, {mask.Field{Object: "customer", Name: "phone"}, mask.Hide}}
	if diff := cmp.Diff(want, g.Masks()); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkDecision is the price of asking for one permission and one field of a compiled user, for somebody with masks.
func BenchmarkDecision(b *testing.B) {
	u, role := publicid.NewUserID(), publicid.NewRoleID()
	var all []FieldRule
	for _, f := range mask.All() {
		all = append(all, FieldRule{f, mask.Hide})
	}
	t, _ := TemplateNamed(Admin)
	s := newSnapshot(rules{
		Roles:   []roleRules{{role, templateLines(t.Name), all}},
		Members: map[publicid.UserID][]publicid.RoleID{u: {role}},
	})
	b.ReportAllocs()
	for b.Loop() {
		g, err := s.For(u)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := g.Access(ContractRead); !ok || !g.Hides("contract.amount") {
			b.Fatal("wrong")
		}
	}
}
