package contracts

import (
	"testing"

	"heyue/platform/fault"
)

// TestPartsHaveLimits holds for each list of a contract: as many as docs/api.md says, and not one more.
func TestPartsHaveLimits(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]struct {
		most int
		with func(d *Details, n int)
	}{
		"parties":     {20, func(d *Details, n int) { d.Parties = many(n, Party{}) }},
		"lines":       {500, func(d *Details, n int) { d.Lines = many(n, Line{}) }},
		"paymentPlan": {120, func(d *Details, n int) { d.PaymentPlan = many(n, Instalment{}) }},
		"milestones":  {200, func(d *Details, n int) { d.Milestones = many(n, Milestone{}) }},
		"documents":   {200, func(d *Details, n int) { d.Documents = many(n, Document{}) }},
	} {
		for _, n := range []int{c.most, c.most + 1} {
			var d Details
			c.with(&d, n)
			var check fault.Check
			d.check(&check)
			refused := false
			for _, f := range fault.All(check.Err()) {
				refused = refused || f.Code == fault.LimitReached && len(f.Field) == 1 && f.Field[0] == field
			}
			if refused != (n > c.most) {
				t.Errorf("%d %s: refused is %v", n, field, refused)
			}
		}
	}
}

func many[T any](n int, one T) []*T {
	list := make([]*T, n)
	for i := range list {
		list[i] = &one
	}
	return list
}
