package contacts_test

import (
	"slices"
	"testing"

	"heyue/domain/contacts"
	"heyue/domain/fields"
	"heyue/domain/fields/custom"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

// TestCustomSortOfEach: the contacts of several customers are sorted by a field of the tenant's own, each customer's for
// itself, and a page goes on where the one before ended.
func TestCustomSortOfEach(t *testing.T) {
	t.Parallel()
	w := open(t)
	_, err := w.Fields.Define(w.Admin, fields.Draft{Noun: custom.Contact, Key: "met", Type: custom.Date, LabelZh: "初见", LabelEn: "Met on"})
	fixture.Want(t, "a field", err)
	for _, c := range []struct {
		of   publicid.CustomerID
		name string
		met  string
	}{{w.alices, "late", "2026-03-01"}, {w.alices, "never", ""}, {w.alices, "early", "2026-01-01"}, {w.bobs, "other", "2026-02-01"}} {
		d := contacts.Draft{CustomerID: c.of, Details: contacts.Details{Name: &c.name}}
		if c.met != "" {
			day := date.MustParse(c.met)
			d.Custom = []*custom.Input{{Key: "met", Date: &day}}
		}
		_, err := w.service.Create(w.Admin, d)
		fixture.Want(t, c.name, err)
	}
	key, size := "met", 2
	sorts := []*listing.Sort{{Field: listing.ByCustom, Custom: &key, Direction: listing.Asc}}
	lists, err := w.service.Of(w.Admin, []publicid.CustomerID{w.alices, w.bobs}, page.Args{First: &size}, nil, sorts)
	fixture.Want(t, "two lists", err)
	rest, err := w.service.Of(w.Admin, []publicid.CustomerID{w.alices}, page.Args{First: &size, After: lists[0].PageInfo.EndCursor}, nil, sorts)
	fixture.Want(t, "the next page", err)
	got := [][]string{}
	for _, l := range append(lists, rest...) {
		names := []string{}
		for _, c := range l.Nodes() {
			names = append(names, c.Name)
		}
		got = append(got, names)
	}
	want := [][]string{{"early", "late"}, {"other"}, {"never"}}
	if !slices.EqualFunc(want, got, slices.Equal[[]string]) {
		t.Errorf("listed %v, want %v", got, want)
	}
}
