package flow

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// play answers open seats in any order until the node is decided, and says how many agreed.
func play(t *rapid.T, mode Mode, seats []Seat, refuse int) (NodeState, int) {
	answers := 0
	for range 100 {
		w := Weigh(mode, seats)
		for _, i := range w.Moot {
			if !seats[i].State.waits() {
				t.Fatalf("%v: an answered seat became moot", seats)
			}
			seats[i].State = TaskMoot
		}
		for _, i := range w.Open {
			seats[i].State = TaskOpen
		}
		var open []int
		for i, s := range seats {
			if s.State == TaskOpen {
				open = append(open, i)
			}
		}
		if w.State != NodeOpen {
			if len(open) > 0 {
				t.Fatalf("%s: decided as %s with open seats %v", mode, w.State, seats)
			}
			return w.State, answers
		}
		if len(open) == 0 {
			t.Fatalf("%s: nobody is asked and nothing is decided: %v", mode, seats)
		}
		i := rapid.SampledFrom(open).Draw(t, "who")
		answers++
		seats[i].State = TaskApproved
		if answers == refuse {
			seats[i].State = TaskRejected
		}
	}
	t.Fatal("the node never ends")
	return "", 0
}

// TestANodeAlwaysEnds: whatever the mode and the order of answers, a node is decided, by the number its mode asks for.
func TestANodeAlwaysEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom(Modes()).Draw(t, "mode")
		named := rapid.IntRange(1, 6).Draw(t, "named")
		if mode == One {
			named = 1
		}
		added := rapid.IntRange(0, 3).Draw(t, "added")
		seats := make([]Seat, 0, named+added)
		for i := range named + added {
			seats = append(seats, Seat{State: TaskWaiting, Added: i >= named})
		}
		state, answers := play(t, mode, seats, 0)
		if state != NodeApproved {
			t.Fatalf("everybody agreed, and the node is %s", state)
		}
		least := named + added
		if mode == Any {
			least = 1 + added
		}
		if answers < least {
			t.Fatalf("%s of %d and %d added: decided after %d answers, want %d", mode, named, added, answers, least)
		}
		for i, s := range seats {
			if s.Added && s.State != TaskApproved {
				t.Fatalf("seat %d was added and is %s", i, s.State)
			}
		}
	})
}

func TestOneRefusalRefuses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]Mode{All, Sequence}).Draw(t, "mode")
		n := rapid.IntRange(1, 6).Draw(t, "n")
		seats := slices.Repeat([]Seat{{State: TaskWaiting}}, n)
		if state, _ := play(t, mode, seats, rapid.IntRange(1, n).Draw(t, "refuse")); state != NodeRejected {
			t.Fatalf("one of %d refused, and the node is %s", n, state)
		}
	})
}

func TestASequenceAsksOneAtATime(t *testing.T) {
	t.Parallel()
	seats := slices.Repeat([]Seat{{State: TaskWaiting}}, 3)
	for i := range seats {
		if w := Weigh(Sequence, seats); !slices.Equal(w.Open, []int{i}) {
			t.Fatalf("turn %d opens %v", i, w.Open)
		}
		seats[i].State = TaskOpen
		if w := Weigh(Sequence, seats); len(w.Open) != 0 {
			t.Fatalf("another is asked while %d is open", i)
		}
		seats[i].State = TaskApproved
	}
	if w := Weigh(Sequence, seats); w.State != NodeApproved {
		t.Errorf("all agreed, and the node is %s", w.State)
	}
}
