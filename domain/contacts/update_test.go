package contacts_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"heyue/domain/contacts"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, err := w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{
		Name: ptr("old"), Hobby: ptr("chess"), Birthday: ptr(date.MustParse("1990-02-28")),
	}})
	fixture.Want(t, "a contact", err)
	now, err := w.service.Update(w.Alice, change(c, contacts.Details{Name: ptr(" new "), Hobby: ptr("")}, contacts.ClearBirthday))
	fixture.Want(t, "a change", err)
	if now.Name != "new" || now.Hobby != "" || now.Birthday != nil || now.Version != 2 || now.CustomerID != w.alices || w.audited(t, c, "update") != 1 {
		t.Errorf("changed to %v", now)
	}
	stale, err := w.service.Update(w.Alice, change(c, contacts.Details{Name: ptr("late")}))
	fixture.Want(t, "an old version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Name != "new" || stale.Version != 2 {
		t.Errorf("beside the conflict is %v", stale)
	}
}

func TestUpdateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	mine, souths := w.contact(t, w.Alice, w.alices, "mine"), w.contact(t, w.Admin, w.souths, "south's")
	foreign := w.contact(t, w.Stranger, w.foreign, "foreign")
	name := contacts.Details{Name: ptr("x")}
	for what, c := range map[string]struct {
		ctx    context.Context
		change contacts.Change
		faults []string
	}{
		"no permission":    {w.Nobody, change(mine, name), []string{"FORBIDDEN"}},
		"another seller's": {w.Bob, change(mine, name), []string{"id NOT_FOUND"}},
		"another branch's": {w.Manager, change(souths, name), []string{"id NOT_FOUND"}},
		"another tenant's": {w.Admin, change(foreign, name), []string{"id NOT_FOUND"}},
		"nobody's":         {w.Admin, contacts.Change{ID: publicid.NewContactID(), ExpectedVersion: 1}, []string{"id NOT_FOUND"}},
		"an empty name":    {w.Alice, change(mine, contacts.Details{Name: ptr("")}), []string{"name REQUIRED"}},
		"set and cleared":  {w.Alice, change(mine, contacts.Details{Birthday: ptr(date.MustParse("1990-01-01"))}, contacts.ClearBirthday), []string{"clear INCONSISTENT"}},
		"clearing a name":  {w.Alice, change(mine, contacts.Details{}, "NAME"), []string{"clear UNKNOWN_VALUE"}},
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

func TestArchiveAndRestore(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, err := w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{Name: ptr("x"), IsPrimary: ptr(true)}})
	fixture.Want(t, "a contact", err)
	_, err = w.service.Restore(w.Alice, target(c))
	fixture.Want(t, "restore what is there", err, "WRONG_STATE")
	_, err = w.service.Archive(w.Bob, target(c))
	fixture.Want(t, "another seller's", err, "id NOT_FOUND")
	_, err = w.service.Archive(w.Service, target(c))
	fixture.Want(t, "no permission", err, "FORBIDDEN")
	gone, err := w.service.Archive(w.Alice, target(c))
	fixture.Want(t, "archive", err)
	if gone.ArchivedAt == nil || !gone.ArchivedAt.Equal(w.Clock.Now()) || gone.IsPrimary || gone.Version != 2 || w.audited(t, c, "archive") != 1 {
		t.Errorf("archived: %v", gone)
	}
	stale, err := w.service.Restore(w.Alice, target(c))
	fixture.Want(t, "an old version", err, "expectedVersion VERSION_CONFLICT")
	if stale == nil || stale.Version != 2 {
		t.Errorf("beside the conflict is %v", stale)
	}
	_, err = w.service.Archive(w.Alice, target(gone))
	fixture.Want(t, "archive twice", err, "WRONG_STATE")
	_, err = w.service.Update(w.Alice, change(gone, contacts.Details{Name: ptr("y")}))
	fixture.Want(t, "change what is archived", err, "WRONG_STATE")
	back, err := w.service.Restore(w.Alice, target(gone))
	fixture.Want(t, "restore", err)
	if back.ArchivedAt != nil || back.IsPrimary || back.Version != 3 || w.audited(t, c, "restore") != 1 {
		t.Errorf("restored: %v", back)
	}
}

