package fault_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/fault"
)

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("合", 4)
	var c fault.Check
	c.Text("name", " \t", 1, 3)
	c.Text("title", "合约", 1, 3)
	c.OptText("note", &long, 3)
	c.OptText("hobby", nil, 3)
	c.Index("lines", 2, func(c *fault.Check) { c.That(false, fault.OutOfRange, "amount", "amount is not positive") })
	want := []string{"name REQUIRED", "note TOO_LONG", "lines/2/amount OUT_OF_RANGE"}
	if diff := cmp.Diff(want, found(c.Err())); diff != "" {
		t.Error(diff)
	}
	if err := new(fault.Check).Err(); err != nil {
		t.Errorf("nothing is wrong, yet: %v", err)
	}
}

func TestWord(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]fault.Code{
		"": fault.Required, "A": "", "9_Z": "", "ABCD": "", "ABCDE": fault.TooLong,
		"_A": fault.Malformed, "a": fault.Malformed, "A-B": fault.Malformed, "合": fault.Malformed,
	} {
		var c fault.Check
		c.Word("code", value, 4)
		var got fault.Code
		if all := fault.All(c.Err()); len(all) > 0 {
			got = all[0].Code
		}
		if got != want {
			t.Errorf("%q: %q, not %q", value, got, want)
		}
	}
}

func TestUnder(t *testing.T) {
	t.Parallel()
	var c fault.Check
	c.Word("code", "", 4)
	c.Word("list", "a", 4)
	if diff := cmp.Diff([]string{"draft/code REQUIRED", "draft/list MALFORMED"}, found(fault.Under("draft", c.Err()))); diff != "" {
		t.Error(diff)
	}
	for _, err := range []error{nil, errors.New("no fault"), fault.New(fault.Unavailable, fault.LimitReached, "later")} {
		if got := fault.Under("draft", err); got != err { //nolint:errorlint // the very same
			t.Errorf("%v became %v", err, got)
		}
	}
}

// found writes the faults of err as path and code.
func found(err error) []string {
	var all []string
	for _, f := range fault.All(err) {
		all = append(all, strings.Join(f.Field, "/")+" "+string(f.Code))
	}
	return all
}
