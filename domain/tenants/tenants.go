// Package tenants opens, suspends and lists the companies that use the service (A1), and keeps what each decides for
// itself (A5). What a tenant is filled with belongs to other packages; this one says when.
package tenants

import (
	"context"
	"database/sql"
	"encoding/binary"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/identity/password"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Service is the use cases of tenants. Create, Suspend, Resume and List are for whoever runs the installation: no
// request reaches them, and their contexts carry no tenant. Settings and UpdateSettings are for callers.
type Service struct {
	Client    *ent.Client
	System    *sql.DB // may insert a tenant's row, which the app's role may not
	Directory tenancy.Directory
	Policies  *policies.Engine
	Audit     audit.Recorder
	Clock     clock.Clock

	Passwords      *password.Hasher
	PasswordPolicy password.Policy

	Seeds     Seeds
	Reminders Reminders
	// Ended is called after the commit that suspended a tenant, to have its sockets closed at once; nil for nobody.
	Ended func(tenant int64)
}

// Seeds fill a new tenant, each in the transaction that makes it ready. They are the packages' that own the rows.
type Seeds struct {
	Dictionaries func(ctx context.Context, tx *ent.Tx) error
	Templates    func(ctx context.Context, tx *ent.Tx, locale string) error
	Root         func(ctx context.Context, tx *ent.Tx, name string) (publicid.DepartmentID, error)
	Admin        func(ctx context.Context, tx *ent.Tx, a FirstUser) error
}

// FirstUser is the administrator as the seed gets them, valid.
type FirstUser struct {
	Email, Name, Locale string
	PasswordHash        string
	Department          publicid.DepartmentID
	Role                publicid.RoleID // the administrator's
}

// Reminders follow the settings.
type Reminders interface {
	// Replan moves what is pending to where the settings now want it, as part of tx.
	Replan(ctx context.Context, tx *ent.Tx) error
}

// object is what the audit trail calls a tenant.
const object = "tenant"

// objectID gives a tenant's number the form of an object's id: zeroes, then the number in the last eight bytes.
func objectID(tenant int64) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(tenant))
	return id
}

// List returns all tenants by slug, half-made ones included.
func (s *Service) List(ctx context.Context) ([]tenancy.Listing, error) { return s.Directory.List(ctx) }
