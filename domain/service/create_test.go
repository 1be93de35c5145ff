package service_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"heyue/domain/service"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.record(t, w.Alice, details(w.alices))
	if r.CustomerID != w.alices.customer || r.ContactID != nil || r.ContractID != nil || r.ServedOn != *day("2026-06-15") || r.Satisfaction != nil ||
		*r.OwnerID != w.aliceID || *r.DepartmentID != w.City || r.Version != 1 || w.audited(t, r, "create") != 1 {
		t.Errorf("made %v", r)
	}
	d := details(w.alices)
	d.ContactID, d.ContractID, d.ServedOn, d.Satisfaction, d.Feedback = &w.alices.contact, &w.alices.contract, day("2026-01-02"), ptr(5), ptr(" thanks ")
	d.OwnerID, d.DepartmentID = &w.bobID, &w.South
	full := w.record(t, w.Admin, d)
	got, err := w.service.Lookup(w.Bob, full.ID)
	fixture.Want(t, "its owner reads it", err)
	if got == nil || *got.ContactID != w.alices.contact || *got.ContractID != w.alices.contract || got.ServedOn.String() != "2026-01-02" || *got.Satisfaction != 5 ||
		got.Feedback != "thanks" || *got.DepartmentID != w.South {
		t.Errorf("made %v", got)
	}
}

