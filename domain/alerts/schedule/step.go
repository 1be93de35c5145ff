// Package schedule works out when reminders of a due date fire (J1, J3, J4, HR10, HR11). It is pure: the same
// date, ladder, zone and progress give the same answer at any time, on any server, however often it is asked.
//
// Each obligation has a due date and a ladder: so many days before, on the day, and repeatedly when overdue. Each
// rung is a Step, identified by its distance from the due date alone. The caller keeps one number per obligation,
// the last step handled, and one instant, that of the next step. When the instant has come it calls Catchup,
// writes the alert and the new progress in one transaction, and thereby handles every step exactly once.
//
// When the due date of an obligation changes, its date version goes up and its progress starts anew; steps of the
// old version never fire again, because Key includes the version.
package schedule

import (
	"fmt"
	"strconv"

	"heyue/platform/fault"
)

// Step is one rung of a ladder: its distance from the due date in days, negative before it, zero on it, positive
// when overdue. Because a step is nothing but its distance, a ladder may be edited at any time without a step
// being repeated or taken for another.
type Step int16

// Due is the step on the due date itself.
const Due Step = 0

// Before is the step n days before the due date.
func Before(n int) Step { return Step(-n) }

// Overdue is the step n days after the due date.
func Overdue(n int) Step { return Step(n) }

// IsBefore reports whether the step is before the due date.
func (s Step) IsBefore() bool { return s < 0 }

// IsOverdue reports whether the step is after the due date.
func (s Step) IsOverdue() bool { return s > 0 }

// Days returns the distance from the due date without its sign.
func (s Step) Days() int { return int(max(s, -s)) }

// String returns the stable text of the step: "D-30", "D", "D+7".
func (s Step) String() string {
	if s == Due {
		return "D"
	}
	return fmt.Sprintf("D%+d", int(s))
}

// ParseStep reads what String writes. It fails with Invalid MALFORMED.
func ParseStep(text string) (Step, error) {
	if text == "D" {
		return Due, nil
	}
	if len(text) > 2 && text[0] == 'D' {
		if n, err := strconv.ParseInt(text[1:], 10, 16); err == nil && Step(n).String() == text {
			return Step(n), nil
		}
	}
	return 0, fault.New(fault.Invalid, fault.Malformed, "%.20q is not a reminder step such as D-30, D or D+7", text)
}

// Key is the idempotency key of one reminder: an obligation's id, the version of its due date, and the step. A
// unique index on it makes a second alert impossible even if two workers disagree.
func Key(obligation string, version int, s Step) string {
	return obligation + ":v" + strconv.Itoa(version) + ":" + s.String()
}
