package publicid

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"heyue/platform/fault"
)

func TestPublicFormRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		s := ContractID(u).String()
		got, err := ParseContractID(s)
		if err != nil || got.UUID() != u || len(s) != 30 {
			t.Fatalf("%x -> %q -> %x, %v", u, s, got, err)
		}
		any, err := ParseAny(s)
		if err != nil || any.Prefix != "con" || any.UUID != u {
			t.Fatalf("ParseAny(%q) = %v, %v", s, any, err)
		}
	})
}

func TestPublicFormKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "a"))
		b := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "b"))
		if strings.Compare(a.String(), b.String()) != strings.Compare(Format("con", a), Format("con", b)) {
			t.Fatalf("order of %s and %s differs", a, b)
		}
	})
}

func TestForeignIDsAreRefused(t *testing.T) {
	t.Parallel()
	good := NewContactID().String()
	for _, s := range []string{
		good, strings.ToUpper(good), "", "con", "con_", "con_" + strings.Repeat("8", 26), "con_" + strings.Repeat("l", 26),
		"con_" + strings.Repeat("0", 25), "con_" + strings.Repeat("0", 27), "xxx_" + strings.Repeat("0", 26), uuid.NewString(),
	} {
		_, err := ParseContractID(s)
		if l := fault.All(err); len(l) != 1 || l[0].Code != fault.CodeInvalidID {
			t.Errorf("ParseContractID(%q) = %v, want INVALID_ID", s, err)
		}
	}
	var id ContractID
	if err := id.UnmarshalGQL(int64(7)); fault.All(err) == nil {
		t.Errorf("a number was taken for an id")
	}
}

func TestAnyIsEveryKindOfID(t *testing.T) {
	t.Parallel()
	for _, id := range []fmt.Stringer{NewCustomerID(), NewUserID(), NewAuditEntryID()} {
		var a Any
		if err := a.UnmarshalGQL(id.String()); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		a.MarshalGQL(&b)
		if v, err := a.Value(); b.String() != `"`+id.String()+`"` || a.String() != id.String() || err != nil || v != a.UUID.String() {
			t.Errorf("%s became %s, %v, %v", id, b.String(), v, err)
		}
	}
	for _, v := range []any{nil, 7, "", "xyz_01k00000000000000000000000", "cus_01k", "cus"} {
		if err := new(Any).UnmarshalGQL(v); fault.KindOf(err) != fault.BadRequest {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// FuzzParseAny: what is read as an id is the id's one spelling.
func FuzzParseAny(f *testing.F) {
	for _, s := range []string{NewCustomerID().String(), "", "cus_", "cus_7zzzzzzzzzzzzzzzzzzzzzzzzz", "cus_8zzzzzzzzzzzzzzzzzzzzzzzzz", "CUS_01k00000000000000000000000", "cus_\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAny(s)
		if err != nil {
			if fault.KindOf(err) != fault.BadRequest {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if a.String() != s {
			t.Errorf("%q is another spelling of %s", s, a)
		}
	})
}
