package tenancy

// lintQueries are the rules about tables and what hangs on them, then those about rights.
func lintQueries() []lintQuery { return append(tableRules(), rightRules()...) }

func tableRules() []lintQuery {
	return []lintQuery{
		{RuleUnknownTable, `SELECT name, 'is neither a tenant table nor a known global one' FROM relation, list
			WHERE relkind IN ('r', 'p', 'f') AND NOT relispartition AND name <> ALL (globals) AND name NOT IN (SELECT name FROM known)`},
		{RuleMissingTable, `SELECT name, 'does not exist' FROM known WHERE name NOT IN (SELECT name FROM tenant_table)`},
		{RuleTenantColumn, `SELECT t.name, CASE
				WHEN a.attnum IS NULL THEN 'has no column ' || t.key
				WHEN a.atttypid <> 'bigint'::regtype THEN t.key || ' is ' || format_type(a.atttypid, a.atttypmod) || ', not bigint'
				ELSE t.key || ' can be null' END
			FROM tenant_table t LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = t.key AND NOT a.attisdropped
			WHERE a.attnum IS NULL OR a.atttypid <> 'bigint'::regtype OR NOT a.attnotnull`},
		{RuleRowSecurity, `SELECT name, CASE WHEN relrowsecurity THEN 'row security is not forced' ELSE 'row security is off' END
			FROM tenant_table WHERE NOT relrowsecurity OR NOT relforcerowsecurity`},
		{RulePolicy, `SELECT t.name, 'has no policy for ' || list.app FROM tenant_table t, list WHERE NOT EXISTS (
				SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polpermissive AND p.polcmd = '*' AND to_regrole(list.app) = ANY (p.polroles))
			UNION ALL
			SELECT t.name, 'policy ' || p.polname || ' lets ' || CASE WHEN 0 = ANY (p.polroles) THEN 'everybody' ELSE
					(SELECT string_agg(pg_get_userbyid(r), ', ') FROM unnest(p.polroles) r WHERE r <> to_regrole(list.system)) END
				|| ' see ' || coalesce(pg_get_expr(p.polqual, p.polrelid), 'everything') || ' and write ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'the same')
			FROM tenant_table t JOIN pg_policy p ON p.polrelid = t.oid, list
			WHERE p.polpermissive AND p.polroles <> ARRAY[to_regrole(list.system)::oid]
				AND (coalesce(pg_get_expr(p.polqual, p.polrelid), t.condition) <> t.condition
					OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), t.condition) <> t.condition
					OR coalesce(p.polqual, p.polwithcheck) IS NULL)`},
		{RuleKey, `SELECT t.name, i.indexrelid::regclass || ' is unique and does not begin with ' || t.key
			FROM tenant_table t JOIN pg_index i ON i.indrelid = t.oid
			LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
			WHERE i.indisunique AND a.attname IS DISTINCT FROM t.key
			UNION ALL
			SELECT t.name, 'has no primary key' FROM tenant_table t
			WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)`},
		{RuleForeignKey, `SELECT t.name, c.conname || ' does not begin with the tenant on both sides'
			FROM pg_constraint c JOIN tenant_table t ON t.oid = c.conrelid LEFT JOIN tenant_table f ON f.oid = c.confrelid
			LEFT JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
			LEFT JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
			WHERE c.contype = 'f' AND (a.attname <> t.key OR b.attname IS DISTINCT FROM f.key)`},
		{RuleView, `SELECT name, 'runs with the rights of its owner; make it security_invoker' FROM relation
			WHERE relkind = 'v' AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)`},
		{RuleIndexType, `SELECT t.name, i.indexrelid::regclass || ' is on ' || format_type(f.opcintype, NULL) || ', whose ' || o.oprname || ' is not leakproof'
			FROM tenant_table t JOIN pg_index i ON i.indrelid = t.oid, unnest(i.indclass::oid[]) WITH ORDINALITY c(class, n)
			JOIN pg_opclass f ON f.oid = c.class JOIN pg_am am ON am.oid = f.opcmethod JOIN LATERAL (
				SELECT o.oprname FROM pg_amop m JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_proc p ON p.oid = o.oprcode
				WHERE m.amopfamily = f.opcfamily AND m.amoplefttype = f.opcintype
					AND (m.amoprighttype = f.opcintype OR am.amname NOT IN ('btree', 'hash')) AND NOT p.proleakproof ORDER BY m.amopstrategy LIMIT 1
			) o ON true WHERE c.n <= i.indnkeyatts
			UNION ALL
			SELECT t.name, i.indexrelid::regclass || ' is on an expression, which row security keeps from being used'
			FROM tenant_table t JOIN pg_index i ON i.indrelid = t.oid WHERE i.indexprs IS NOT NULL`},
		{RuleDefiner, `SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', 'runs with the rights of ' || pg_get_userbyid(p.proowner)
			FROM pg_proc p JOIN place n ON n.oid = p.pronamespace, list
			WHERE p.prosecdef AND n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' <> ALL (list.definers)`},
	}
}

