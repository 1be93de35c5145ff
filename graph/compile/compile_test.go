package compile

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/graph/generated"
	"heyue/platform/money"
	"heyue/platform/reading"
)

func declared() []reading.Set {
	return []reading.Set{{
		Types:  []reading.Type{{Name: "Customer", One: "customer"}, {Name: "Contract", One: "contract"}},
		Values: []reading.Value{reading.Sum("Contract", "amount", "amount_minor", "currency")},
	}}
}

func testCatalogue(t *testing.T) *catalogue {
	t.Helper()
	c, err := newCatalogue(generated.NewExecutableSchema(generated.Config{}).Schema(), declared(), func(string) []string { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// plannedOf plans the only root field of a document.
func plannedOf(t *testing.T, document string) (*plan, error) {
	t.Helper()
	c := testCatalogue(t)
	doc, errs := gqlparser.LoadQueryWithRules(c.schema, document, nil)
	if errs != nil {
		t.Fatal(errs)
	}
	oc := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: map[string]any{}}
	root := graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query"})[0]
	return (&planner{catalogue: c, oc: oc}).root(root)
}

// TestWhatIsNotDeclaredIsRefused: the reason is the metric's, the text names the field.
func TestWhatIsNotDeclaredIsRefused(t *testing.T) {
	t.Parallel()
	wide := &strings.Builder{}
	for i := range widest + 1 {
		wide.WriteString(" n" + strings.Repeat("x", i) + ": name")
	}
	for document, want := range map[string]string{
		`{ viewer { __typename } }`:                                      "viewer: root",
		`{ contract(id: "x") { progress { percent } } }`:                 "Contract.progress: field",
		`{ contract(id: "x") { customer { contacts { __typename } } } }`: "Customer.contacts: field", // nobody has declared how contacts are listed
		`{ contract(id: "x") { payments { id } } }`:                      "Contract.payments: field", // nor in which order payments come
		`{ customer(id: "x") {` + wide.String() + ` } }`:                 "Customer: wide",
	} {
		if _, err := plannedOf(t, document); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", document, err, want)
		}
	}
	p, err := plannedOf(t, `{ contract(id: "x") { id amount { amount } customer { name } predecessor { id } __typename } }`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.root.below.columns, " "); got != "amount_minor currency customer_id id predecessor_id" {
		t.Errorf("it takes %s", got)
	}
}

// TestDeclarationsMustFitTheSchema: a service that declares what there is not is a mistake that shows at the start.
func TestDeclarationsMustFitTheSchema(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for name, set := range map[string]reading.Set{
		"a type":  {Types: []reading.Type{{Name: "Cat"}}},
		"an edge": {Edges: []reading.Edge{{Type: "Customer", Field: "kittens"}}},
		"a value": {Values: []reading.Value{{Type: "Customer", Field: "purr"}}},
	} {
		if _, err := New(Options{Schema: schema, Declared: []reading.Set{set}}); err == nil {
			t.Errorf("%s that is not there was taken", name)
		}
	}
}

func TestScanner(t *testing.T) {
	t.Parallel()
	s := scanner{text: []byte(`["a]\"\\", 1.5, [[1], {"x": "}"}], null, true, []]`)}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for s.more() {
		v, err := s.value()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(v))
	}
	if want := `"a]\"\\" | 1.5 | [[1], {"x": "}"}] | null | true | []`; strings.Join(got, " | ") != want {
		t.Errorf("got %s", strings.Join(got, " | "))
	}
	for _, broken := range []string{``, `[`, `["a`, `{`, `]`} {
		s := scanner{text: []byte(broken)}
		if err := s.open(); err == nil {
			if _, err := s.value(); err == nil && s.closed() == nil {
				t.Errorf("%q was read to its end", broken)
			}
		}
	}
}

// FuzzScanner: whatever comes, the scanner ends and stays within its text.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{`[1, "a", [null]]`, `["\\`, `[[[`, `[}`, `[,,,]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := scanner{text: text}
		if s.open() != nil {
			return
		}
		for s.more() {
			before := s.at
			if v, err := s.value(); err != nil || len(v) == 0 || s.at <= before {
				return
			}
		}
		if s.at > len(text) {
			t.Fatalf("it stands at %d of %d", s.at, len(text))
		}
	})
}

// TestTextsAreEscapedAsGqlgenDoes: PostgreSQL knows shorter escapes.
func TestTextsAreEscapedAsGqlgenDoes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"plain 云"`: "plain 云", `"a\bb\fc"`: "a\bb\fc", `"\"\\\n\t"`: "\"\\\n\t", `"\u0001"`: "\u0001",
	} {
		var got, wanted bytes.Buffer
		if err := text(&got, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		graphql.MarshalString(want).MarshalGQL(&wanted)
		if got.String() != wanted.String() {
			t.Errorf("%s is written %s, want %s", raw, got.String(), wanted.String())
		}
	}
}

// TestPlansDependOnConditionsAlone: a plan is made once for each set of values that @include and @skip ask for.
func TestPlansDependOnConditionsAlone(t *testing.T) {
	t.Parallel()
	c := testCatalogue(t)
	doc, errs := gqlparser.LoadQueryWithRules(c.schema, `query($a: Boolean!, $id: ID!) { customer(id: $id) { id ...F } } fragment F on Customer { name @include(if: $a) }`, nil)
	if errs != nil {
		t.Fatal(errs)
	}
	field := doc.Operations[0].SelectionSet[0].(*ast.Field)
	made := 0
	p := &plans{most: 4}
	for _, v := range []map[string]any{{"a": true, "id": "1"}, {"a": true, "id": "2"}, {"a": false, "id": "1"}, {"a": true, "id": "3"}} {
		oc := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: v}
		if _, err := p.get(oc, field, "", func() (*plan, error) { made++; return &plan{}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if made != 2 {
		t.Errorf("%d plans were made", made)
	}
}

// TestValuesAreWhatGqlgenBindsTo: exported fields and methods, by the name of the schema's field.
func TestValuesAreWhatGqlgenBindsTo(t *testing.T) {
	t.Parallel()
	sum := money.Of(1250, money.CNY)
	for name, want := range map[string]string{"amount": "12.50", "currency": "CNY"} {
		for _, v := range []any{sum, &sum} {
			got, err := memberOf(reflect.ValueOf(v), name)
			if err != nil || fmt.Sprint(got.Interface()) != want {
				t.Errorf("%s of %T is %v, %v", name, v, got, err)
			}
		}
	}
	if _, err := memberOf(reflect.ValueOf(sum), "minorUnits"); err == nil {
		t.Error("a field that there is not was found")
	}
}
