package mutants

import "slices"

// guard is one that is taken away: Old, which stands once in File, becomes New, and Test of Package must fail.
type guard struct {
	Name      string
	File      string
	Old, New  string
	Package   string
	Test      string
	Everytime bool // in make test too; the others in make mutants only
}

// guards lists what is taken away. The text that each is known by keeps the list true: a test fails when it no longer stands
// in the file.
func guards() []guard {
	return slices.Concat(ofTenants(), ofPermissions(), ofTheVault(), ofTheEdge(), ofDeliveries())
}

func ofTenants() []guard {
	return []guard{
		{
			Name: "queries are narrowed to the tenant", File: "tenancy/guard.go", Package: "./tests/walls", Test: "TestTheGuardHoldsWithoutRowSecurity", Everytime: true,
			Old: "\n\t\tq.WhereP(func(s *sql.Selector) { s.Where(sql.EQ(s.C(key), id)) })", New: "\n\t\t_, _ = key, id",
		},
		{
			Name: "changes are narrowed to the tenant", File: "tenancy/guard.go", Package: "./tests/walls", Test: "TestTheGuardHoldsWithoutRowSecurity", Everytime: true,
			Old: "\n\tw.WhereP(func(s *sql.Selector) { s.Where(sql.EQ(s.C(key), id)) })", New: "\n\t_ = w",
		},
		{
			Name: "the database is told the caller's tenant", File: "tenancy/pipe_message.go", Package: "./tenancy", Test: "TestTenantsOfOneSlot", Everytime: true,
			Old: "strconv.AppendInt(b, tenant, 10)", New: "strconv.AppendInt(b, 1+tenant*0, 10)",
		},
		{
			Name: "a transaction stays with its tenant", File: "tenancy/driver_conn.go", Package: "./tenancy", Test: "TestOtherTenant", Everytime: true,
			Old: "if c.tx != nil && tenant != c.tx.tenant {", New: "if c.tx != nil && tenant == -1 {",
		},
		{
			Name: "nothing is sent without a tenant", File: "tenancy/driver_conn.go", Package: "./tenancy", Test: "TestNoTenantSendsNothing",
			Old: "if !ok {\n\t\treturn 0, ErrNoTenant", New: "if !ok {\n\t\treturn 1, nil",
		},
		{
			Name: "keys of caches begin with the tenant", File: "tenancy/context.go", Package: "./tenancy", Test: "TestKey", Everytime: true,
			Old: "b.WriteString(strconv.FormatInt(id, 10))", New: "b.WriteString(strconv.FormatInt(id*0, 10))",
		},
	}
}

