package service_test

import (
	"context"
	"testing"

	"heyue/domain/service"
	"heyue/ent"
	"heyue/ent/dictionaryentry"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := details(w.alices)
	d.ContactID, d.Satisfaction, d.Feedback = &w.alices.contact, ptr(3), ptr("fine")
	r := w.record(t, w.Alice, d)
	now, err := w.service.Update(w.Alice, change(r, service.Details{
		Content: ptr(" replaced "), ServedOn: day("2026-06-01"), ContractID: &w.alices.contract, Feedback: ptr(""), ServiceType: ptr("TRAINING"),
	}, service.ClearContact, service.ClearSatisfaction))
	fixture.Want(t, "a change", err)
	if now.Content != "replaced" || now.ServedOn != *day("2026-06-01") || now.ContactID != nil || *now.ContractID != w.alices.contract || now.Satisfaction != nil ||
		now.Feedback != "" || now.ServiceType != "TRAINING" || now.Version != 2 || w.audited(t, r, "update") != 1 {
		t.Errorf("changed to %v", now)
	}
	stale, err := w.service.Update(w.Alice, change(r, service.Details{Content: ptr("late")}))
	fixture.Want(t, "an old version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Content != "replaced" || stale.Version != 2 {
		t.Errorf("beside the conflict is %v", stale)
	}
	now, err = w.service.Update(w.Manager, change(now, service.Details{}, service.ClearOwner, service.ClearContract))
	fixture.Want(t, "of no owner", err)
	if now.OwnerID != nil || now.ContractID != nil {
		t.Errorf("of no owner and contract: %v", now)
	}
}

// TestAnotherCustomer: a record may be moved to another customer with contact and contract of that one, or none.
func TestAnotherCustomer(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := details(w.alices)
	d.ContactID, d.ContractID = &w.alices.contact, &w.alices.contract
	r := w.record(t, w.Admin, d)
	_, err := w.service.Update(w.Admin, change(r, service.Details{CustomerID: &w.bobs.customer}))
	fixture.Want(t, "leaving both behind", err, "contactId INCONSISTENT", "contractId INCONSISTENT")
	_, err = w.service.Update(w.Admin, change(r, service.Details{CustomerID: &w.bobs.customer, ContactID: &w.bobs.contact}))
	fixture.Want(t, "leaving one behind", err, "contractId INCONSISTENT")
	_, err = w.service.Update(w.Admin, change(r, service.Details{ContactID: &w.bobs.contact}))
	fixture.Want(t, "a contact of another one", err, "contactId INCONSISTENT")
	now, err := w.service.Update(w.Admin, change(r, service.Details{CustomerID: &w.bobs.customer, ContactID: &w.bobs.contact}, service.ClearContract))
	fixture.Want(t, "with what belongs to it", err)
	if now.CustomerID != w.bobs.customer || *now.ContactID != w.bobs.contact || now.ContractID != nil {
		t.Errorf("moved to %v", now)
	}
}

