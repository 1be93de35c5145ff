package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"heyue/ent/migrate"
)

// The roles of a heyue database (deploy/roles.sql).
const (
	ownerRole  = "heyue_owner"
	appRole    = "heyue_app"
	systemRole = "heyue_system"
)

// Rule names one thing that must hold for tenants to be apart.
type Rule string

// Rules of Lint and CheckRoles.
const (
	RuleTenantColumn    Rule = "tenant-column"    // every tenant table has tenant_id bigint NOT NULL
	RuleRowSecurity     Rule = "row-security"     // row security is enabled and forced
	RulePolicy          Rule = "policy"           // one policy for the app, which compares the tenant, and no other
	RuleKey             Rule = "key"              // primary keys and unique indexes begin with the tenant
	RuleForeignKey      Rule = "foreign-key"      // foreign keys begin with the tenant on both sides
	RuleView            Rule = "view"             // views run with the rights of who reads them
	RuleMaterialized    Rule = "materialized"     // nobody can read a materialized view: it has no row security
	RuleDefiner         Rule = "definer"          // functions that run with their owner's rights are listed here
	RulePartition       Rule = "partition"        // partitions are reached through their parent only
	RuleTableRights     Rule = "table-rights"     // no TRUNCATE, TRIGGER or REFERENCES; nothing for everybody
	RuleAppendOnly      Rule = "append-only"      // journals can be added to only
	RuleIndexType       Rule = "index-type"       // indexes are on types whose comparisons are leakproof
	RuleUnknownTable    Rule = "unknown-table"    // every table is a tenant table or a global one listed here
	RuleGlobalTable     Rule = "global-table"     // the app's role cannot reach global tables
	RuleSystemRights    Rule = "system-rights"    // the system role has the rights listed here and no more
	RuleRole            Rule = "role"             // the roles of a running process own and bypass nothing
	RuleConnectedAs     Rule = "connected-as"     // each pool connects as the role it is for
	RuleSchemaCreate    Rule = "schema-create"    // the roles of a running process make no objects
	RuleMissingTable    Rule = "missing-table"    // every table of this version is there
	RuleOwnerRowControl Rule = "owner-row-bypass" // the owner of the tables does not bypass row security either
)

// Finding is one thing that breaks a rule.
type Finding struct {
	Rule   Rule
	Object string // the table, index, function or role
	Detail string
}

// String is one line for an operator.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Rule, f.Object, f.Detail) }

// globalTables belong to no tenant: how to reach tenants, who guesses at sign-ins, and goose's list of migrations. What the app may do with each
// is named beside it.
func globalTables() map[string][]string {
	return map[string][]string{"tenant_directory": nil, "sign_in_attempts": nil, "goose_db_version": {"SELECT"}}
}

// appendOnly are journals: who could change a line could change the past.
func appendOnly() []string {
	return []string{
		"payments", "payment_allocations", "progress_entries", "audit_entries", "audit_seals", "approval_flow_versions", "approval_opinions",
	}
}

// definers are the functions that may run with their owner's rights, as schema.name(argument types). Each one filters
// by tenant itself; whoever adds one shows that in a test.
func definers() []string { return []string{} }

// systemRights is all that the system role may do: table, right, and the columns it is limited to.
func systemRights() []string {
	return []string{
		"tenant_directory SELECT", "tenant_directory INSERT", "tenant_directory UPDATE", "goose_db_version SELECT", "tenants INSERT",
		"reminders SELECT (tenant_id)", "reminders SELECT (next_at)",
		"outbox_events SELECT (tenant_id)", "outbox_events SELECT (seq)",
		"approval_tasks SELECT (tenant_id)", "approval_tasks SELECT (escalate_at)",
		"audit_queue SELECT (tenant_id)",
		"sign_in_attempts SELECT", "sign_in_attempts INSERT", "sign_in_attempts UPDATE", "sign_in_attempts DELETE",
		"mails SELECT (tenant_id)", "mails SELECT (next_at)",
		"one_time_tokens SELECT (tenant_id)", "one_time_tokens SELECT (expires_at)",
		"oidc_attempts SELECT (tenant_id)", "oidc_attempts SELECT (expires_at)",
		"deliveries SELECT (tenant_id)", "deliveries SELECT (next_at)", "deliveries SELECT (created_at)",
		"endpoints SELECT (tenant_id)", "endpoints SELECT (enabled)", "endpoints SELECT (archived_at)", "endpoints SELECT (events)", "endpoints SELECT (cursor)",
		"alert_recipients SELECT (tenant_id)", "alert_recipients SELECT (snoozed_until)",
		"idempotency_keys SELECT (tenant_id)", "idempotency_keys SELECT (expires_at)",
		"decisions SELECT (tenant_id)", "decisions SELECT (occurred_at)",
		"tenant_keys SELECT (tenant_id)", "tenant_keys SELECT (stale)", "tenant_keys SELECT (scheme)",
		"number_counters SELECT (tenant_id)", "number_counters SELECT (kind)", "number_counters SELECT (last)",
	}
}

