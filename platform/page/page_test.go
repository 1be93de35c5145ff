package page

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"heyue/platform/fault"
)

func ptr[T any](v T) *T { return &v }

func TestWindow(t *testing.T) {
	t.Parallel()
	limits := Limits{Default: 20, Max: 100}
	for name, c := range map[string]struct {
		args Args
		want Window
		bad  bool
	}{
		"default":          {Args{}, Window{Size: 20}, false},
		"first":            {Args{First: ptr(5), After: ptr("x")}, Window{Size: 5, Cursor: "x"}, false},
		"last":             {Args{Last: ptr(100)}, Window{Size: 100, Backward: true}, false},
		"before alone":     {Args{Before: ptr("x")}, Window{Size: 20, Backward: true, Cursor: "x"}, false},
		"zero":             {Args{First: ptr(0)}, Window{}, true},
		"negative":         {Args{Last: ptr(-1)}, Window{}, true},
		"too many":         {Args{First: ptr(101)}, Window{}, true},
		"both directions":  {Args{First: ptr(1), Last: ptr(1)}, Window{}, true},
		"mixed directions": {Args{First: ptr(1), Before: ptr("x")}, Window{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.args.Window(limits)
			if (err != nil) != c.bad || got != c.want {
				t.Errorf("got %+v, %v", got, err)
			}
			if c.bad && fault.KindOf(err) != fault.BadRequest {
				t.Errorf("fault is %v", err)
			}
		})
	}
}

func TestCursorOpensOnlyWhereItWasMade(t *testing.T) {
	t.Parallel()
	s, err := NewSealer([64]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewSealer([64]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	here := Binding{Tenant: 7, Purpose: []byte("customers")}
	want := Position{Keys: []json.RawMessage{[]byte(`"云汇"`)}, ID: uuid.Must(uuid.NewV7())}
	sealed, err := s.Seal(here, want)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := s.Seal(here, want); again != sealed {
		t.Errorf("the same position sealed twice differs")
	}
	var got Position
	if err := s.Open(here, sealed, &got); err != nil || got.ID != want.ID || string(got.Keys[0]) != string(want.Keys[0]) {
		t.Fatalf("opened %v, %v", got, err)
	}
	flipped := []byte(sealed)
	flipped[len(flipped)/2] ^= 1
	for name, err := range map[string]error{
		"another tenant":  s.Open(Binding{8, here.Purpose}, sealed, &got),
		"another list":    s.Open(Binding{7, []byte("contracts")}, sealed, &got),
		"another key":     other.Open(here, sealed, &got),
		"a flipped bit":   s.Open(here, string(flipped), &got),
		"an empty cursor": s.Open(here, "", &got),
		"no base64":       s.Open(here, "中文", &got),
	} {
		if l := fault.All(err); len(l) != 1 || l[0].Code != fault.CodeInvalidCursor {
			t.Errorf("%s: %v, want INVALID_CURSOR", name, err)
		}
	}
}

// FuzzOpen: nothing opens but what was sealed here, and that gives what was sealed.
func FuzzOpen(f *testing.F) {
	s, err := NewSealer([64]byte{1})
	if err != nil {
		f.Fatal(err)
	}
	here := Binding{Tenant: 7, Purpose: []byte("customers")}
	sealed, err := s.Seal(here, "x")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{sealed, sealed[1:], sealed + "A", "", "====", "中文"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := s.Open(here, text, &got); err == nil && text != sealed {
			t.Errorf("%q opens as %q", text, got)
		}
		again, err := s.Seal(here, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Open(here, again, &got); err != nil || utf8.ValidString(text) && got != text {
			t.Errorf("%q comes back as %q, %v", text, got, err)
		}
	})
}
