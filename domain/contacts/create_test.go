package contacts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"heyue/domain/contacts"
	"heyue/domain/customers/profile"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.contact(t, w.Alice, w.alices, "  李雷 ")
	if c.Name != "李雷" || c.CustomerID != w.alices || c.Gender != profile.Unstated || c.IsPrimary || c.Birthday != nil || c.Version != 1 || w.audited(t, c, "create") != 1 {
		t.Errorf("made %v", c)
	}
	full, err := w.service.Create(w.Service, contacts.Draft{CustomerID: w.souths, Details: contacts.Details{
		Name: ptr("韩梅梅"), Gender: ptr(profile.Female), Salutation: ptr("经理"), Department: ptr("采购部"), JobTitle: ptr("主管"), IsPrimary: ptr(true),
		Birthday: ptr(date.MustParse("2026-06-15")), Hobby: ptr("围棋"), Address: ptr("上海"), Phone: ptr("1"), Fax: ptr("2"), Mobile: ptr("3"),
		Email: ptr("a@b.example"), Qq: ptr("4"), Msn: ptr("5"), Wechat: ptr("6"), Remark: ptr("7"), Remark1: ptr("8"), Remark2: ptr("9"),
	}})
	fixture.Want(t, "all fields", err)
	got, err := w.service.Lookup(w.Admin, full.ID)
	fixture.Want(t, "the new contact", err)
	if got.Birthday.String() != "2026-06-15" || !got.IsPrimary || got.Gender != profile.Female || got.Hobby != "围棋" || got.Qq+got.Msn+got.Wechat+got.Remark+got.Remark1+got.Remark2 != "456789" {
		t.Errorf("made %v", got)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	gone := w.customer(t, w.Acme, "gone", &w.aliceID, &w.City)
	w.archiveCustomer(t, gone)
	long := func(n int) *string { return ptr(strings.Repeat("字", n)) }
	name := contacts.Details{Name: ptr("x")}
	for what, c := range map[string]struct {
		ctx    context.Context
		draft  contacts.Draft
		faults []string
	}{
		"no permission":     {w.Nobody, contacts.Draft{CustomerID: w.alices, Details: name}, []string{"FORBIDDEN"}},
		"only reading":      {w.Finance, contacts.Draft{CustomerID: w.alices, Details: name}, []string{"FORBIDDEN"}},
		"nobody signed in":  {w.Acme.Ctx, contacts.Draft{CustomerID: w.alices, Details: name}, []string{"UNAUTHENTICATED"}},
		"another seller's":  {w.Alice, contacts.Draft{CustomerID: w.bobs, Details: name}, []string{"customerId NOT_FOUND"}},
		"another branch's":  {w.Manager, contacts.Draft{CustomerID: w.souths, Details: name}, []string{"customerId NOT_FOUND"}},
		"another tenant's":  {w.Admin, contacts.Draft{CustomerID: w.foreign, Details: name}, []string{"customerId NOT_FOUND"}},
		"nobody's":          {w.Admin, contacts.Draft{CustomerID: publicid.NewCustomerID(), Details: name}, []string{"customerId NOT_FOUND"}},
		"an archived one's": {w.Alice, contacts.Draft{CustomerID: gone, Details: name}, []string{"customerId WRONG_STATE"}},
		"no name":           {w.Admin, contacts.Draft{CustomerID: w.alices}, []string{"name REQUIRED"}},
		"born tomorrow":     {w.Admin, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{Name: ptr("x"), Birthday: ptr(date.MustParse("2026-06-16"))}}, []string{"birthday OUT_OF_RANGE"}},
		"everything at once": {w.Admin, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{
			Name: long(101), Gender: ptr(profile.Gender("X")), Salutation: long(41), Department: long(101), JobTitle: long(101), Birthday: &date.Date{}, Hobby: long(201),
			Address: long(501), Phone: long(41), Fax: long(41), Mobile: long(41), Email: ptr("x@"), Qq: long(41), Msn: long(255), Wechat: long(101),
			Remark: long(1001), Remark1: long(1001), Remark2: long(1001),
		}}, []string{
			"name TOO_LONG", "gender UNKNOWN_VALUE", "salutation TOO_LONG", "department TOO_LONG", "jobTitle TOO_LONG", "birthday OUT_OF_RANGE", "hobby TOO_LONG",
			"address TOO_LONG", "phone TOO_LONG", "fax TOO_LONG", "mobile TOO_LONG", "email MALFORMED", "qq TOO_LONG", "msn TOO_LONG", "wechat TOO_LONG",
			"remark TOO_LONG", "remark1 TOO_LONG", "remark2 TOO_LONG",
		}},
	} {
		_, err := w.service.Create(c.ctx, c.draft)
		fixture.Want(t, what, err, c.faults...)
	}
	if n, err := w.Client.Contact.Query().Count(w.Acme.Ctx); err != nil || n != 0 {
		t.Errorf("%d contacts are there, %v", n, err)
	}
}

// TestTodayIsTheTenants: in Shanghai the next day has begun while it is still today in UTC.
func TestTodayIsTheTenants(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Clock.Set(fixture.Start().Add(16 * time.Hour)) // 17:00 UTC, 01:00 in Shanghai
	_, err := w.service.Create(w.Alice, contacts.Draft{CustomerID: w.alices, Details: contacts.Details{Name: ptr("x"), Birthday: ptr(date.MustParse("2026-06-16"))}})
	fixture.Want(t, "born today", err)
}
