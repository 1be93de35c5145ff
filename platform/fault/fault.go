// Package fault is the one error type that crosses package borders: a kind that decides how it is
// handled, a stable code for programs, a message that is safe to show, and the input it is about.
// Text of ent, PostgreSQL or Redis never goes into a message; it stays in the cause, for the log.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says who has to do something about a fault.
type Kind uint8

// The user mends Invalid, NotFound, Conflict and State; the caller's program or its administrator mends
// Unauthenticated, Denied, BadRequest and Exhausted; we mend Unavailable and Internal.
const (
	Internal Kind = iota
	Invalid
	NotFound
	Conflict
	State
	Unauthenticated
	Denied
	BadRequest
	Exhausted
	Unavailable
)

// Code is a stable upper-snake-case name. Codes are part of the API: they may be added, never changed.
type Code string

// Codes that users meet in the userErrors of a mutation.
const (
	Required        Code = "REQUIRED"
	TooShort        Code = "TOO_SHORT"
	TooLong         Code = "TOO_LONG"
	Malformed       Code = "MALFORMED"
	OutOfRange      Code = "OUT_OF_RANGE"
	UnknownValue    Code = "UNKNOWN_VALUE"
	Inconsistent    Code = "INCONSISTENT"
	Duplicate       Code = "DUPLICATE"
	Missing         Code = "NOT_FOUND"
	VersionConflict Code = "VERSION_CONFLICT"
	WrongState      Code = "WRONG_STATE"
	InUse           Code = "IN_USE"
	NotAllowed      Code = "NOT_ALLOWED"
	LimitReached    Code = "LIMIT_REACHED"

	// WrongCredentials is the one answer to a sign-in that is not let in.
	WrongCredentials Code = "WRONG_CREDENTIALS" //nolint:gosec // a word of the API
)

// Codes of top-level errors.
const (
	CodeUnauthenticated Code = "UNAUTHENTICATED"
	CodeForbidden       Code = "FORBIDDEN"
	CodeRateLimited     Code = "RATE_LIMITED"
	CodeBadRequest      Code = "BAD_REQUEST"
	CodeInvalidID       Code = "INVALID_ID"
	CodeInvalidCursor   Code = "INVALID_CURSOR"
	CodeCursorExpired   Code = "CURSOR_EXPIRED"
	CodeUnavailable     Code = "UNAVAILABLE"
	CodeInternal        Code = "INTERNAL"

	// Codes of mutations that carry an idempotency key (graphql.md 4.9).
	CodeKeyReused     Code = "IDEMPOTENCY_KEY_REUSED"
	CodeKeyInProgress Code = "IDEMPOTENCY_IN_PROGRESS"
	CodeAnswerLost    Code = "IDEMPOTENCY_ANSWER_LOST"
)

// Fault is an error with everything its reader may know.
type Fault struct {
	Kind       Kind
	Code       Code
	Message    string
	Field      []string      // path to the input, outermost first; nil when no one input is to blame
	RetryAfter time.Duration // for Exhausted and Unavailable; zero when unknown
	Quotes     bool          // whether the message quotes values, which not every caller may see
	Lacks      string        // the permission that was lacking, as object:action, for the log of decisions
	Cause      error         // for the log only
}

// Error gives kind-independent text for logs. It includes the cause, so it must not be shown to a caller.
func (f *Fault) Error() string {
	var b strings.Builder
	if len(f.Field) > 0 {
		b.WriteString(strings.Join(f.Field, "."))
		b.WriteString(": ")
	}
	b.WriteString(f.Message)
	if f.Cause != nil {
		b.WriteString(": ")
		b.WriteString(f.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// At returns a copy of the fault whose field path begins with prefix.
func (f *Fault) At(prefix ...string) *Fault {
	c := *f
	c.Field = append(append([]string(nil), prefix...), f.Field...)
	return &c
}

// New builds a fault from its parts; the message is formatted as by fmt.Sprintf.
func New(kind Kind, code Code, format string, args ...any) *Fault {
	return &Fault{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...), Quotes: len(args) > 0}
}

// Outage is an error that says of itself that something we lean on cannot be reached, in words that callers may read.
type Outage interface {
	error
	Outage() string
}

// Wrap hides err behind an Internal fault, or behind one of kind Unavailable when it holds an Outage. A fault stays what it is.
func Wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	var f *Fault
	var l List
	if errors.As(err, &f) || errors.As(err, &l) {
		return err
	}
	cause := fmt.Errorf("%s: %w", doing, err)
	var o Outage
	if errors.As(err, &o) {
		return &Fault{Kind: Unavailable, Code: CodeUnavailable, Message: o.Outage(), Cause: cause}
	}
	return &Fault{Kind: Internal, Code: CodeInternal, Message: "internal error", Cause: cause}
}

// NoSuch is the answer for an id that does not exist, is archived away, is out of the caller's scope or
// belongs to another tenant: all four look alike on purpose (architecture.md 5.6).
func NoSuch(noun string, field ...string) *Fault {
	return &Fault{Kind: NotFound, Code: Missing, Message: noun + " not found", Field: field}
}

// Stale is the answer to an update that carries an old version.
func Stale(noun string) *Fault {
	return &Fault{Kind: Conflict, Code: VersionConflict, Message: noun + " was changed by someone else; read it again", Field: []string{"expectedVersion"}}
}

// Forbidden is the answer to a caller who lacks a permission. It never says whether the object exists.
func Forbidden(permission string) *Fault {
	return &Fault{Kind: Denied, Code: CodeForbidden, Message: "you lack the permission " + permission, Lacks: permission}
}

// List is every fault of one request at once, in the order of the input.
type List []*Fault

// Error joins the texts of all faults.
func (l List) Error() string {
	s := make([]string, len(l))
	for i, f := range l {
		s[i] = f.Error()
	}
	return strings.Join(s, "; ")
}

// All returns the faults in err, or nil when err holds none. A plain error counts as Internal only
// after Wrap, so nothing is ever classified by accident.
func All(err error) List {
	var l List
	if errors.As(err, &l) {
		return l
	}
	var f *Fault
	if errors.As(err, &f) {
		return List{f}
	}
	return nil
}

// Under returns err with the paths of its faults below field. An error that the user cannot mend, or that holds no
// fault, comes back as it is.
func Under(field string, err error) error {
	var list List
	for _, f := range All(err) {
		if !f.Kind.IsUser() {
			return err
		}
		list = append(list, f.At(field))
	}
	if len(list) == 0 {
		return err
	}
	return list
}

// KindOf returns the kind of err's first fault, or Internal when it holds none.
func KindOf(err error) Kind {
	if l := All(err); len(l) > 0 {
		return l[0].Kind
	}
	return Internal
}

// IsUser reports whether the user can mend a fault of this kind by changing the request.
func (k Kind) IsUser() bool { return k == Invalid || k == NotFound || k == Conflict || k == State }
