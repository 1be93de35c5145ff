package customers_test

import (
	"context"
	"testing"

	"heyue/domain/customers"
	"heyue/domain/numbers"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.Company
	service *customers.Service
}

func open(t *testing.T) world {
	t.Helper()
	w := fixture.NewCompany(t)
	return world{w, &customers.Service{
		Client: w.Client, Policies: w.Policies, Audit: w.Audit, Codes: w.Codes, Numbers: numbers.Counters{}, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock,
	}}
}

// customer makes one of ctx's caller.
func (w world) customer(t *testing.T, ctx context.Context, name string) *ent.Customer {
	t.Helper()
	c, err := w.service.Create(ctx, draft(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func draft(name string) customers.Draft {
	return customers.Draft{Details: customers.Details{Name: &name}}
}

func change(c *ent.Customer, d customers.Details, clear ...customers.Clearable) customers.Change {
	return customers.Change{ID: c.ID, ExpectedVersion: c.Version, Clear: clear, Details: d}
}

func target(c *ent.Customer) customers.Target {
	return customers.Target{ID: c.ID, ExpectedVersion: c.Version}
}

// audited counts the entries about a customer with an action.
func (w world) audited(t *testing.T, c *ent.Customer, action string) int {
	t.Helper()
	n, err := w.Client.AuditEntry.Query().Where(auditentry.ObjectID(c.ID.UUID()), auditentry.Object("customer"), auditentry.Action(action)).Count(w.Acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ptr[T any](v T) *T { return &v }
