package customers_test

import (
	"context"
	"strings"
	"testing"

	"heyue/domain/customers"
	"heyue/domain/customers/profile"
	"heyue/ent"
	"heyue/ent/dictionaryentry"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	w := open(t)
	first := w.customer(t, w.Alice, "  云汇科技 ")
	alice := fixture.Caller(t, w.Alice).UserID
	if first.Name != "云汇科技" || first.Code != "C000001" || first.Version != 1 || *first.OwnerID != alice || *first.DepartmentID != w.City ||
		first.Kind != profile.Company || first.Grade != profile.Ungraded || first.CreditCode != nil || first.ArchivedAt != nil {
		t.Errorf("made %v", first)
	}
	if w.audited(t, first, "create") != 1 {
		t.Error("the making of a customer is not on record")
	}
	full, err := w.service.Create(w.Admin, customers.Draft{Details: customers.Details{
		Kind: ptr(profile.Person), Name: ptr("王芳"), Code: ptr("VIP-1"), ShortName: ptr("王"), Region: ptr("310000"), Address: ptr("上海"),
		Description: ptr("…"), CreditCode: ptr("9144030071526726xg"), Grade: ptr(profile.GradeA), Phone: ptr("+86 21 0000"), Email: ptr("a@b.example"),
		Website: ptr("https://b.example"), OwnerID: &alice, DepartmentID: &w.South,
	}})
	fixture.Want(t, "all fields", err)
	if full.Code != "VIP-1" || *full.CreditCode != "9144030071526726XG" || *full.DepartmentID != w.South || full.Region != "310000" {
		t.Errorf("made %v", full)
	}
	if second := w.customer(t, w.Alice, "second"); second.Code != "C000002" {
		t.Errorf("the second number is %s", second.Code)
	}
	if foreign := w.customer(t, w.Stranger, "foreign"); foreign.Code != "C000001" {
		t.Errorf("another tenant begins at %s", foreign.Code)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	taken, err := w.service.Create(w.Admin, customers.Draft{Details: customers.Details{Name: ptr("taken"), Code: ptr("X"), CreditCode: ptr("9144030071526726XG")}})
	fixture.Want(t, "the one that is there", err)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.DictionaryEntry.Update().Where(dictionaryentry.List("SALES_MODE")).SetArchivedAt(w.Clock.Now()).Exec(w.Acme.Ctx)
	})
	mode, err := w.Client.DictionaryEntry.Query().Where(dictionaryentry.List("SALES_MODE")).First(w.Acme.Ctx)
	fixture.Want(t, "an archived code", err)
	long := func(n int) *string { return ptr(strings.Repeat("字", n)) }
	stranger := fixture.Caller(t, w.Stranger).UserID
	bob := fixture.Caller(t, w.Bob).UserID
	for name, c := range map[string]struct {
		ctx     context.Context
		details customers.Details
		faults  []string
	}{
		"no permission":       {w.Nobody, customers.Details{Name: ptr("x")}, []string{"FORBIDDEN"}},
		"nobody signed in":    {w.Acme.Ctx, customers.Details{Name: ptr("x")}, []string{"UNAUTHENTICATED"}},
		"nothing":             {w.Admin, customers.Details{}, []string{"name REQUIRED"}},
		"blanks":              {w.Admin, customers.Details{Name: ptr(" \t"), Code: ptr(" ")}, []string{"name REQUIRED", "code REQUIRED"}},
		"a NUL":               {w.Admin, customers.Details{Name: ptr("a\x00b")}, []string{"name MALFORMED"}},
		"for another seller":  {w.Alice, customers.Details{Name: ptr("x"), OwnerID: &bob}, []string{"ownerId NOT_ALLOWED"}},
		"for another branch":  {w.Manager, customers.Details{Name: ptr("x"), OwnerID: &bob, DepartmentID: &w.South}, []string{"ownerId NOT_ALLOWED"}},
		"a foreign owner":     {w.Admin, customers.Details{Name: ptr("x"), OwnerID: &stranger}, []string{"ownerId NOT_FOUND"}},
		"a foreign branch":    {w.Admin, customers.Details{Name: ptr("x"), DepartmentID: &w.Globex.Root}, []string{"departmentId NOT_FOUND"}},
		"no such branch":      {w.Admin, customers.Details{Name: ptr("x"), DepartmentID: ptr(publicid.NewDepartmentID())}, []string{"departmentId NOT_FOUND"}},
		"a taken code":        {w.Admin, customers.Details{Name: ptr("x"), Code: &taken.Code}, []string{"code DUPLICATE"}},
		"a taken credit code": {w.Admin, customers.Details{Name: ptr("x"), CreditCode: taken.CreditCode}, []string{"creditCode DUPLICATE"}},
		"an archived code":    {w.Admin, customers.Details{Name: ptr("x"), SalesMode: &mode.Code}, []string{"salesMode UNKNOWN_VALUE"}},
		"codes of no list": {w.Admin, customers.Details{
			Name: ptr("x"), Region: ptr("?"), Source: ptr("?"), Category: ptr("?"), SalesMode: ptr("?"), Industry: ptr("?"), Ownership: ptr("?"),
		}, []string{"region UNKNOWN_VALUE", "source UNKNOWN_VALUE", "category UNKNOWN_VALUE", "salesMode UNKNOWN_VALUE", "industry UNKNOWN_VALUE", "ownership UNKNOWN_VALUE"}},
		"everything at once": {w.Admin, customers.Details{
			Kind: ptr(profile.Kind("ROBOT")), Grade: ptr(profile.Grade("E")), Name: long(201), Code: long(65), ShortName: long(101), Region: long(65), Address: long(501),
			Source: long(65), Category: long(65), SalesMode: long(65), Industry: long(65), Ownership: long(65), Description: long(4001),
			CreditCode: ptr("9144030071526726XH"), Phone: long(41), Email: ptr("nobody"), Website: ptr("ftp://x"),
		}, []string{
			"kind UNKNOWN_VALUE", "grade UNKNOWN_VALUE", "name TOO_LONG", "code TOO_LONG", "shortName TOO_LONG", "region TOO_LONG", "address TOO_LONG",
			"source TOO_LONG", "category TOO_LONG", "salesMode TOO_LONG", "industry TOO_LONG", "ownership TOO_LONG", "description TOO_LONG",
			"creditCode MALFORMED", "phone TOO_LONG", "email MALFORMED", "website MALFORMED",
		}},
	} {
		_, err := w.service.Create(c.ctx, customers.Draft{Details: c.details})
		fixture.Want(t, name, err, c.faults...)
	}
	if n, err := w.Client.Customer.Query().Count(w.Acme.Ctx); err != nil || n != 1 {
		t.Errorf("%d customers are there, %v", n, err)
	}
	if n, err := w.Client.Customer.Query().Count(w.Globex.Ctx); err != nil || n != 0 {
		t.Errorf("another tenant has %d customers, %v", n, err)
	}
	_, err = w.service.Create(w.Stranger, customers.Draft{Details: customers.Details{Name: ptr("taken"), Code: ptr("X"), CreditCode: taken.CreditCode}})
	fixture.Want(t, "what is taken elsewhere", err)
}
