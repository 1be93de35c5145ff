package walls

import (
	"context"
	"errors"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/customer"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// Each wall is tested with the others taken away.

// two is a world with a customer in each of two tenants.
type two struct {
	*fixture.World
	ours, theirs   *fixture.Tenant
	mine, stranger *ent.Customer
}

func newTwo(t *testing.T) two {
	t.Helper()
	w := fixture.New(t)
	x := two{World: w, ours: w.Tenant(t, "ours"), theirs: w.Tenant(t, "theirs")}
	x.mine, x.stranger = x.customer(t, x.ours), x.customer(t, x.theirs)
	return x
}

func (x two) customer(t *testing.T, tn *fixture.Tenant) (c *ent.Customer) {
	t.Helper()
	x.Write(t, tn.Ctx, func(tx *ent.Tx) (err error) {
		c, err = tx.Customer.Create().SetName(tn.Slug).SetCode("C1").Save(tn.Ctx)
		return err
	})
	return c
}

// sees fails unless client shows exactly our customer and refuses to touch the other.
func (x two) sees(t *testing.T, client *ent.Client) {
	t.Helper()
	ctx := x.ours.Ctx
	all, err := client.Customer.Query().All(ctx)
	if err != nil || len(all) != 1 || all[0].ID != x.mine.ID {
		t.Fatalf("a list shows %v, %v", all, err)
	}
	if _, err := client.Customer.Get(ctx, x.stranger.ID); !ent.IsNotFound(err) {
		t.Errorf("a lookup of the other tenant's row: %v", err)
	}
	if n, err := client.Customer.Update().SetName("taken").Save(ctx); err != nil || n != 1 {
		t.Errorf("an update of everything reached %d rows, %v", n, err)
	}
	if n, err := client.Customer.Delete().Where(customer.ID(x.stranger.ID)).Exec(ctx); err != nil || n != 0 {
		t.Errorf("a delete reached %d rows, %v", n, err)
	}
	if got, err := x.Client.Customer.Get(x.theirs.Ctx, x.stranger.ID); err != nil || got.Name != "theirs" {
		t.Errorf("the other tenant's row is %v, %v", got, err)
	}
}

func TestRowSecurityHoldsWithoutTheGuard(t *testing.T) {
	t.Parallel()
	x := newTwo(t)
	x.sees(t, ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, x.Pool))))
}

func TestTheGuardHoldsWithoutRowSecurity(t *testing.T) {
	t.Parallel()
	x := newTwo(t)
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.Postgres, pgtest.Open(t, x.DB.SuperDSN))))
	tenancy.Guard(client)
	x.sees(t, client)
}

func TestRowSecurityHoldsWhereTheGuardDoesNotReach(t *testing.T) {
	t.Parallel()
	x := newTwo(t)
	ctx := x.ours.Ctx
	x.Write(t, x.theirs.Ctx, func(tx *ent.Tx) error {
		return tx.Contact.Create().SetCustomerID(x.stranger.ID).SetName("theirs").Exec(x.theirs.Ctx)
	})
	n, err := x.Client.Contact.Query().Where(contact.HasCustomerWith(customer.Name("theirs"))).Count(ctx)
	if err != nil || n != 0 {
		t.Errorf("a filter through an edge found %d contacts of the other tenant, %v", n, err)
	}
	rows, err := x.Client.QueryContext(ctx, `SELECT count(*) FROM customers`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var count int
	if rows.Next() {
		err = rows.Scan(&count)
	}
	if err := errors.Join(err, rows.Err()); err != nil || count != 1 {
		t.Errorf("SQL by hand counts %d customers, %v", count, err)
	}
}

func TestNoRowPointsIntoAnotherTenant(t *testing.T) {
	t.Parallel()
	x := newTwo(t)
	// As a superuser, whom neither the guard nor row security stops.
	db := pgtest.Open(t, x.DB.SuperDSN)
	_, err := db.ExecContext(t.Context(), `INSERT INTO contacts (id, tenant_id, customer_id, name, created_at, updated_at) VALUES ($1, $2, $3, 'x', now(), now())`,
		publicid.NewContactID(), x.ours.ID, x.stranger.ID)
	if _, ok := tenancy.ForeignKeyViolation(err); !ok {
		t.Errorf("a contact of ours at a customer of theirs: %v", err)
	}
}

func TestNothingHappensWithoutATenant(t *testing.T) {
	t.Parallel()
	x := newTwo(t)
	ctx := context.WithoutCancel(t.Context())
	if _, err := x.Client.Customer.Query().All(ctx); !errors.Is(err, tenancy.ErrNoTenant) {
		t.Errorf("a query: %v", err)
	}
	if err := x.Client.Customer.Create().SetName("x").SetCode("x").Exec(ctx); !errors.Is(err, tenancy.ErrNoTenant) {
		t.Errorf("a create: %v", err)
	}
	if _, err := x.Client.Tx(ctx); !errors.Is(err, tenancy.ErrNoTenant) {
		t.Errorf("a transaction: %v", err)
	}
	if _, err := x.System.QueryContext(x.ours.Ctx, `SELECT 1`); !errors.Is(err, tenancy.ErrSystemPool) {
		t.Errorf("the system pool with a tenant: %v", err)
	}
	if _, err := x.System.QueryContext(ctx, `SELECT name FROM customers`); err == nil {
		t.Error("the system role read customers")
	}
}
