package shipped

import (
	"regexp"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestEveryEntryIsCompleteAndUnique(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`^[A-Z0-9]+(_[A-Z0-9]+)*$`)
	for _, l := range Lists() {
		codes, zh, en := map[string]bool{}, map[string]bool{}, map[string]bool{}
		last := 0
		for _, e := range Entries(l) {
			if e.List != l || !code.MatchString(e.Code) || len(e.Code) > 32 || codes[e.Code] {
				t.Errorf("%s: code %q is malformed or repeated", l, e.Code)
			}
			if !label(e.ZH, true) || zh[e.ZH] || !label(e.EN, false) || en[e.EN] {
				t.Errorf("%s %s: labels %q and %q are missing, repeated or in the wrong language", l, e.Code, e.ZH, e.EN)
			}
			if e.Order <= last || !e.Active {
				t.Errorf("%s %s: order %d after %d, active %v", l, e.Code, e.Order, last, e.Active)
			}
			codes[e.Code], zh[e.ZH], en[e.EN], last = true, true, true, e.Order
		}
		if len(codes) < 3 {
			t.Errorf("%s has %d entries", l, len(codes))
		}
	}
}

func label(s string, han bool) bool {
	hasHan := false
	for _, r := range s {
		hasHan = hasHan || unicode.Is(unicode.Han, r)
	}
	return utf8.RuneCountInString(s) >= 2 && utf8.RuneCountInString(s) <= 100 && hasHan == han
}

func codesOf(l List) []string {
	var codes []string
	for _, e := range Entries(l) {
		codes = append(codes, e.Code)
	}
	return codes
}

// TestStandardListsAreWhole: twenty sections A to T, and the 34 province-level divisions with one entry abroad.
func TestStandardListsAreWhole(t *testing.T) {
	t.Parallel()
	var letters []string
	for c := 'A'; c <= 'T'; c++ {
		letters = append(letters, string(c))
	}
	if d := cmp.Diff(letters, codesOf(Industry)); d != "" {
		t.Errorf("industry sections (-want +got):\n%s", d)
	}
	regions := codesOf(Region)
	if len(regions) != 35 || regions[34] != "OVERSEAS" {
		t.Fatalf("%d regions: %v", len(regions), regions)
	}
	form := regexp.MustCompile(`^[1-8][0-9]0000$`)
	for i, c := range regions[:34] {
		if !form.MatchString(c) || i > 0 && c <= regions[i-1] {
			t.Errorf("region %q is malformed or out of order", c)
		}
	}
}

// TestServiceTypesNamedByTheRequirement is D2.
func TestServiceTypesNamedByTheRequirement(t *testing.T) {
	t.Parallel()
	var got []string
	for _, e := range Entries(ServiceType)[:3] {
		got = append(got, e.ZH)
	}
	if d := cmp.Diff([]string{"上门服务", "解决客户投诉", "客户培训"}, got); d != "" {
		t.Error(d)
	}
}

func TestAllIsEveryList(t *testing.T) {
	t.Parallel()
	n := map[List]int{}
	for _, e := range All() {
		n[e.List]++
	}
	for _, l := range Lists() {
		if n[l] != len(Entries(l)) {
			t.Errorf("%s has %d entries in All, %d by itself", l, n[l], len(Entries(l)))
		}
	}
	if Entries("HOBBIES") != nil || len(List("").Values()) != len(n) {
		t.Error("an unknown list has entries, or Values is incomplete")
	}
}