// policyOf is the only condition that the policies of a table may have for anybody but the system role, as PostgreSQL
// prints it.
func policyOf(key string) string {
	return fmt.Sprintf("(%s = (current_setting('app.tenant_id'::text))::bigint)", key)
}

// tenantKeys gives the tenant column of every tenant table of this version.
func tenantKeys() map[string]string {
	keys := make(map[string]string, len(migrate.Tables))
	for _, t := range migrate.Tables {
		keys[t.Name] = column
	}
	keys["tenants"] = "id" // the tenant itself
	return keys
}

// Lint compares the database's catalog with the rules that keep tenants apart (tenancy.md 1.3 and 6.1) and returns what
// breaks one, sorted; nothing when all is well. It only reads the catalog, which every role may, on a pool of OpenSystem
// or any other that needs no tenant.
func Lint(ctx context.Context, db Querier) ([]Finding, error) {
	var all []Finding
	args := lintArguments()
	for _, q := range lintQueries() {
		found, err := q.run(ctx, db, args)
		if err != nil {
			return nil, fmt.Errorf("check the rule %s: %w", q.rule, err)
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b Finding) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all), nil
}

// Querier is a pool, a connection or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// lintQuery finds what breaks a rule: rows of object and detail.
type lintQuery struct {
	rule Rule
	sql  string
}

// lintArguments are the lists above as they enter the queries, all of which see them as the table "known".
func lintArguments() []any {
	var tables, keys, policies, globals, granted []string
	for table, key := range tenantKeys() {
		tables, keys, policies = append(tables, table), append(keys, key), append(policies, policyOf(key))
	}
	for table, rights := range globalTables() {
		globals = append(globals, table)
		for _, right := range rights {
			granted = append(granted, table+" "+right)
		}
	}
	return []any{
		pq.Array(tables), pq.Array(keys), pq.Array(policies), pq.Array(globals), pq.Array(granted),
		pq.Array(appendOnly()), pq.Array(definers()), pq.Array(systemRights()), ownerRole, appRole, systemRole,
	}
}

// lintPrelude names what the queries speak of. relation is every table, view and the like of the database, without
// PostgreSQL's own and without what extensions bring.
const lintPrelude = `WITH known AS (
	SELECT unnest($1::text[]) AS name, unnest($2::text[]) AS key, unnest($3::text[]) AS condition
), list AS (
	SELECT $4::text[] AS globals, $5::text[] AS app_rights, $6::text[] AS append_only, $7::text[] AS definers, $8::text[] AS system_rights,
		$9::text AS owner, $10::text AS app, $11::text AS system
), place AS (
	SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
	SELECT c.oid, c.relname, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relacl, c.relowner,
		CASE p.nspname WHEN 'public' THEN c.relname::text ELSE p.nspname || '.' || c.relname END AS name
	FROM pg_class c JOIN place p ON p.oid = c.relnamespace
	WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), tenant_table AS (
	SELECT r.*, k.key, k.condition FROM relation r JOIN known k ON k.name = r.name WHERE r.relkind IN ('r', 'p', 'f')
), whole_right AS (
	SELECT r.name, r.relkind, r.relispartition, a.grantee, a.privilege_type AS privilege, r.name || ' ' || a.privilege_type AS text
	FROM relation r, aclexplode(r.relacl) a WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.grantee <> r.relowner
), column_right AS (
	SELECT r.name, r.relkind, r.relispartition, x.grantee, x.privilege_type AS privilege, r.name || ' ' || x.privilege_type || ' (' || a.attname || ')' AS text
	FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped, aclexplode(a.attacl) x
	WHERE x.grantee <> r.relowner
), held AS (
	SELECT h.*, CASE h.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(h.grantee) END AS holder
	FROM (SELECT * FROM whole_right UNION ALL SELECT * FROM column_right) h
)
`

func (q lintQuery) run(ctx context.Context, db Querier, args []any) (found []Finding, err error) {
	rows, err := db.QueryContext(ctx, lintPrelude+q.sql, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		f := Finding{Rule: q.rule}
		if err := rows.Scan(&f.Object, &f.Detail); err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, rows.Err()
}
