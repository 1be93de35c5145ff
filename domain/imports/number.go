package imports

import (
	"context"
	"fmt"

	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/platform/date"
)

// Number gives customers without a code and contracts without a number the next ones of the tenant, in the order of
// the rows, as one entered by hand today would get. The counters are locked until tx ends, so call it last before Put.
func (r Rows) Number(ctx context.Context, tx *ent.Tx, numbers Numbers, s settings.Settings, today date.Date) error {
	var fresh []*ent.Customer
	for _, c := range r.Customers {
		if c.Code == "" {
			fresh = append(fresh, c)
		}
	}
	if len(fresh) > 0 {
		next, err := numbers.Take(ctx, tx, "customer", "", len(fresh))
		if err != nil {
			return err
		}
		for i, c := range fresh {
			c.Code = fmt.Sprintf("C%06d", next+int64(i))
		}
	}
	byCounter := map[string][]*ent.Contract{}
	var order []string
	for _, c := range r.Contracts {
		if c.Number != "" {
			continue
		}
		rule, err := s.NumberRule(c.Kind)
		if err != nil {
			return err
		}
		counter, err := rule.Counter(today, c.Kind.Code())
		if err != nil {
			return err
		}
		if byCounter[counter] == nil {
			order = append(order, counter)
		}
		byCounter[counter] = append(byCounter[counter], c)
	}
	for _, counter := range order {
		if err := take(ctx, tx, numbers, s, today, counter, byCounter[counter]); err != nil {
			return err
		}
	}
	return nil
}

func take(ctx context.Context, tx *ent.Tx, numbers Numbers, s settings.Settings, today date.Date, counter string, rows []*ent.Contract) error {
	next, err := numbers.Take(ctx, tx, "contract", counter, len(rows))
	if err != nil {
		return err
	}
	for i, c := range rows {
		rule, err := s.NumberRule(c.Kind)
		if err != nil {
			return err
		}
		if c.Number, err = rule.Render(today, c.Kind.Code(), next+int64(i)); err != nil {
			return err
		}
	}
	return nil
}
