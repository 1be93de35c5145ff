package incident

import (
	"testing"

	"heyue/platform/fault"
)

func TestEveryPairOfStateAndEntry(t *testing.T) {
	t.Parallel()
	want := map[State]map[Entry]State{
		"OPEN":     {"NOTICE": "NOTIFIED", "PROOF": "OPEN", "TALK": "OPEN", "RESOLUTION": "RESOLVED"},
		"NOTIFIED": {"NOTICE": "NOTIFIED", "PROOF": "NOTIFIED", "TALK": "NOTIFIED", "RESOLUTION": "RESOLVED"},
		"RESOLVED": {},
	}
	for _, s := range States() {
		for _, e := range Entries() {
			got, err := After(s, e)
			to, ok := want[s][e]
			if ok && (err != nil || got != to) || !ok && fault.KindOf(err) != fault.State {
				t.Errorf("After(%s, %s) = %q, %v; want %q", s, e, got, err, to)
			}
		}
	}
	if _, err := After(Open, "GOSSIP"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an unknown entry gave %v", err)
	}
}

func TestKnownValues(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		if !k.Valid() {
			t.Errorf("%s is not valid", k)
		}
	}
	if Kind("ACCIDENT").Valid() || Side("BOTH").Valid() || !Ours.Valid() || !Theirs.Valid() {
		t.Error("an unknown value is valid, or a known one is not")
	}
}