func ofPermissions() []guard {
	return []guard{
		{
			Name: "a list shows what is within reach", File: "policies/access.go", Package: "./policies", Test: "TestListsAndChecksAgree", Everytime: true,
			Old: "\tcase a.Scope == grant.Tenant:\n", New: "\tcase a.Scope.Rank() > 0:\n",
		},
		{
			Name: "a row is judged by what is within reach", File: "policies/access.go", Package: "./policies", Test: "TestListsAndChecksAgree", Everytime: true,
			Old: "if owner != nil && *owner == a.user() {", New: "if owner != nil {",
		},
		{
			Name: "a share reaches its record only", File: "policies/sharing.go", Package: "./policies", Test: "TestSharesReachExactlyTheirRecord", Everytime: true,
			Old: `return carrier{customers, "id"}, true`, New: `return carrier{customers, "owner_id"}, true`,
		},
		{
			Name: "a share to read lets nobody write", File: "policies/sharing.go", Package: "./policies", Test: "TestSharesReachExactlyTheirRecord",
			Old: "\tcase a.reads:\n", New: "\tcase true:\n",
		},
		{
			Name: "a share ends with its day", File: "policies/sharing.go", Package: "./policies", Test: "TestSharesReachExactlyTheirRecord",
			Old: "&& g.shared.through.Before(s.rules.Today())", New: "&& g.shared.through.Before(g.shared.through)",
		},
		{
			Name: "nobody shares for longer than they hold", File: "domain/sharing/service.go", Package: "./domain/sharing", Test: "TestNobodySharesMoreThanTheyHold",
			Old: "if r.until == nil || until != nil", New: "if r.until == nil || until == nil || until != nil",
		},
		{
			Name: "who has a record lent gives it to nobody", File: "policies/sharing.go", Package: "./domain/sharing", Test: "TestWhatIsLentIsNotGivenAway",
			Old: "return a.Covers(from.Owner, from.Department) && ", New: "return true || ",
		},
		{
			Name: "who lacks a permission is refused", File: "policies/engine.go", Package: "./policies", Test: "TestRequireRefusesStrangers", Everytime: true,
			Old: "\tif !ok {\n\t\treturn Access{}, fault.Forbidden(p.String())\n\t}", New: "\t_ = ok",
		},
		{
			Name: "a caller decides in their own tenant", File: "policies/engine.go", Package: "./policies", Test: "TestRequireRefusesStrangers", Everytime: true,
			Old: "!ok || id != c.TenantID", New: "!ok || id == -1",
		},
		{
			Name: "permissions that changed are read again", File: "policies/engine.go", Package: "./policies", Test: "TestARevocationHoldsFromTheNextRequestOn", Everytime: true,
			Old: "ok && s.Version >= version {", New: "ok && s.Version >= version-1<<40 {",
		},
		{
			Name: "a denial wins", File: "policies/snapshot.go", Package: "./policies", Test: "TestASnapshotDecidesAsCasbin", Everytime: true,
			Old: "if allowed && l.Effect == grant.Allow &&", New: "if (allowed || true) && l.Effect == grant.Allow &&",
		},
		{
			Name: "the strongest mask wins", File: "policies/fields.go", Package: "./policies", Test: "TestMasksUniteAndTheStrongestWins", Everytime: true,
			Old: "r.Effect.Rank() > m[name].Rank() {\n\t\t\tm[name]", New: "r.Effect.Rank() < m[name].Rank() || m[name] == \"\" {\n\t\t\tm[name]",
		},
		{
			Name: "nobody frees a field they are kept from", File: "policies/fields.go", Package: "./policies", Test: "TestNobodyFreesWhatTheyAreKeptFrom",
			Old: "was.Rank() > after[name].Rank()", New: "was.Rank() > after[name].Rank()+9",
		},
		{
			Name: "nobody gives what they do not hold", File: "policies/hold.go", Package: "./policies", Test: "TestAssignNeedsAllThatTheRoleGives",
			Old: "case held.Rank() < scope.Rank():\n\t\treturn false", New: "case held.Rank() < scope.Rank():\n\t\treturn true",
		},
	}
}

func ofTheEdge() []guard {
	return []guard{
		{
			Name: "a cursor is good in its tenant only", File: "platform/page/cursor.go", Package: "./platform/page", Test: "TestCursorOpensOnlyWhereItWasMade",
			Old: "}{1, b.Tenant, b.Purpose})", New: "}{1, 0, b.Purpose})",
		},
		{
			Name: "a session is its user's", File: "identity/sessions/authenticate.go", Package: "./identity/sessions", Test: "TestForgedTokens",
			Old: "if st.user != caller.UserID {", New: "if st.user != caller.UserID && st.authz < 0 {",
		},
		{
			Name: "a session that is out lets nobody in", File: "identity/sessions/authenticate.go", Package: "./identity/sessions", Test: "TestWhatEndsASessionHoldsAtTheNextRequest",
			Old: "if err := st.check(s.Clock.Now()); err != nil {", New: "if err := st.check(s.Clock.Now()); err != nil && st.authz < 0 {",
		},
		{
			Name: "an idempotency key is its user's", File: "idempotency/marks.go", Package: "./idempotency", Test: "TestAKeyIsItsUsers",
			Old: "tenant, user[:], []byte(r.Key)", New: "tenant, user[:0], []byte(r.Key)",
		},
		{
			Name: "receivers of another class get nothing of an execution", File: "graph/transport/group_step.go", Package: "./graph/transport", Test: "TestAudiencesNeverMix",
			Old: "err != nil || a.Key != g.same || a.Scope != g.scope", New: "err != nil || a.Scope != g.scope",
		},
		{
			Name: "an execution is for the rules as they are", File: "graph/transport/group_step.go", Package: "./graph/transport", Test: "TestAudiencesNeverMix", Everytime: true,
			Old: "if version != g.version || g.lead.left.Load() {", New: "if g.lead.left.Load() {",
		},
		{
			Name: "who has less has another class", File: "policies/class.go", Package: "./policies", Test: "TestOneClassIsOneReach", Everytime: true,
			Old: "personal = personal || g.scopes[p] != grant.Tenant", New: "personal = personal && g.scopes[p] != grant.Tenant",
		},
		{
			Name: "a page of another site is refused", File: "graph/transport/origin.go", Package: "./graph/transport", Test: "TestOrigins",
			Old: "err == nil && u.Host != \"\" && strings.EqualFold(u.Host, r.Host)", New: "err == nil && u.Host != \"\"",
		},
		{
			Name: "introspection needs leave", File: "graph/transport/guard.go", Package: "./graph/transport", Test: "TestGuardIntrospection",
			Old: "seen.introspects && (g.introspect == nil || !g.introspect(ctx))", New: "seen.introspects && g.limits.Bytes < 0",
		},
		{
			Name: "only our own proxies are believed", File: "platform/clientip/clientip.go", Package: "./platform/clientip", Test: "TestOf",
			Old: "if !p.trusted(at) {\n\t\treturn at", New: "if !p.trusted(at) && !at.IsValid() {\n\t\treturn at",
		},
	}
}

