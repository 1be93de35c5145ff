package service_test

import (
	"context"
	"fmt"
	"testing"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/service"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// party is a customer with a contact and a contract.
type party struct {
	customer publicid.CustomerID
	contact  publicid.ContactID
	contract publicid.ContractID
}

// world has a customer of Alice in City, one of Bob there, and one of another tenant.
type world struct {
	*fixture.Company
	service               *service.Service
	alices, bobs, foreign party
	aliceID, bobID        publicid.UserID
	made                  *int
}

func open(t *testing.T) world {
	t.Helper()
	w := world{Company: fixture.NewCompany(t), made: new(int)}
	w.service = &service.Service{Client: w.Client, Policies: w.Policies, Audit: w.Audit, Codes: w.Codes, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock}
	w.aliceID, w.bobID = fixture.Caller(t, w.Alice).UserID, fixture.Caller(t, w.Bob).UserID
	w.alices = w.party(t, w.Acme, "Alice's", &w.aliceID, &w.City)
	w.bobs = w.party(t, w.Acme, "Bob's", &w.bobID, &w.City)
	w.foreign = w.party(t, w.Globex, "foreign", nil, nil)
	return w
}

// party makes what other packages' use cases make.
func (w world) party(t *testing.T, tn *fixture.Tenant, name string, owner *publicid.UserID, department *publicid.DepartmentID) party {
	t.Helper()
	*w.made++
	var p party
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		c, err := tx.Customer.Create().SetName(name).SetCode(fmt.Sprint(*w.made)).SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(tn.Ctx)
		if err != nil {
			return err
		}
		person, err := tx.Contact.Create().SetCustomerID(c.ID).SetName(name).Save(tn.Ctx)
		if err != nil {
			return err
		}
		paper, err := tx.Contract.Create().SetCustomerID(c.ID).SetNumber(fmt.Sprint(*w.made)).SetTitle(name).SetKind(lifecycle.Kinds()[0]).
			SetDirection(lifecycle.Receivable).SetCurrency("CNY").SetNillableOwnerID(owner).SetNillableDepartmentID(department).Save(tn.Ctx)
		if err != nil {
			return err
		}
		p = party{c.ID, person.ID, paper.ID}
		return nil
	})
	return p
}

// details are what every record needs, for a customer.
func details(p party) service.Details {
	return service.Details{CustomerID: &p.customer, ServiceType: ptr("ON_SITE"), Content: ptr("repaired")}
}

func (w world) record(t *testing.T, ctx context.Context, d service.Details) *ent.ServiceRecord {
	t.Helper()
	r, err := w.service.Create(ctx, service.Draft{Details: d})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func change(r *ent.ServiceRecord, d service.Details, clear ...service.Clearable) service.Change {
	return service.Change{ID: r.ID, ExpectedVersion: r.Version, Clear: clear, Details: d}
}

func target(r *ent.ServiceRecord) service.Target {
	return service.Target{ID: r.ID, ExpectedVersion: r.Version}
}

// audited counts the entries about a record with an action.
func (w world) audited(t *testing.T, r *ent.ServiceRecord, action string) int {
	t.Helper()
	n, err := w.Client.AuditEntry.Query().Where(auditentry.ObjectID(r.ID.UUID()), auditentry.Object("service_record"), auditentry.Action(action)).Count(w.Acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func day(s string) *date.Date { return ptr(date.MustParse(s)) }

func ptr[T any](v T) *T { return &v }
