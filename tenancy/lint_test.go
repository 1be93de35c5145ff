package tenancy_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"

	"heyue/platform/pgembed"
	"heyue/platform/pgtest"
	"heyue/tenancy"
)

// breaches is one way to break each rule, and what the lint must say about it.
func breaches() map[string]struct {
	sql  string
	rule tenancy.Rule
	text string // how the finding begins
} {
	type breach = struct {
		sql  string
		rule tenancy.Rule
		text string
	}
	return map[string]breach{
		"a table nobody knows":        {`CREATE TABLE spare (id int)`, tenancy.RuleUnknownTable, "spare: is neither"},
		"a table in another schema":   {`CREATE SCHEMA side; CREATE TABLE side.customers (id int)`, tenancy.RuleUnknownTable, "side.customers: is neither"},
		"a table that is gone":        {`DROP TABLE audit_queue`, tenancy.RuleMissingTable, "audit_queue: does not exist"},
		"no tenant column":            {`ALTER TABLE audit_queue RENAME tenant_id TO tenant`, tenancy.RuleTenantColumn, "audit_queue: has no column tenant_id"},
		"a tenant that may be null":   {`ALTER TABLE audit_queue ALTER tenant_id DROP NOT NULL`, tenancy.RuleTenantColumn, "audit_queue: tenant_id can be null"},
		"a tenant of another type":    {`ALTER TABLE audit_queue ALTER tenant_id TYPE int`, tenancy.RuleTenantColumn, "audit_queue: tenant_id is integer, not bigint"},
		"row security off":            {`ALTER TABLE contracts DISABLE ROW LEVEL SECURITY`, tenancy.RuleRowSecurity, "contracts: row security is off"},
		"row security not forced":     {`ALTER TABLE contracts NO FORCE ROW LEVEL SECURITY`, tenancy.RuleRowSecurity, "contracts: row security is not forced"},
		"no policy":                   {`DROP POLICY tenant_isolation ON contracts`, tenancy.RulePolicy, "contracts: has no policy for heyue_app"},
		"a wide policy":               {`ALTER POLICY tenant_isolation ON contracts USING (true)`, tenancy.RulePolicy, "contracts: policy tenant_isolation lets heyue_app, heyue_owner see true"},
		"a wide check":                {`ALTER POLICY tenant_isolation ON contracts WITH CHECK (true)`, tenancy.RulePolicy, "contracts: policy tenant_isolation lets heyue_app, heyue_owner see (tenant_id = (current_setting('app.tenant_id'::text))::bigint) and write true"},
		"a policy that forgives":      {`ALTER POLICY tenant_isolation ON contracts USING (tenant_id = current_setting('app.tenant_id', true)::bigint)`, tenancy.RulePolicy, "contracts: policy tenant_isolation"},
		"a second policy":             {`CREATE POLICY more ON contracts FOR SELECT TO heyue_app USING (archived_at IS NULL)`, tenancy.RulePolicy, "contracts: policy more lets heyue_app see (archived_at IS NULL)"},
		"a policy for everybody":      {`CREATE POLICY more ON contracts FOR SELECT USING (true)`, tenancy.RulePolicy, "contracts: policy more lets everybody see true"},
		"a unique index":              {`CREATE UNIQUE INDEX odd ON customers (code)`, tenancy.RuleKey, "customers: odd is unique and does not begin with tenant_id"},
		"a unique index, tenant last": {`CREATE UNIQUE INDEX odd ON customers (code, tenant_id)`, tenancy.RuleKey, "customers: odd is unique"},
		"a primary key":               {`ALTER TABLE audit_queue DROP CONSTRAINT audit_queue_pkey, ADD PRIMARY KEY (id)`, tenancy.RuleKey, "audit_queue: audit_queue_pkey is unique"},
		"no primary key":              {`ALTER TABLE audit_queue DROP CONSTRAINT audit_queue_pkey`, tenancy.RuleKey, "audit_queue: has no primary key"},
		"a foreign key": {`ALTER TABLE audit_queue ADD COLUMN tenant bigint, ADD FOREIGN KEY (id, tenant_id) REFERENCES audit_entries (id, tenant_id)`,
			tenancy.RuleForeignKey, "audit_queue: audit_queue_id_tenant_id_fkey does not begin"},
		"a view":                   {`CREATE VIEW peek AS SELECT * FROM contracts`, tenancy.RuleView, "peek: runs with the rights of its owner"},
		"a materialized view":      {`CREATE MATERIALIZED VIEW peek AS SELECT 1; GRANT SELECT ON peek TO heyue_app`, tenancy.RuleMaterialized, "peek: can be read by heyue_app"},
		"a definer function":       {`CREATE FUNCTION peek(n int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`, tenancy.RuleDefiner, "public.peek(n integer): runs with the rights of"},
		"a right to empty a table": {`GRANT TRUNCATE ON contracts TO heyue_app`, tenancy.RuleTableRights, "contracts: heyue_app has TRUNCATE"},
		"a right for everybody":    {`GRANT SELECT ON tenant_directory TO PUBLIC`, tenancy.RuleTableRights, "tenant_directory: PUBLIC has SELECT"},
		"a column for everybody":   {`GRANT SELECT (slug) ON tenant_directory TO PUBLIC`, tenancy.RuleTableRights, "tenant_directory: PUBLIC has SELECT"},
		"a journal that changes":   {`GRANT UPDATE (note) ON payments TO heyue_app`, tenancy.RuleAppendOnly, "payments: heyue_app has UPDATE"},
		"an index on a decimal":    {`ALTER TABLE contracts ADD rate numeric; CREATE INDEX odd ON contracts (tenant_id, rate)`, tenancy.RuleIndexType, "contracts: odd is on numeric"},
		"an index on a document":   {`CREATE INDEX odd ON audit_entries USING gin (changes)`, tenancy.RuleIndexType, "audit_entries: odd is on jsonb"},
		"an index for words":       {`ALTER TABLE contracts ADD words tsvector; CREATE INDEX odd ON contracts USING gin (words)`, tenancy.RuleIndexType, "contracts: odd is on tsvector"},
		"an index on a function":   {`CREATE INDEX odd ON contracts (tenant_id, lower(title))`, tenancy.RuleIndexType, "contracts: odd is on an expression"},
		"the directory is open":    {`GRANT SELECT ON tenant_directory TO heyue_app`, tenancy.RuleGlobalTable, "tenant_directory: heyue_app has SELECT"},
		"the system reads more":    {`GRANT SELECT (payload) ON outbox_events TO heyue_system`, tenancy.RuleSystemRights, "outbox_events: has the right outbox_events SELECT (payload)"},
		"the system reads a table": {`GRANT SELECT ON contracts TO heyue_system`, tenancy.RuleSystemRights, "contracts: has the right contracts SELECT"},
		"objects of the app":       {`GRANT CREATE ON SCHEMA public TO heyue_app`, tenancy.RuleSchemaCreate, "heyue_app: may make objects in the schema public"},
		"the app owns a table":     {`ALTER VIEW peek OWNER TO heyue_app`, tenancy.RuleRole, "heyue_app: owns peek"},
	}
}

