package fields_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"heyue/domain/fields"
	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/auditentry"
	"heyue/ent/customvalue"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func draft(key string) fields.Draft {
	return fields.Draft{Noun: custom.Contract, Key: key, Type: custom.Text, LabelZh: key, LabelEn: key}
}

// TestLimit: of many who define fields at once, as many succeed as there may be.
func TestLimit(t *testing.T) {
	t.Parallel()
	w := fixture.NewCompany(t)
	w.Fields.Limit = 3
	var group sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		group.Go(func() { _, errs[i] = w.Fields.Define(w.Admin, draft(fmt.Sprintf("f%d", i))) })
	}
	group.Wait()
	refused := 0
	for _, err := range errs {
		if err != nil {
			refused++
			fixture.Want(t, "one too many", err, "noun LIMIT_REACHED")
		}
	}
	rows, err := w.Fields.List(w.Admin, custom.Contract, true)
	if err != nil || len(rows) != 3 || refused != 3 {
		t.Errorf("%d fields, %d refused, %v", len(rows), refused, err)
	}
	for i, f := range rows {
		if f.Position != 10*(i+1) {
			t.Errorf("field %d is at %d", i, f.Position)
		}
	}
	other := draft("f")
	other.Noun = custom.Contact
	_, err = w.Fields.Define(w.Admin, other)
	fixture.Want(t, "another noun", err)
	_, err = w.Fields.Archive(w.Admin, fields.Target{ID: rows[0].ID, ExpectedVersion: 1})
	fixture.Want(t, "one out of use", err)
	_, err = w.Fields.Define(w.Admin, draft("more"))
	fixture.Want(t, "archived ones count", err, "noun LIMIT_REACHED")
	n, err := w.Client.AuditEntry.Query().Where(auditentry.Object("custom_field")).Count(w.Acme.Ctx)
	if err != nil || n != 5 {
		t.Errorf("%d entries on record, %v", n, err)
	}
}

// TestWhoReads: definitions go with the records that they are of.
func TestWhoReads(t *testing.T) {
	t.Parallel()
	w := fixture.NewCompany(t)
	d := draft("met")
	d.Noun = custom.Contact
	f, err := w.Fields.Define(w.Admin, d)
	fixture.Want(t, "a field of contacts", err)
	for name, c := range map[string]struct {
		ctx   context.Context
		sees  bool
		fault []string
	}{
		"sales": {w.Alice, true, nil}, "finance": {w.Finance, false, []string{"FORBIDDEN"}},
		"nobody": {w.Nobody, false, []string{"FORBIDDEN"}}, "a stranger": {w.Stranger, false, nil},
	} {
		found, err := w.Fields.Lookup(c.ctx, f.ID)
		if err != nil || (found != nil) != c.sees {
			t.Errorf("%s finds %v, %v", name, found, err)
		}
		list, err := w.Fields.List(c.ctx, custom.Contact, false)
		fixture.Want(t, name, err, c.fault...)
		if len(list) > 0 != c.sees {
			t.Errorf("%s lists %v", name, list)
		}
	}
	_, err = w.Fields.Lookup(w.Acme.Ctx, f.ID)
	fixture.Want(t, "who is not signed in", err, "UNAUTHENTICATED")
	_, err = w.Fields.List(w.Admin, "MOON", false)
	fixture.Want(t, "no such noun", err, "noun UNKNOWN_VALUE")
}

