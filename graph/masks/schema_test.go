package masks

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"heyue/graph/generated"
	"heyue/policies/mask"
)

// free are the elements that carry sums and are nobody's field of the catalogue: parts of values of the tenant's own
// fields, which hide as a whole, and of texts, which do too.
var free = []string{
	"CustomValue.money", "CustomValueInput.money", "CustomFilter.money", "SlotValue.money", "SlotValueInput.money",
	"BillEditLine.amount", "BillEditEntry.amount", "BillEditAllocation.amount", // BillEdit.before and after hide them as a whole
	"PaymentRequestContent.amount", "PaymentRequestAllocation.amount", // as PaymentRequest.content does
	"ContractMoneyDifference.before", "ContractMoneyDifference.after", "ContractMoneyDifference.difference", // ContractDiff.money does
}

func schema() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() }

// TestTheSchemaNamesWhatThereIs: what the SDL says is shown is in the catalogue, and what is in the catalogue is shown by
// something.
func TestTheSchemaNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	shownSomewhere := map[string]bool{}
	for _, e := range elements(schema()) {
		for _, name := range e.shows {
			object, field, _ := strings.Cut(name, ".")
			switch {
			case field == "custom.*" && slices.Contains(mask.Customised(), object):
			case !mask.Known(mask.Field{Object: object, Name: field}):
				t.Errorf("%s shows %q, which no role can be kept from", e.name, name)
			}
			shownSomewhere[name] = shownSomewhere[name] || e.output
		}
	}
	for _, f := range mask.All() {
		if !shownSomewhere[f.String()] {
			t.Errorf("nothing in the SDL says that it shows %s", f)
		}
	}
}

// TestWhatCanBeMaskedCanBeNull: a non-null output would turn its parent into null, and that would tell.
func TestWhatCanBeMaskedCanBeNull(t *testing.T) {
	t.Parallel()
	for _, e := range elements(schema()) {
		if e.output && len(e.shows) > 0 && e.nonNull {
			t.Errorf("%s can be masked and must be nullable", e.name)
		}
	}
}

// TestNoOutletIsLeftOut: what an object shows is marked alike where it is selected, sorted and written by.
func TestNoOutletIsLeftOut(t *testing.T) {
	t.Parallel()
	marked := map[string][]string{}
	all := elements(schema())
	for _, e := range all {
		marked[e.name] = e.shows
	}
	checked := 0
	for _, e := range all {
		typ, field, _ := strings.Cut(e.name, ".")
		if !e.output || len(e.shows) == 0 {
			continue
		}
		for _, other := range []string{typ + "Filter." + field, typ + "Input." + field, typ + "CreateInput." + field, typ + "UpdateInput." + field, typ + "SortField." + upper(field)} {
			if shows, ok := marked[other]; ok {
				checked++
				if !slices.ContainsFunc(shows, func(s string) bool { return slices.Contains(e.shows, s) }) {
					t.Errorf("%s shows %v, and %s does not say so", e.name, e.shows, other)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d outlets were looked at", checked)
	}
}

// TestEverySumIsMarked: sums are what is masked most, so one that is added without a mark is a mistake.
func TestEverySumIsMarked(t *testing.T) {
	t.Parallel()
	sums := []string{"Money", "MoneyInput", "MoneyFilter"}
	for _, e := range elements(schema()) {
		if slices.Contains(sums, e.typ) && len(e.shows) == 0 && !slices.Contains(free, e.name) {
			t.Errorf("%s is a sum and does not say what it shows", e.name)
		}
	}
}

// element is an output field, an input field, an argument or a value of an enum.
type element struct {
	name    string // Type.field, Type.field.argument, Enum.VALUE
	typ     string
	output  bool
	nonNull bool
	shows   []string
}

func elements(s *ast.Schema) []element {
	var out []element
	for _, def := range s.Types {
		if def.BuiltIn {
			continue
		}
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			out = append(out, element{name, f.Type.Name(), def.Kind == ast.Object || def.Kind == ast.Interface, f.Type.NonNull, shown(f.Directives)})
			for _, a := range f.Arguments {
				out = append(out, element{name + "." + a.Name, a.Type.Name(), false, a.Type.NonNull, shown(a.Directives)})
			}
		}
		for _, v := range def.EnumValues {
			out = append(out, element{name: def.Name + "." + v.Name, shows: shown(v.Directives)})
		}
	}
	return out
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func upper(name string) string { return strings.ToUpper(hump.ReplaceAllString(name, "${1}_${2}")) }