// TestOnePrimaryContact: whoever becomes primary, the others of the customer stop being it, with a version and an audit
// entry of their own, and other customers' do not.
func TestOnePrimaryContact(t *testing.T) {
	t.Parallel()
	w := open(t)
	primary := contacts.Details{Name: ptr("x"), IsPrimary: ptr(true)}
	other, err := w.service.Create(w.Bob, contacts.Draft{CustomerID: w.bobs, Details: primary})
	fixture.Want(t, "another customer's", err)
	first, err := w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: primary})
	fixture.Want(t, "the first", err)
	second, err := w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: primary})
	fixture.Want(t, "the second", err)
	w.onlyPrimary(t, w.alices, second.ID)
	was, err := w.service.Lookup(w.Alice, first.ID)
	fixture.Want(t, "the former", err)
	if was.Version != 2 || w.audited(t, first, "update") != 1 {
		t.Errorf("the former primary contact is %v", was)
	}
	again, err := w.service.Update(w.Alice, change(was, contacts.Details{IsPrimary: ptr(true)}))
	fixture.Want(t, "the first again", err)
	w.onlyPrimary(t, w.alices, first.ID)
	same, err := w.service.Update(w.Alice, change(again, contacts.Details{IsPrimary: ptr(true)}))
	fixture.Want(t, "what it is already", err)
	_, err = w.service.Update(w.Alice, change(same, contacts.Details{IsPrimary: ptr(false)}))
	fixture.Want(t, "nobody", err)
	w.onlyPrimary(t, w.alices)
	w.onlyPrimary(t, w.bobs, other.ID)
}

// TestOnePrimaryContactAmongMany: those who choose at the same time end with one.
func TestOnePrimaryContactAmongMany(t *testing.T) {
	t.Parallel()
	w := open(t)
	var rows []*ent.Contact
	for range 4 {
		rows = append(rows, w.contact(t, w.Alice, w.alices, "x"))
	}
	var wg sync.WaitGroup
	for i, c := range rows {
		wg.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = w.service.Update(w.Alice, change(c, contacts.Details{IsPrimary: ptr(true)}))
			} else {
				_, err = w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{Name: ptr("y"), IsPrimary: ptr(true)}})
			}
			fixture.Want(t, "choose", err)
		})
	}
	wg.Wait()
	n, err := w.Client.Contact.Query().Where(contact.IsPrimary(true)).Count(w.Acme.Ctx)
	if err != nil || n != 1 {
		t.Errorf("%d primary contacts, %v", n, err)
	}
}

// TestTheDatabaseKeepsOnePrimaryContact: of those who write past the service at the same time, one gets through. Archived
// contacts do not count.
func TestTheDatabaseKeepsOnePrimaryContact(t *testing.T) {
	t.Parallel()
	w := open(t)
	primary := func(tx *ent.Tx) *ent.ContactCreate {
		return tx.Contact.Create().SetCustomerID(w.alices).SetName("x").SetIsPrimary(true)
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error { return primary(tx).SetArchivedAt(w.Clock.Now()).Exec(w.Acme.Ctx) })
	var through atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			err := tenancy.Write(w.Acme.Ctx, w.Client, func(tx *ent.Tx) error { return primary(tx).Exec(w.Acme.Ctx) })
			switch name, refused := tenancy.UniqueViolation(err); {
			case err == nil:
				through.Add(1)
			case !refused || name != "contacts_one_primary":
				t.Errorf("refused with %v", err)
			}
		})
	}
	wg.Wait()
	if n := through.Load(); n != 1 {
		t.Errorf("%d primary contacts of one customer", n)
	}
}

func (w world) onlyPrimary(t *testing.T, of publicid.CustomerID, want ...publicid.ContactID) {
	t.Helper()
	got, err := w.Client.Contact.Query().Where(contact.CustomerID(of), contact.IsPrimary(true)).IDs(w.Acme.Ctx)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("primary are %v, want %v (%v)", got, want, err)
	}
}
