package pgembed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// The roles of a heyue cluster (tenancy.md 1.3). None of them may log in as, or become, a superuser.
const (
	// OwnerRole owns the database and runs migrations. Nothing that serves requests connects as it.
	OwnerRole = "heyue_owner"
	// AppRole serves requests. Row security holds it, because it owns nothing and cannot bypass.
	AppRole = "heyue_app"
	// SystemRole runs jobs that cross tenants. Row security holds it; migrations grant it what a job needs.
	SystemRole = "heyue_system"
	// SearchRole owns the search functions and nothing else. It bypasses row security, because the check of
	// every row would keep PostgreSQL from using the search index; so nobody can log in as it and its
	// functions filter by tenant themselves. OwnerRole is a member, to be able to give it those functions.
	SearchRole = "heyue_search"
)

// bootstrapLock is the advisory lock, in the database postgres, under which roles are made.
const bootstrapLock int64 = 0x68657975 // "heyu"

type role struct {
	name          string
	login, bypass bool
}

var roles = [...]role{
	{name: OwnerRole, login: true},
	{name: AppRole, login: true},
	{name: SystemRole, login: true},
	{name: SearchRole, bypass: true},
}

// CreateRoles makes the roles of the cluster, or takes away what they have too much. super must be connected
// as a superuser to the database postgres. A nil password makes roles without one; else it is asked once for
// every role that may log in. It may be called by several processes at once.
func CreateRoles(ctx context.Context, super *sql.DB, password func(role string) string) error {
	tx, err := super.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("connect to create roles: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", bootstrapLock); err != nil {
		return fmt.Errorf("lock to create roles: %w", err)
	}
	for _, r := range roles {
		if err := r.ensure(ctx, tx, password); err != nil {
			return fmt.Errorf("create role %s: %w", r.name, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "GRANT "+SearchRole+" TO "+OwnerRole); err != nil {
		return fmt.Errorf("grant %s: %w", SearchRole, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("create roles: %w", err)
	}
	return nil
}

const roleIsRight = `SELECT rolcanlogin = $2 AND rolbypassrls = $3
	AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication) FROM pg_roles WHERE rolname = $1`

// ensure leaves a role that is right untouched: a managed service lets nobody alter some of the attributes.
func (r role) ensure(ctx context.Context, tx *sql.Tx, password func(string) string) error {
	var right bool
	err := tx.QueryRowContext(ctx, roleIsRight, r.name, r.login, r.bypass).Scan(&right)
	verb := "ALTER ROLE "
	if errors.Is(err, sql.ErrNoRows) {
		verb = "CREATE ROLE "
	} else if err != nil {
		return fmt.Errorf("look it up: %w", err)
	}
	if !right {
		if _, err := tx.ExecContext(ctx, verb+r.name+" "+r.attributes()); err != nil {
			return fmt.Errorf("set its attributes: %w", err)
		}
	}
	if password == nil || !r.login {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "ALTER ROLE "+r.name+" PASSWORD "+pq.QuoteLiteral(password(r.name))); err != nil {
		return fmt.Errorf("set its password: %w", err)
	}
	return nil
}

func (r role) attributes() string {
	attributes := []string{"NOSUPERUSER", "NOCREATEDB", "NOCREATEROLE", "NOREPLICATION", "NOLOGIN", "NOBYPASSRLS"}
	if r.login {
		attributes[4] = "LOGIN"
	}
	if r.bypass {
		attributes[5] = "BYPASSRLS"
	}
	return strings.Join(attributes, " ")
}

// PrepareDatabase gives a database to OwnerRole and lets the other roles connect to it and look names up in
// its schema public, nothing more: no temporary tables, no objects. super must be connected as a superuser
// to the database itself. Everything may be repeated.
func PrepareDatabase(ctx context.Context, super *sql.DB) error {
	var name string
	if err := super.QueryRowContext(ctx, "SELECT current_database()").Scan(&name); err != nil {
		return fmt.Errorf("connect to prepare the database: %w", err)
	}
	if err := AdmitRoles(ctx, super, name); err != nil {
		return err
	}
	_, err := super.ExecContext(ctx, strings.Join([]string{
		"ALTER SCHEMA public OWNER TO " + OwnerRole,
		"REVOKE ALL ON SCHEMA public FROM PUBLIC",
		"GRANT USAGE ON SCHEMA public TO " + AppRole + ", " + SystemRole + ", " + SearchRole,
	}, "; "))
	if err != nil {
		return fmt.Errorf("prepare schema public of %s: %w", name, err)
	}
	return nil
}

// AdmitRoles is the part of PrepareDatabase that a copy made with CREATE DATABASE ... TEMPLATE does not
// take over from its original. super may be connected to any database.
func AdmitRoles(ctx context.Context, super *sql.DB, name string) error {
	database := pq.QuoteIdentifier(name)
	_, err := super.ExecContext(ctx, strings.Join([]string{
		"ALTER DATABASE " + database + " OWNER TO " + OwnerRole,
		"REVOKE ALL ON DATABASE " + database + " FROM PUBLIC",
		"GRANT CONNECT ON DATABASE " + database + " TO " + AppRole + ", " + SystemRole,
	}, "; "))
	if err != nil {
		return fmt.Errorf("admit the roles to database %s: %w", name, err)
	}
	return nil
}
