package lifecycle

import (
	"testing"

	"heyue/platform/fault"
)

func TestOnlyAVehicleContractWaitsForTheCustomer(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		if err := MaySubmit(k, true); err != nil {
			t.Errorf("%s with the customer's consent: %v", k, err)
		}
		err := MaySubmit(k, false)
		if (err != nil) != (k == Vehicle) {
			t.Errorf("%s without the customer's consent: %v", k, err)
		}
		if err != nil && fault.KindOf(err) != fault.State {
			t.Errorf("%s: %v is not a State fault", k, err)
		}
	}
}

func TestSigning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		signed, parties int
		want            Event
	}{
		{1, 2, Sign}, {2, 2, SignLast}, {2, 3, Sign}, {3, 3, SignLast},
		{0, 2, ""}, {3, 2, ""}, {-1, 2, ""}, {1, 1, ""}, {1, 0, ""},
	} {
		got, err := Signing(c.signed, c.parties)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Signing(%d, %d) = %q, %v; want %q", c.signed, c.parties, got, err, c.want)
		}
	}
}

func TestKindCodesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]Kind{}
	for _, k := range Kinds() {
		if other, ok := seen[k.Code()]; ok || len(k.Code()) != 2 {
			t.Errorf("%s has the code %q, shared with %q", k, k.Code(), other)
		}
		seen[k.Code()] = k
	}
}

func TestUsualDirection(t *testing.T) {
	t.Parallel()
	want := map[Kind]Direction{
		Sales: "RECEIVABLE", Purchase: "PAYABLE", Service: "RECEIVABLE", Vehicle: "RECEIVABLE", Lease: "RECEIVABLE",
		Engineering: "RECEIVABLE", Confidentiality: "NONE", Framework: "NONE", Other: "RECEIVABLE",
	}
	for _, k := range Kinds() {
		if got := k.UsualDirection(); got != want[k] {
			t.Errorf("%s: %s, want %s", k, got, want[k])
		}
	}
}