// TestWhatIsLeftAloneIsNotAskedAbout: a change of the text works though customer, contact and type have been archived
// since, and though its owner sees none of them any more.
func TestWhatIsLeftAloneIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := details(w.alices)
	d.ContactID, d.ContractID = &w.alices.contact, &w.alices.contract
	r := w.record(t, w.Alice, d)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		if err := tx.Customer.UpdateOneID(w.alices.customer).SetArchivedAt(w.Clock.Now()).SetOwnerID(w.bobID).Exec(w.Acme.Ctx); err != nil {
			return err
		}
		return tx.DictionaryEntry.Update().Where(dictionaryentry.List("SERVICE_TYPE")).SetArchivedAt(w.Clock.Now()).Exec(w.Acme.Ctx)
	})
	r, err := w.service.Update(w.Alice, change(r, service.Details{Content: ptr("more"), ServiceType: &r.ServiceType}))
	fixture.Want(t, "the text, and the type it has", err)
	_, err = w.service.Update(w.Alice, change(r, service.Details{ServiceType: ptr("TRAINING")}))
	fixture.Want(t, "an archived type", err, "serviceType UNKNOWN_VALUE")
	_, err = w.service.Update(w.Alice, change(r, service.Details{ContactID: &w.alices.contact}))
	fixture.Want(t, "a contact out of sight", err, "contactId NOT_FOUND")
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	mine, foreign := w.record(t, w.Alice, details(w.alices)), w.record(t, w.Stranger, details(w.foreign))
	text := service.Details{Content: ptr("x")}
	for what, c := range map[string]struct {
		ctx    context.Context
		change service.Change
		faults []string
	}{
		"no permission":       {w.Nobody, change(mine, text), []string{"FORBIDDEN"}},
		"another seller's":    {w.Bob, change(mine, text), []string{"id NOT_FOUND"}},
		"one only seen":       {w.Service, change(mine, text), []string{"id NOT_FOUND"}},
		"another tenant's":    {w.Admin, change(foreign, text), []string{"id NOT_FOUND"}},
		"nobody's":            {w.Admin, service.Change{ID: publicid.NewServiceRecordID(), ExpectedVersion: 1}, []string{"id NOT_FOUND"}},
		"giving away":         {w.Alice, change(mine, service.Details{OwnerID: &w.bobID}), []string{"ownerId NOT_ALLOWED"}},
		"dropping":            {w.Alice, change(mine, service.Details{}, service.ClearOwner), []string{"ownerId NOT_ALLOWED"}},
		"moving out of reach": {w.Manager, change(mine, service.Details{DepartmentID: &w.South}), []string{"ownerId NOT_ALLOWED"}},
		"a day to come":       {w.Alice, change(mine, service.Details{ServedOn: day("2026-06-16")}), []string{"servedOn OUT_OF_RANGE"}},
		"an empty text":       {w.Alice, change(mine, service.Details{Content: ptr(" ")}), []string{"content REQUIRED"}},
		"clearing the text":   {w.Alice, change(mine, service.Details{}, "CONTENT"), []string{"clear UNKNOWN_VALUE"}},
		"set and cleared": {w.Alice, change(mine, service.Details{ContactID: &w.alices.contact, ContractID: &w.alices.contract, Satisfaction: ptr(1), OwnerID: &w.aliceID, DepartmentID: &w.City},
			service.ClearContact, service.ClearContract, service.ClearSatisfaction, service.ClearOwner, service.ClearDepartment),
			[]string{"clear INCONSISTENT", "clear INCONSISTENT", "clear INCONSISTENT", "clear INCONSISTENT", "clear INCONSISTENT"}},
	} {
		got, err := w.service.Update(c.ctx, c.change)
		fixture.Want(t, what, err, c.faults...)
		if got != nil {
			t.Errorf("%s: got %v", what, got)
		}
	}
	if now, err := w.service.Lookup(w.Admin, mine.ID); err != nil || now.Version != 1 || now.Content != "repaired" {
		t.Errorf("after nothing but refusals: %v, %v", now, err)
	}
}

func TestArchiveAndRestore(t *testing.T) {
	t.Parallel()
	w := open(t)
	r := w.record(t, w.Alice, details(w.alices))
	_, err := w.service.Restore(w.Manager, target(r))
	fixture.Want(t, "restore what is there", err, "WRONG_STATE")
	_, err = w.service.Archive(w.Alice, target(r))
	fixture.Want(t, "no permission", err, "FORBIDDEN")
	_, err = w.service.Archive(w.Service, target(r))
	fixture.Want(t, "another one's", err, "id NOT_FOUND")
	gone, err := w.service.Archive(w.Manager, target(r))
	fixture.Want(t, "archive", err)
	if gone.ArchivedAt == nil || !gone.ArchivedAt.Equal(w.Clock.Now()) || gone.Version != 2 || w.audited(t, r, "archive") != 1 {
		t.Errorf("archived: %v", gone)
	}
	stale, err := w.service.Restore(w.Manager, target(r))
	fixture.Want(t, "an old version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Version != 2 {
		t.Errorf("beside the conflict is %v", stale)
	}
	_, err = w.service.Archive(w.Manager, target(gone))
	fixture.Want(t, "archive twice", err, "WRONG_STATE")
	_, err = w.service.Update(w.Alice, change(gone, service.Details{Content: ptr("y")}))
	fixture.Want(t, "change what is archived", err, "WRONG_STATE")
	back, err := w.service.Restore(w.Manager, target(gone))
	fixture.Want(t, "restore", err)
	if back.ArchivedAt != nil || back.Version != 3 || w.audited(t, r, "restore") != 1 {
		t.Errorf("restored: %v", back)
	}
}
