package flow

// Seat is one approver's place at a node, for Weigh: where the task stands and whether its holder was added.
type Seat struct {
	State TaskState
	Added bool
}

// Weighed is what a node's seats lead to.
type Weighed struct {
	State NodeState // NodeOpen while somebody has still to answer
	Open  []int     // seats whose turn has come now
	Moot  []int     // seats that are no longer needed
}

// Weigh decides a node from its seats, in their order. Copies and tasks that were passed on are no seats. One refusal
// refuses; agreement is by the mode, and by everybody who was added.
func Weigh(mode Mode, seats []Seat) Weighed {
	w := Weighed{State: NodeOpen}
	agreed, left, added := 0, 0, 0
	for _, s := range seats {
		switch {
		case s.State == TaskRejected:
			return Weighed{State: NodeRejected, Moot: unanswered(seats, true)}
		case s.State == TaskApproved && !s.Added:
			agreed++
		case s.State.waits() && s.Added:
			added++
		case s.State.waits():
			left++
		}
	}
	enough := left == 0
	if mode == Any || mode == One {
		enough = agreed > 0 || left == 0
	}
	if enough {
		w.Moot = unanswered(seats, false)
		if added == 0 {
			return Weighed{State: NodeApproved, Moot: w.Moot}
		}
	}
	w.Open = next(mode, seats, enough)
	return w
}

// waits reports whether the task may still be answered.
func (s TaskState) waits() bool { return s == TaskWaiting || s == TaskOpen }

// next finds the seats to open: all that wait, or for a sequence the first, unless another is open.
func next(mode Mode, seats []Seat, enough bool) []int {
	var open []int
	taken := false
	for i, s := range seats {
		switch {
		case s.Added && s.State == TaskWaiting:
			open = append(open, i)
		case s.Added || enough:
		case s.State == TaskOpen:
			taken = true
		case s.State == TaskWaiting && (mode != Sequence || !taken):
			open, taken = append(open, i), true
		}
	}
	return open
}

// unanswered lists the seats that wait; those who were added only with all.
func unanswered(seats []Seat, all bool) []int {
	var out []int
	for i, s := range seats {
		if s.State.waits() && (all || !s.Added) {
			out = append(out, i)
		}
	}
	return out
}