func ofDeliveries() []guard {
	return []guard{
		{
			Name: "endpoints are on the internet", File: "platform/egress/egress.go", Package: "./platform/carrier", Test: "TestNobodyReachesInside", Everytime: true,
			Old: "!g.allows(a) && !Public(a)", New: "!g.allows(a) && !Public(a) && a.IsUnspecified()",
		},
		{
			Name: "redirects are not followed", File: "platform/egress/egress.go", Package: "./platform/carrier", Test: "TestAnswersOfPrograms",
			Old: "return http.ErrUseLastResponse", New: "return nil",
		},
		{
			Name: "only the last try says what became of a message", File: "domain/deliveries/settle.go", Package: "./domain/deliveries", Test: "TestAWorkerThatDiesInTheMiddle",
			Old: "delivery.Attempt(d.Attempt), delivery.StateEQ(posting.Waiting)).\n\t\tSetState", New: "delivery.AttemptGTE(0)).\n\t\tSetState",
		},
		{
			Name: "what somebody may not see any more is not sent to them", File: "domain/alerts/inbox_care.go", Package: "./domain/deliveries", Test: "TestWhatIsMootIsNotSent",
			Old: "if fault.KindOf(err) == fault.Denied {\n\t\treturn nil, grants, nil", New: "if fault.KindOf(err) == fault.Denied {\n\t\treturn &ent.Alert{}, grants, nil",
		},
		{
			Name: "an endpoint is told no more than it is granted", File: "domain/deliveries/payload.go", Package: "./domain/deliveries", Test: "TestNothingLeaksByAnyChannel",
			Old: "own(fields...) || grants.Hides(fields...)", New: "own(fields...) && grants.Hides(fields...)",
		},
		{
			Name: "nobody listens to more than they see", File: "domain/deliveries/endpoints.go", Package: "./domain/deliveries", Test: "TestNobodyListensToMoreThanTheySee",
			Old: "if lacking := grants.Lacking(wants, home); len(lacking) > 0 {", New: "if lacking := grants.Lacking(wants, home); len(lacking) > 1000 {",
		},
		{
			Name: "nothing overtakes what waits about the same subject", File: "domain/deliveries/statements.go", Package: "./domain/deliveries", Test: "TestEventsOfOneSubjectAreInOrder",
			Old: "d.endpoint_id = way.id AND d.next_at <= $2\n\t\t\tAND NOT EXISTS (SELECT 1", New: "d.endpoint_id = way.id AND d.next_at <= $2\n\t\t\tAND true OR d.tenant_id = $1 AND d.endpoint_id = way.id AND d.next_at <= $2 AND NOT EXISTS (SELECT 1",
		},
	}
}
