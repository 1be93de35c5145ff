package tenancy

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/intercept"
)

// Guard is the second wall (tenancy.md D2): every query that ent builds compares tenant_id with the context's
// tenant, which also gives the planner the value, and every mutation stamps or compares it. The row policies in
// the database hold even where ent's hooks do not reach (tenancy.md 1.2). A context without a tenant is an
// error before any SQL is built.
func Guard(client *ent.Client) {
	client.Intercept(intercept.TraverseFunc(func(ctx context.Context, q intercept.Query) error {
		id, ok := From(ctx)
		if !ok {
			return ErrNoTenant
		}
		key := column
		if q.Type() == ent.TypeTenant {
			key = "id"
		}
		q.WhereP(func(s *sql.Selector) { s.Where(sql.EQ(s.C(key), id)) })
		return nil
	}))
	client.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			id, ok := From(ctx)
			if !ok {
				return nil, ErrNoTenant
			}
			if err := stamp(m, id); err != nil {
				return nil, err
			}
			v, err := next.Mutate(ctx, m)
			if err == nil {
				note(ctx, m)
			}
			return v, err
		})
	})
}

// stamp sets tenant_id on a create and narrows everything else to the tenant's rows.
func stamp(m ent.Mutation, id int64) error {
	key := column
	if m.Type() == ent.TypeTenant {
		key = "id"
	}
	if m.Op().Is(ent.OpCreate) {
		if key == "id" {
			return nil // its own id is the tenant; the row policy compares it
		}
		return m.SetField(column, id)
	}
	w, ok := m.(interface{ WhereP(...func(*sql.Selector)) })
	if !ok {
		return fmt.Errorf("tenancy: %s mutations cannot be narrowed to a tenant", m.Type())
	}
	w.WhereP(func(s *sql.Selector) { s.Where(sql.EQ(s.C(key), id)) })
	return nil
}