// TestTodayIsTheTenants: in Shanghai the next day has begun while it is still today in UTC.
func TestTodayIsTheTenants(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Clock.Set(fixture.Start().Add(16 * time.Hour)) // 17:00 UTC, 01:00 in Shanghai
	if r := w.record(t, w.Alice, details(w.alices)); r.ServedOn != *day("2026-06-16") {
		t.Errorf("served on %v", r.ServedOn)
	}
	d := details(w.alices)
	d.ServedOn = day("2026-06-17")
	_, err := w.service.Create(w.Alice, service.Draft{Details: d})
	fixture.Want(t, "tomorrow", err, "servedOn OUT_OF_RANGE")
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	gone := w.party(t, w.Acme, "gone", &w.aliceID, &w.City)
	quiet := w.party(t, w.Acme, "quiet", &w.aliceID, &w.City)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		now := w.Clock.Now()
		if err := tx.Customer.UpdateOneID(gone.customer).SetArchivedAt(now).Exec(w.Acme.Ctx); err != nil {
			return err
		}
		if err := tx.Contract.UpdateOneID(quiet.contract).SetArchivedAt(now).Exec(w.Acme.Ctx); err != nil {
			return err
		}
		return tx.Contact.UpdateOneID(quiet.contact).SetArchivedAt(now).Exec(w.Acme.Ctx)
	})
	stranger := fixture.Caller(t, w.Stranger).UserID
	for what, c := range map[string]struct {
		ctx    context.Context
		edit   func(d *service.Details)
		faults []string
	}{
		"no permission":    {w.Nobody, func(*service.Details) {}, []string{"FORBIDDEN"}},
		"only reading":     {w.Finance, func(*service.Details) {}, []string{"FORBIDDEN"}},
		"nobody signed in": {w.Acme.Ctx, func(*service.Details) {}, []string{"UNAUTHENTICATED"}},
		"nothing":          {w.Admin, func(d *service.Details) { *d = service.Details{} }, []string{"customerId REQUIRED", "serviceType REQUIRED", "content REQUIRED"}},
		"everything at once": {w.Admin, func(d *service.Details) {
			*d = service.Details{CustomerID: d.CustomerID, ServiceType: ptr(strings.Repeat("x", 65)), ServedOn: day("2026-06-16"), Content: ptr(strings.Repeat("字", 4001)), Satisfaction: ptr(6), Feedback: ptr(strings.Repeat("字", 2001))}
		}, []string{"serviceType TOO_LONG", "servedOn OUT_OF_RANGE", "content TOO_LONG", "satisfaction OUT_OF_RANGE", "feedback TOO_LONG"}},
		"blanks and zeros": {w.Admin, func(d *service.Details) {
			*d = service.Details{CustomerID: d.CustomerID, ServiceType: ptr(" "), ServedOn: &date.Date{}, Content: ptr(""), Satisfaction: ptr(0)}
		}, []string{"serviceType REQUIRED", "servedOn OUT_OF_RANGE", "content REQUIRED", "satisfaction OUT_OF_RANGE"}},
		"an unknown type":           {w.Alice, func(d *service.Details) { d.ServiceType = ptr("SINGING") }, []string{"serviceType UNKNOWN_VALUE"}},
		"another seller's customer": {w.Alice, func(d *service.Details) { d.CustomerID = &w.bobs.customer }, []string{"customerId NOT_FOUND"}},
		"another tenant's customer": {w.Admin, func(d *service.Details) { d.CustomerID = &w.foreign.customer }, []string{"customerId NOT_FOUND"}},
		"no customer's id":          {w.Admin, func(d *service.Details) { d.CustomerID = ptr(publicid.NewCustomerID()) }, []string{"customerId NOT_FOUND"}},
		"an archived customer":      {w.Alice, func(d *service.Details) { d.CustomerID = &gone.customer }, []string{"customerId WRONG_STATE"}},
		"another one's contact":     {w.Admin, func(d *service.Details) { d.ContactID = &w.bobs.contact }, []string{"contactId INCONSISTENT"}},
		"another one's contract":    {w.Admin, func(d *service.Details) { d.ContractID = &w.bobs.contract }, []string{"contractId INCONSISTENT"}},
		"a hidden contact":          {w.Alice, func(d *service.Details) { d.ContactID = &w.bobs.contact }, []string{"contactId NOT_FOUND"}},
		"a hidden contract":         {w.Alice, func(d *service.Details) { d.ContractID = &w.bobs.contract }, []string{"contractId NOT_FOUND"}},
		"another tenant's parts": {w.Admin, func(d *service.Details) {
			d.CustomerID, d.ContactID, d.ContractID = &w.foreign.customer, &w.foreign.contact, &w.foreign.contract
		}, []string{"customerId NOT_FOUND", "contactId NOT_FOUND", "contractId NOT_FOUND"}},
		"archived parts": {w.Alice, func(d *service.Details) {
			d.CustomerID, d.ContactID, d.ContractID = &quiet.customer, &quiet.contact, &quiet.contract
		}, []string{"contactId WRONG_STATE", "contractId WRONG_STATE"}},
		"for another seller": {w.Alice, func(d *service.Details) { d.OwnerID = &w.bobID }, []string{"ownerId NOT_ALLOWED"}},
		"a foreign owner":    {w.Admin, func(d *service.Details) { d.OwnerID = &stranger }, []string{"ownerId NOT_FOUND"}},
		"a foreign branch":   {w.Admin, func(d *service.Details) { d.DepartmentID = &w.Globex.Root }, []string{"departmentId NOT_FOUND"}},
	} {
		d := details(w.alices)
		c.edit(&d)
		_, err := w.service.Create(c.ctx, service.Draft{Details: d})
		fixture.Want(t, what, err, c.faults...)
	}
	if n, err := w.Client.ServiceRecord.Query().Count(w.Acme.Ctx); err != nil || n != 0 {
		t.Errorf("%d records are there, %v", n, err)
	}
}

// TestTheDatabaseKnowsWhoseContactItIs: the key of a record's contact carries the customer, whatever a program does.
func TestTheDatabaseKnowsWhoseContactItIs(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.record(t, w.Alice, details(w.alices))
	tx, err := w.Client.Tx(w.Acme.Ctx)
	fixture.Want(t, "a transaction", err)
	if err := tx.ServiceRecord.UpdateOneID(r.ID).SetContactID(w.bobs.contact).Exec(w.Acme.Ctx); err == nil {
		t.Error("a record has another customer's contact")
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}
