package contacts_test

import (
	"context"
	"fmt"
	"testing"

	"heyue/domain/contacts"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// world has a customer of Alice in City, one of Bob there, one of nobody in South, and one of another tenant.
type world struct {
	*fixture.Company
	service                       *contacts.Service
	alices, bobs, souths, foreign publicid.CustomerID
	aliceID, bobID                publicid.UserID
	made                          *int
}

func open(t *testing.T) world {
	t.Helper()
	w := world{Company: fixture.NewCompany(t), made: new(int)}
	w.service = &contacts.Service{Client: w.Client, Policies: w.Policies, Audit: w.Audit, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock}
	w.aliceID, w.bobID = fixture.Caller(t, w.Alice).UserID, fixture.Caller(t, w.Bob).UserID
	w.alices = w.customer(t, w.Acme, "Alice's", &w.aliceID, &w.City)
	w.bobs = w.customer(t, w.Acme, "Bob's", &w.bobID, &w.City)
	w.souths = w.customer(t, w.Acme, "South's", nil, &w.South)
	w.foreign = w.customer(t, w.Globex, "foreign", nil, nil)
	return w
}

// customer makes a customer, whose own use cases are another package's.
func (w world) customer(t *testing.T, tn *fixture.Tenant, name string, owner *publicid.UserID, department *publicid.DepartmentID) publicid.CustomerID {
	t.Helper()
	*w.made++
	var c *ent.Customer
	w.Write(t, tn.Ctx, func(tx *ent.Tx) (err error) {
		c, err = tx.Customer.Create().SetName(name).SetShortName("short " + name).SetCode(fmt.Sprint(*w.made)).
			SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(tn.Ctx)
		return err
	})
	return c.ID
}

func (w world) archiveCustomer(t *testing.T, id publicid.CustomerID) {
	t.Helper()
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Customer.UpdateOneID(id).SetArchivedAt(w.Clock.Now()).Exec(w.Acme.Ctx)
	})
}

func (w world) contact(t *testing.T, ctx context.Context, of publicid.CustomerID, name string) *ent.Contact {
	t.Helper()
	c, err := w.service.Create(ctx, contacts.Draft{CustomerID: of, Details: contacts.Details{Name: &name}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func change(c *ent.Contact, d contacts.Details, clear ...contacts.Clearable) contacts.Change {
	return contacts.Change{ID: c.ID, ExpectedVersion: c.Version, Clear: clear, Details: d}
}

func target(c *ent.Contact) contacts.Target {
	return contacts.Target{ID: c.ID, ExpectedVersion: c.Version}
}

// audited counts the entries about a contact with an action.
func (w world) audited(t *testing.T, c *ent.Contact, action string) int {
	t.Helper()
	n, err := w.Client.AuditEntry.Query().Where(auditentry.ObjectID(c.ID.UUID()), auditentry.Object("contact"), auditentry.Action(action)).Count(w.Acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ptr[T any](v T) *T { return &v }
