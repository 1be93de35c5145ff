package sessions

import (
	"context"
	"database/sql"
	"time"

	"heyue/domain/tenants/standing"
	"heyue/identity/account"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Querier is what of ent's client or transaction this package's own SQL needs.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// state is everything that decides whether a session may go on.
type state struct {
	tenant  int64
	user    publicid.UserID
	expires time.Time
	revoked bool
	account account.State
	stands  standing.Standing
	authz   int64
	second  bool // the session has shown a second factor
	require bool // the tenant requires one
}

// stateQuery is written by hand because every request runs it: three rows by their primary keys in one round trip, of
// which ent would make three.
const stateQuery = `SELECT s.tenant_id, s.user_id, s.expires_at, s.revoked_at IS NOT NULL, u.state, t.standing, t.authz_version, s.second_factor, t.second_factor_required
FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id JOIN tenants t ON t.id = s.tenant_id
WHERE s.tenant_id = $1 AND s.id = $2`

// aliveQuery answers for many sessions of one tenant at once, with the version of the tenant's permissions. Nothing stays open for whoever is confined.
const aliveQuery = `SELECT s.id, t.authz_version
FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id JOIN tenants t ON t.id = s.tenant_id
WHERE s.tenant_id = $1 AND s.id = ANY($2::uuid[]) AND s.revoked_at IS NULL AND s.expires_at > $3 AND u.state = $4 AND t.standing = $5
	AND (s.second_factor OR NOT t.second_factor_required)`

// read gives the state of a session of ctx's tenant. It fails with UNAUTHENTICATED when there is none, and with
// UNAVAILABLE or INTERNAL when it could not be read: never is a doubt taken for a yes.
func read(ctx context.Context, q Querier, tenant int64, id publicid.SessionID) (state, error) {
	var s state
	rows, err := q.QueryContext(ctx, stateQuery, tenant, id)
	if err != nil {
		return state{}, tenancy.Fault(err, "read a session")
	}
	defer func() { _ = rows.Close() }() // read to its end it is closed, and Err tells how that went
	for rows.Next() {                   // once at most: id is the key
		if err := rows.Scan(&s.tenant, &s.user, &s.expires, &s.revoked, &s.account, &s.stands, &s.authz, &s.second, &s.require); err != nil {
			return state{}, tenancy.Fault(err, "read a session")
		}
	}
	if err := rows.Err(); err != nil {
		return state{}, tenancy.Fault(err, "read a session")
	}
	if s.tenant != tenant {
		return state{}, refused("no such session")
	}
	return s, nil
}

// confined reports whether the session lacks the second factor that its tenant requires.
func (s state) confined() bool { return s.require && !s.second }

// check fails with UNAUTHENTICATED when the session is over at now.
func (s state) check(now time.Time) error {
	switch {
	case s.revoked:
		return refused("the session is revoked")
	case !now.Before(s.expires):
		return refused("the session has expired")
	case s.account != account.Active:
		return refused("the user is disabled")
	case s.stands != standing.Active:
		return refused("the tenant is suspended")
	}
	return nil
}
