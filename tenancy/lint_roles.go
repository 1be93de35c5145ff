package tenancy

import (
	"context"
	"database/sql"
	"fmt"
)

// anyTenant satisfies the driver where a statement touches no table.
const anyTenant = 1

// roleQuery reads what the role of a connection is. The members of a role that may do more can become it.
const roleQuery = `SELECT current_user, session_user = current_user, r.rolsuper, r.rolbypassrls, coalesce((
	SELECT m.rolname FROM pg_roles m WHERE m.oid <> r.oid AND pg_has_role(r.oid, m.oid, 'MEMBER') AND (m.rolsuper OR m.rolbypassrls OR
		EXISTS (SELECT FROM pg_class c WHERE c.relowner = m.oid AND c.relrowsecurity)) ORDER BY 1 LIMIT 1), ''),
	coalesce((SELECT c.relname FROM pg_class c WHERE c.relowner = r.oid AND c.relrowsecurity ORDER BY 1 LIMIT 1), '')
	FROM pg_roles r WHERE r.rolname = current_user`

// CheckRoles says what is wrong with the roles that the two pools of a process connect as: row security must hold both,
// whatever the address in the settings says. Lint looks at the roles by name; this looks at who really connected.
func CheckRoles(ctx context.Context, app, system *sql.DB) ([]Finding, error) {
	found, err := checkRole(With(ctx, anyTenant), app, appRole)
	if err != nil {
		return nil, fmt.Errorf("check the role of DATABASE_URL: %w", err)
	}
	more, err := checkRole(ctx, system, systemRole)
	if err != nil {
		return nil, fmt.Errorf("check the role of DATABASE_SYSTEM_URL: %w", err)
	}
	return append(found, more...), nil
}

func checkRole(ctx context.Context, db *sql.DB, want string) ([]Finding, error) {
	var role, becomes, owns string
	var itself, super, bypass bool
	if err := db.QueryRowContext(ctx, roleQuery).Scan(&role, &itself, &super, &bypass, &becomes, &owns); err != nil {
		return nil, err
	}
	var found []Finding
	add := func(wrong bool, rule Rule, detail string) {
		if wrong {
			found = append(found, Finding{rule, role, detail})
		}
	}
	add(role != want || !itself, RuleConnectedAs, "this connection must be "+want+"'s")
	add(super, RuleRole, "is a superuser")
	add(bypass, RuleRole, "bypasses row security")
	add(owns != "", RuleRole, "owns "+owns)
	add(becomes != "", RuleRole, "can become "+becomes)
	return found, nil
}
