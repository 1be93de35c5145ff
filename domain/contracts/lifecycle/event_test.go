package lifecycle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/platform/fault"
)

// legal lists every legal pair once more, written by status and target, so that a slip in moves shows.
func legal() map[Status]map[Event]Status {
	return map[Status]map[Event]Status{
		"DRAFT":     {"SUBMIT": "IN_REVIEW", "WITHDRAW": "WITHDRAWN", "NO_OBJECTION": "DRAFT"},
		"IN_REVIEW": {"SEND_BACK": "DRAFT", "WITHDRAW": "WITHDRAWN", "APPROVE": "APPROVED", "REJECT": "REJECTED"},
		"APPROVED":  {"WITHDRAW": "WITHDRAWN", "REVISE": "DRAFT", "SIGN": "PARTLY_SIGNED", "SIGN_LAST": "SIGNED"},
		"REJECTED":  {"REVISE": "DRAFT"},
		"WITHDRAWN": {"REVISE": "DRAFT"},
		"PARTLY_SIGNED": {
			"WITHDRAW": "WITHDRAWN", "SIGN": "PARTLY_SIGNED", "SIGN_LAST": "SIGNED", "VOID": "PARTLY_SIGNED", "VOID_ONLY": "APPROVED",
		},
		"SIGNED": {"ACTIVATE": "ACTIVE", "TERMINATE": "TERMINATED", "OPT_OUT": "SIGNED", "VOID": "PARTLY_SIGNED"},
		"ACTIVE": {
			"SUSPEND": "SUSPENDED", "COMPLETE": "COMPLETED", "EXPIRE": "EXPIRED",
			"TERMINATE": "TERMINATED", "RENEW": "RENEWED", "AGREE_RENEWAL": "ACTIVE", "OPT_OUT": "ACTIVE", "EXTEND": "ACTIVE",
		},
		"SUSPENDED": {
			"RESUME": "ACTIVE", "EXPIRE": "EXPIRED", "TERMINATE": "TERMINATED",
			"AGREE_RENEWAL": "SUSPENDED", "OPT_OUT": "SUSPENDED", "EXTEND": "SUSPENDED",
		},
		"COMPLETED":  {"RENEW": "RENEWED", "AGREE_RENEWAL": "COMPLETED"},
		"EXPIRED":    {"COMPLETE": "COMPLETED", "REINSTATE": "ACTIVE", "RENEW": "RENEWED", "AGREE_RENEWAL": "EXPIRED"},
		"TERMINATED": {},
		"RENEWED":    {},
	}
}

func TestEveryPairOfStatusAndEvent(t *testing.T) {
	t.Parallel()
	want := legal()
	if len(want) != len(Statuses()) {
		t.Fatalf("%d statuses are covered, there are %d", len(want), len(Statuses()))
	}
	for _, s := range Statuses() {
		for _, e := range Events() {
			to, ok := want[s][e]
			got, err := Next(s, e)
			if ok && (err != nil || got != to) {
				t.Errorf("Next(%s, %s) = %q, %v; want %s", s, e, got, err, to)
			}
			if !ok {
				refused(t, s, e, got, err)
			}
		}
	}
}

func refused(t *testing.T, s Status, e Event, got Status, err error) {
	t.Helper()
	all := fault.All(err)
	if len(all) != 1 || got != "" || all[0].Kind != fault.State || all[0].Code != fault.WrongState {
		t.Errorf("Next(%s, %s) = %q, %v; want a WRONG_STATE fault", s, e, got, err)
		return
	}
	if m := all[0].Message; !strings.Contains(m, string(s)) || !strings.Contains(m, string(e)) {
		t.Errorf("the message %q does not name both %s and %s", m, s, e)
	}
}

func TestAllowedIsWhatNextAccepts(t *testing.T) {
	t.Parallel()
	for _, s := range Statuses() {
		var want []Event
		for _, e := range Events() {
			if _, err := Next(s, e); err == nil {
				want = append(want, e)
			}
		}
		if d := cmp.Diff(want, Allowed(s)); d != "" {
			t.Errorf("Allowed(%s) differs from what Next accepts (-want +got):\n%s", s, d)
		}
	}
}

func TestUnknownValuesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s Status
		e Event
	}{{"draft", Submit}, {"", Submit}, {Draft, "submit"}, {Draft, ""}} {
		_, err := Next(c.s, c.e)
		if l := fault.All(err); len(l) != 1 || l[0].Code != fault.UnknownValue {
			t.Errorf("Next(%q, %q) gave %v", c.s, c.e, err)
		}
	}
	if got := Allowed("NOWHERE"); got != nil {
		t.Errorf("an unknown status allows %v", got)
	}
}

// TestNoWayAroundApprovalAndSignatures walks at random: whoever reaches ACTIVE was approved after the last edit
// and then signed by all (HR14, F1).
func TestNoWayAroundApprovalAndSignatures(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, approved, signed := Draft, false, false
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			allowed := Allowed(s)
			if len(allowed) == 0 {
				return
			}
			e := rapid.SampledFrom(allowed).Draw(t, "event")
			next, err := Next(s, e)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case e == Approve:
				approved = true
			case e == SignLast:
				signed = approved
			case next == Draft && s != Draft:
				approved, signed = false, false
			case e == Void || e == VoidOnly:
				signed = false
			}
			if (next.IsBinding() || next.IsEnded()) && (!approved || !signed) {
				t.Fatalf("%s reached from %s by %s; approved %v, signed %v", next, s, e, approved, signed)
			}
			s = next
		}
	})
}

func TestEveryStatusCanBeReached(t *testing.T) {
	t.Parallel()
	seen, todo := map[Status]bool{Draft: true}, []Status{Draft}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		for _, m := range moves(s) {
			if !seen[m.to] {
				seen[m.to] = true
				todo = append(todo, m.to)
			}
		}
	}
	for _, s := range Statuses() {
		if !seen[s] {
			t.Errorf("%s cannot be reached from DRAFT", s)
		}
	}
}
