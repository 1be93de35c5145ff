package mask_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/policies/mask"
)

func TestTheRecordIsClosedUnlessSomebodyLooked(t *testing.T) {
	t.Parallel()
	for at, want := range map[[2]string]struct {
		fields []string
		known  bool
	}{
		{"customer", "credit_code"}:     {[]string{"customer.creditCode"}, true},
		{"customer", "name"}:            {nil, true},
		{"customer", "custom"}:          {[]string{"customer.custom.*"}, true},
		{"customer", "added_later"}:     {nil, false},
		{"contract", "amount_minor"}:    {[]string{"contract.amount"}, true},
		{"contract", "allocated_minor"}: {[]string{"contract.amount", "contract.payments"}, true},
		{"payment", "note"}:             {[]string{"contract.amount", "contract.payments"}, true},
		{"role", "anything"}:            {nil, true},
		{"added_later", "name"}:         {nil, false},
	} {
		fields, known := mask.Tells(at[0], at[1])
		if diff := cmp.Diff(want.fields, fields); diff != "" || known != want.known {
			t.Errorf("%v: known %v %s", at, known, diff)
		}
	}
}