// TestReferences: each target is looked for among what the caller may see; what a record points at already may stay.
func TestReferences(t *testing.T) {
	t.Parallel()
	w := fixture.NewCompany(t)
	for _, to := range custom.Targets() {
		d := draft(map[custom.Target]string{custom.ToCustomer: "customer", custom.ToContact: "contact", custom.ToContract: "contract", custom.ToUser: "user"}[to])
		d.Type, d.Target = custom.Reference, &to
		_, err := w.Fields.Define(w.Admin, d)
		fixture.Want(t, d.Key, err)
	}
	alice := fixture.Caller(t, w.Alice).UserID
	var mine *ent.Customer
	var person *ent.Contact
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) (err error) {
		if mine, err = tx.Customer.Create().SetName("x").SetCode("x").SetOwnerID(alice).Save(w.Acme.Ctx); err != nil {
			return err
		}
		person, err = tx.Contact.Create().SetName("x").SetCustomerID(mine.ID).Save(w.Acme.Ctx)
		return err
	})
	refer := func(key, prefix string, id uuid.UUID) *custom.Input {
		return &custom.Input{Key: key, Reference: &publicid.Any{Prefix: prefix, UUID: id}}
	}
	all := []*custom.Input{
		refer("customer", publicid.PrefixCustomerID, mine.ID.UUID()), refer("contact", publicid.PrefixContactID, person.ID.UUID()),
		refer("user", publicid.PrefixUserID, alice.UUID()),
	}
	unseen := []string{"custom.0.reference NOT_FOUND", "custom.1.reference NOT_FOUND"}
	for name, c := range map[string]struct {
		ctx    context.Context
		in     []*custom.Input
		old    custom.Set
		faults []string
	}{
		"the owner":       {w.Alice, all, nil, nil},
		"another seller":  {w.Bob, all, nil, unseen},
		"finance":         {w.Finance, all, nil, unseen[1:]},
		"another tenant":  {w.Stranger, all, nil, []string{"custom.0.key UNKNOWN_VALUE", "custom.1.key UNKNOWN_VALUE", "custom.2.key UNKNOWN_VALUE"}},
		"what was before": {w.Bob, all[:1], custom.Set{"customer": []byte(`"` + mine.ID.String() + `"`)}, nil},
		"no contract":     {w.Alice, []*custom.Input{refer("contract", publicid.PrefixContractID, publicid.NewContractID().UUID())}, nil, unseen[:1]},
		"too many":        {w.Alice, make([]*custom.Input, fields.DefaultLimit+1), nil, []string{"custom LIMIT_REACHED"}},
	} {
		tx, err := w.Client.Tx(c.ctx)
		fixture.Want(t, "begin", err)
		_, err = w.Fields.Settle(c.ctx, tx, custom.Contract, c.old, c.in, false, func(custom.Set) {})
		fixture.Want(t, name, err, c.faults...)
		fixture.Want(t, "end", tx.Rollback())
	}
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.Customer.UpdateOne(mine).SetArchivedAt(w.Clock.Now()).Exec(w.Acme.Ctx)
	})
	w.Write(t, w.Alice, func(tx *ent.Tx) error {
		_, err := w.Fields.Settle(w.Alice, tx, custom.Contract, nil, all[:1], false, func(custom.Set) {})
		fixture.Want(t, "an archived one", err, "custom.0.reference WRONG_STATE")
		return nil
	})
}

// TestCopy: a successor takes over the values of fields that are in use.
func TestCopy(t *testing.T) {
	t.Parallel()
	w := fixture.NewCompany(t)
	for _, key := range []string{"kept", "gone"} {
		f, err := w.Fields.Define(w.Admin, draft(key))
		fixture.Want(t, key, err)
		if key == "gone" {
			_, err = w.Fields.Archive(w.Admin, fields.Target{ID: f.ID, ExpectedVersion: 1})
			fixture.Want(t, "out of use", err)
		}
	}
	subject := uuid.Must(uuid.NewV7())
	var now custom.Set
	w.Write(t, w.Admin, func(tx *ent.Tx) error {
		keep, err := w.Fields.Copy(w.Admin, tx, custom.Contract, custom.Set{"kept": []byte(`"x"`), "gone": []byte(`"y"`)}, func(s custom.Set) { now = s })
		if err != nil {
			return err
		}
		return keep(subject)
	})
	if len(now) != 1 || string(now["kept"]) != `"x"` {
		t.Errorf("copied %s", now)
	}
	rows, err := w.Client.CustomValue.Query().Where(customvalue.SubjectID(subject)).All(w.Acme.Ctx)
	if err != nil || len(rows) != 1 || *rows[0].Text != "x" {
		t.Errorf("the columns hold %v, %v", rows, err)
	}
}