// before is what has to be out of the way for a breach to break one rule alone. What it breaks itself is not counted.
func before() map[string]string {
	const bare = `REVOKE ALL ON audit_queue FROM heyue_system; DROP POLICY system_finds_work ON audit_queue;
		DROP POLICY tenant_isolation ON audit_queue; ALTER TABLE audit_queue DROP CONSTRAINT audit_queue_pkey`
	return map[string]string{
		"no tenant column": bare, "a tenant that may be null": bare, "a tenant of another type": bare,
		"a foreign key":        `ALTER TABLE audit_entries ADD UNIQUE (tenant_id, id), ADD UNIQUE (id, tenant_id)`,
		"the app owns a table": `CREATE VIEW peek WITH (security_invoker = true) AS SELECT 1 AS one`,
	}
}

func system(t *testing.T, db *pgtest.DB) *sql.DB {
	t.Helper()
	pool, err := tenancy.OpenSystem(tenancy.Defaults(db.SystemDSN))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool
}

func lint(t *testing.T, q tenancy.Querier) []tenancy.Finding {
	t.Helper()
	found, err := tenancy.Lint(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestLintOfAMigratedDatabaseFindsNothing(t *testing.T) {
	t.Parallel()
	for _, f := range lint(t, system(t, pgtest.New(t))) {
		t.Error(f)
	}
}

// TestLintFindsEveryBreach breaks a migrated database in one way after the other, each in a transaction that is rolled
// back, and wants that finding alone.
func TestLintFindsEveryBreach(t *testing.T) {
	t.Parallel()
	super := pgtest.Open(t, pgtest.New(t).SuperDSN)
	for name, b := range breaches() {
		tx, err := super.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		do := func(sql string) {
			if _, err := tx.ExecContext(t.Context(), sql); err != nil {
				t.Fatal(name, ": ", err)
			}
		}
		do(before()[name])
		known := lint(t, tx)
		do(b.sql)
		found := slices.DeleteFunc(lint(t, tx), func(f tenancy.Finding) bool { return slices.Contains(known, f) })
		if len(found) != 1 || found[0].Rule != b.rule || !strings.HasPrefix(found[0].Object+": "+found[0].Detail, b.text) {
			t.Errorf("%s: found %q; want one of the rule %s that begins with %q", name, found, b.rule, b.text)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLintSeesWithTheSystemRolesEyes holds that the role which runs the lint is not blind to any of it.
func TestLintSeesWithTheSystemRolesEyes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	super := pgtest.Open(t, db.SuperDSN)
	all := breaches()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		_, _ = super.ExecContext(t.Context(), all[name].sql) // those that contradict each other fail; most do not
	}
	own, err := tenancy.Lint(t.Context(), system(t, db))
	if err != nil {
		t.Fatal(err)
	}
	if every := lint(t, super); len(own) < 10 || !slices.Equal(own, every) {
		t.Errorf("heyue_system found %d of %d", len(own), len(every))
	}
}

func TestTheLintKnowsTheRolesThatAreMade(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	app, err := tenancy.Open(tenancy.Defaults(db.AppDSN))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	found, err := tenancy.CheckRoles(t.Context(), app, system(t, db))
	if err != nil || len(found) != 0 {
		t.Errorf("%q, %v; want nothing", found, err)
	}
}

// TestOnlyTheRightRolesMayServe connects as the wrong ones, as a setting could.
func TestOnlyTheRightRolesMayServe(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for name, c := range map[string]struct {
		dsn   string
		wants []string
	}{
		"superuser": {db.SuperDSN, []string{"must be " + pgembed.AppRole, "is a superuser", "bypasses row security", "can become"}},
		"owner":     {db.OwnerDSN, []string{"connected-as: heyue_owner: this connection must be heyue_app's", "role: heyue_owner: owns", "role: heyue_owner: can become heyue_search"}},
		"system":    {db.SystemDSN, []string{"connected-as: heyue_system"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app, err := tenancy.Open(tenancy.Defaults(c.dsn))
			if err != nil {
				t.Fatal(err)
			}
			found, err := tenancy.CheckRoles(t.Context(), app, system(t, db))
			if err := app.Close(); err != nil {
				t.Error(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, f := range found {
				all.WriteString(f.String() + "\n")
			}
			for _, want := range c.wants {
				if !strings.Contains(all.String(), want) {
					t.Errorf("found\n%s; want %q among them", &all, want)
				}
			}
		})
	}
}