func rightRules() []lintQuery {
	return []lintQuery{
		{RuleMaterialized, `SELECT r.name, 'can be read by ' || u.role FROM relation r, list, unnest(ARRAY[list.app, list.system]) u(role)
			WHERE r.relkind = 'm' AND has_any_column_privilege(u.role, r.oid, 'SELECT')`},
		{RulePartition, `SELECT name, holder || ' has ' || privilege || ' on it directly' FROM held WHERE relispartition`},
		{RuleTableRights, `SELECT name, holder || ' has ' || privilege FROM held, list
			WHERE NOT relispartition AND (holder = 'PUBLIC' OR holder IN (list.app, list.system) AND privilege IN ('TRUNCATE', 'TRIGGER', 'REFERENCES'))`},
		{RuleAppendOnly, `SELECT name, holder || ' has ' || privilege FROM held, list
			WHERE name = ANY (append_only) AND holder = list.app AND privilege IN ('UPDATE', 'DELETE')`},
		{RuleGlobalTable, `SELECT name, holder || ' has ' || privilege FROM held, list
			WHERE name = ANY (globals) AND holder = list.app AND privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') AND text <> ALL (app_rights)`},
		{RuleSystemRights, `SELECT name, 'has the right ' || text FROM held, list
			WHERE holder = list.system AND privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') AND text <> ALL (system_rights)`},
		{RuleSchemaCreate, `SELECT u.role, 'may make objects in the schema ' || p.nspname FROM place p, list, unnest(ARRAY[list.app, list.system]) u(role)
			WHERE has_schema_privilege(u.role, p.oid, 'CREATE')`},
		{RuleRole, `SELECT r.rolname, CASE WHEN r.rolsuper THEN 'is a superuser' WHEN r.rolbypassrls THEN 'bypasses row security'
				WHEN r.rolcreaterole THEN 'may make roles' ELSE 'may replicate' END
			FROM pg_roles r, list WHERE r.rolname IN (list.app, list.system) AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication)
			UNION ALL
			SELECT r.rolname, 'is a member of ' || pg_get_userbyid(m.roleid) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member, list
			WHERE r.rolname IN (list.app, list.system)
			UNION ALL
			SELECT pg_get_userbyid(relowner), 'owns ' || name FROM relation, list WHERE pg_get_userbyid(relowner) IN (list.app, list.system)
			UNION ALL
			SELECT u.role, 'does not exist' FROM list, unnest(ARRAY[list.app, list.system]) u(role) WHERE to_regrole(u.role) IS NULL`},
		{RuleOwnerRowControl, `SELECT r.rolname, 'bypasses row security' FROM pg_roles r, list
			WHERE r.rolname = list.owner AND (r.rolsuper OR r.rolbypassrls)`},
	}
}
