package customers_test

import (
	"context"
	"testing"

	"heyue/domain/customers"
	"heyue/ent"
	"heyue/ent/dictionaryentry"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, err := w.service.Create(w.Alice, customers.Draft{Details: customers.Details{Name: ptr("old"), Phone: ptr("1"), CreditCode: ptr("9144030071526726XG")}})
	fixture.Want(t, "a customer", err)
	now, err := w.service.Update(w.Alice, change(c, customers.Details{Name: ptr("new"), Phone: ptr(""), CreditCode: ptr("")}))
	fixture.Want(t, "a change", err)
	if now.Name != "new" || now.Phone != "" || now.CreditCode != nil || now.Version != 2 || now.Code != c.Code || w.audited(t, c, "update") != 1 {
		t.Errorf("changed to %v", now)
	}
	stale, err := w.service.Update(w.Alice, change(c, customers.Details{Name: ptr("late")}))
	fixture.Want(t, "an old version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Name != "new" || stale.Version != 2 {
		t.Errorf("beside the conflict is %v", stale)
	}
	now, err = w.service.Update(w.Manager, change(now, customers.Details{}, customers.ClearOwner))
	fixture.Want(t, "into the public pool", err)
	if now.OwnerID != nil || now.DepartmentID == nil {
		t.Errorf("in the pool: %v", now)
	}
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	mine, other := w.customer(t, w.Alice, "mine"), w.customer(t, w.Admin, "other")
	south := w.customer(t, w.Admin, "south")
	south, err := w.service.Update(w.Admin, change(south, customers.Details{DepartmentID: &w.South}))
	fixture.Want(t, "to another branch", err)
	foreign := w.customer(t, w.Stranger, "foreign")
	bob := fixture.Caller(t, w.Bob).UserID
	name := customers.Details{Name: ptr("x")}
	for what, c := range map[string]struct {
		ctx    context.Context
		change customers.Change
		faults []string
	}{
		"no permission":       {w.Nobody, change(mine, name), []string{"FORBIDDEN"}},
		"another seller's":    {w.Bob, change(mine, name), []string{"id NOT_FOUND"}},
		"another branch's":    {w.Manager, change(south, name), []string{"id NOT_FOUND"}},
		"another tenant's":    {w.Admin, change(foreign, name), []string{"id NOT_FOUND"}},
		"no customer's":       {w.Admin, customers.Change{ID: publicid.NewCustomerID(), ExpectedVersion: 1}, []string{"id NOT_FOUND"}},
		"a taken code":        {w.Admin, change(mine, customers.Details{Code: &other.Code}), []string{"code DUPLICATE"}},
		"giving away":         {w.Alice, change(mine, customers.Details{OwnerID: &bob}), []string{"ownerId NOT_ALLOWED"}},
		"dropping":            {w.Alice, change(mine, customers.Details{}, customers.ClearOwner), []string{"ownerId NOT_ALLOWED"}},
		"moving out of reach": {w.Manager, change(mine, customers.Details{DepartmentID: &w.South}), []string{"ownerId NOT_ALLOWED"}},
		"an empty name":       {w.Alice, change(mine, customers.Details{Name: ptr(" ")}), []string{"name REQUIRED"}},
		"set and cleared": {w.Admin, change(mine, customers.Details{OwnerID: &bob, DepartmentID: &w.South}, customers.ClearOwner, customers.ClearDepartment),
			[]string{"clear INCONSISTENT", "clear INCONSISTENT"}},
		"an unknown code": {w.Alice, change(mine, customers.Details{Source: ptr("?")}), []string{"source UNKNOWN_VALUE"}},
	} {
		got, err := w.service.Update(c.ctx, c.change)
		fixture.Want(t, what, err, c.faults...)
		if got != nil {
			t.Errorf("%s: got %v", what, got)
		}
	}
	if now, err := w.service.Lookup(w.Admin, mine.ID); err != nil || now.Version != 1 || now.Name != "mine" {
		t.Errorf("after nothing but refusals: %v, %v", now, err)
	}
}

// TestACodeArchivedLaterMayStay: saving a form with all its fields does not fail over a code that nobody touched.
func TestACodeArchivedLaterMayStay(t *testing.T) {
	t.Parallel()
	w := open(t)
	entries, err := w.Client.DictionaryEntry.Query().Where(dictionaryentry.List("CUSTOMER_SOURCE")).Limit(2).All(w.Acme.Ctx)
	fixture.Want(t, "the sources", err)
	c, err := w.service.Create(w.Alice, customers.Draft{Details: customers.Details{Name: ptr("x"), Source: &entries[0].Code}})
	fixture.Want(t, "a customer", err)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.DictionaryEntry.Update().Where(dictionaryentry.List("CUSTOMER_SOURCE")).SetArchivedAt(w.Clock.Now()).Exec(w.Acme.Ctx)
	})
	c, err = w.service.Update(w.Alice, change(c, customers.Details{Name: ptr("y"), Source: &entries[0].Code}))
	fixture.Want(t, "its own code", err)
	_, err = w.service.Update(w.Alice, change(c, customers.Details{Source: &entries[1].Code}))
	fixture.Want(t, "another one", err, "source UNKNOWN_VALUE")
	_, err = w.service.Update(w.Bob, change(c, customers.Details{Source: &entries[0].Code}))
	fixture.Want(t, "the code of a customer out of reach", err, "source UNKNOWN_VALUE")
}

func TestArchiveAndRestore(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.customer(t, w.Alice, "x")
	_, err := w.service.Restore(w.Alice, target(c))
	fixture.Want(t, "restore what is there", err, "WRONG_STATE")
	_, err = w.service.Archive(w.Bob, target(c))
	fixture.Want(t, "another seller's", err, "id NOT_FOUND")
	_, err = w.service.Archive(w.Nobody, target(c))
	fixture.Want(t, "no permission", err, "FORBIDDEN")
	gone, err := w.service.Archive(w.Alice, target(c))
	fixture.Want(t, "archive", err)
	if gone.ArchivedAt == nil || !gone.ArchivedAt.Equal(w.Clock.Now()) || gone.Version != 2 || w.audited(t, c, "archive") != 1 {
		t.Errorf("archived: %v", gone)
	}
	now, err := w.service.Restore(w.Alice, target(c))
	fixture.Want(t, "an old version", err, "expectedVersion VERSION_CONFLICT")
	if now == nil || now.Version != 2 {
		t.Errorf("beside the conflict is %v", now)
	}
	_, err = w.service.Archive(w.Alice, target(gone))
	fixture.Want(t, "archive twice", err, "WRONG_STATE")
	_, err = w.service.Update(w.Alice, change(gone, customers.Details{Name: ptr("y")}))
	fixture.Want(t, "change what is archived", err, "WRONG_STATE")
	if read, err := w.service.Lookup(w.Alice, c.ID); err != nil || read == nil {
		t.Errorf("an archived customer reads as %v, %v", read, err)
	}
	back, err := w.service.Restore(w.Alice, target(gone))
	fixture.Want(t, "restore", err)
	if back.ArchivedAt != nil || back.Version != 3 || w.audited(t, c, "restore") != 1 {
		t.Errorf("restored: %v", back)
	}
}
