package tenancy

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/lib/pq/pqerror"
)

// UniqueViolation reports whether err comes from a unique constraint or index, and gives its name.
func UniqueViolation(err error) (constraint string, ok bool) {
	return violation(err, pqerror.UniqueViolation)
}

// ForeignKeyViolation reports whether err comes from a foreign key, and gives its name.
func ForeignKeyViolation(err error) (constraint string, ok bool) {
	return violation(err, pqerror.ForeignKeyViolation)
}

// CheckViolation reports whether err comes from a CHECK constraint, and gives its name.
func CheckViolation(err error) (constraint string, ok bool) {
	return violation(err, pqerror.CheckViolation)
}

func violation(err error, code pqerror.Code) (string, bool) {
	if e := PostgresError(err); e != nil && e.Code == code {
		return e.Constraint, true
	}
	return "", false
}

// SerializationFailure reports whether err ended a transaction that collided with another, by a
// serialization failure or a deadlock. Nothing of it has happened, and the whole of it may be tried again.
func SerializationFailure(err error) bool {
	e := PostgresError(err)
	return e != nil && (e.Code == pqerror.TRSerializationFailure || e.Code == pqerror.TRDeadlockDetected)
}

// Unavailable reports whether err says that the database cannot be reached or is going away, as opposed to
// that it refused the statement. Only what is idempotent may be tried again: after ErrConnLost the first
// try may have taken effect.
func Unavailable(err error) bool {
	if errors.Is(err, ErrConnLost) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) { // which ends a sign-in
		return true
	}
	var refused *net.OpError // nobody listens there
	if errors.As(err, &refused) {
		return true
	}
	e := PostgresError(err)
	if e == nil {
		return false
	}
	switch e.Code.Class() {
	case pqerror.ClassConnectionException, pqerror.ClassInsufficientResources:
		return true
	}
	return e.Code == pqerror.AdminShutdown || e.Code == pqerror.CrashShutdown || e.Code == pqerror.CannotConnectNow
}

// outage marks an error with which the database cannot be reached, so that fault.Wrap tells it from a mistake of ours, in
// whichever package it is met first.
type outage struct{ error }

// Unwrap returns the error.
func (o outage) Unwrap() error { return o.error }

// Outage is what callers are told.
func (outage) Outage() string { return "the database cannot be reached; try again shortly" }

// marked is err, known for an outage if it is one.
func marked(err error) error {
	if err == nil || !Unavailable(err) {
		return err
	}
	return outage{err}
}

// cancelled makes err recognisable as the end of ctx, which is its cause.
func cancelled(ctx context.Context, err error) error {
	return fmt.Errorf("%w: %w", ctx.Err(), err)
}
