package sessions

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lib/pq"

	"heyue/ent"
	"heyue/ent/session"
	"heyue/identity"
	"heyue/identity/opaque"
	"heyue/platform/clientip"
	"heyue/platform/fault"
	"heyue/platform/logging"
	"heyue/platform/publicid"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// keyQuery finds what a key's prefix names: a row for the present secret's session and one for that of the secret before.
// It is written by hand because every request of a program runs it: one round trip.
const keyQuery = `SELECT k.id, k.permissions, k.networks, k.last_used_at,
	CASE WHEN s.id = k.session_id THEN k.secret_hash ELSE k.previous_hash END,
	s.id, s.tenant_id, s.user_id, s.expires_at, s.revoked_at IS NOT NULL, u.state, t.standing, t.authz_version, s.second_factor, t.second_factor_required
FROM api_keys k JOIN sessions s ON s.tenant_id = k.tenant_id AND s.id = ANY (ARRAY[k.session_id, k.previous_session_id])
	JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id JOIN tenants t ON t.id = s.tenant_id
WHERE k.tenant_id = $1 AND k.prefix = $2 AND k.revoked_at IS NULL`

// keyed is a secret of a key, and the session behind it.
type keyed struct {
	id       publicid.APIKeyID
	lines    []grant.Line
	networks []string
	used     *time.Time
	hash     string
	session  publicid.SessionID
	state    state
}

// program proves which key a request comes with. Whatever is wrong has one answer, and counts against the address.
func (s *Service) program(ctx context.Context, bearer string) (context.Context, error) {
	address := clientip.From(ctx)
	if s.Guesses != nil {
		if err := s.Guesses.Admit(address, opaque.Sum(bearer)); err != nil {
			return nil, err
		}
	}
	next, err := s.unlock(ctx, bearer, address)
	switch {
	case err == nil && s.Guesses != nil:
		s.Guesses.Right(address, opaque.Sum(bearer))
	case isRefused(err):
		s.Log.LogAttrs(ctx, slog.LevelInfo, "an API key was refused", slog.Any("reason", err))
		if s.Guesses != nil {
			return nil, s.Guesses.Wrong(ctx, address, err)
		}
	}
	return next, err
}

func (s *Service) unlock(ctx context.Context, bearer string, address netip.Addr) (context.Context, error) {
	tenant, prefix, digest, err := opaque.ParseKey(bearer)
	if err != nil {
		return nil, err
	}
	ctx = tenancy.With(logging.With(ctx, slog.Int64("tenant", tenant)), tenant)
	k, err := s.find(ctx, tenant, prefix, digest)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	if err := k.state.check(now); err != nil {
		return nil, err
	}
	if !within(k.networks, address) {
		return nil, refused("the key is not for the address that it comes from")
	}
	if s.Uses != nil && (k.used == nil || now.Sub(*k.used) >= UseEvery) {
		s.Uses.note(tenant, k.id, now)
	}
	return identity.With(ctx, identity.Caller{
		TenantID: tenant, UserID: k.state.user, SessionID: k.session, ExpiresAt: k.state.expires.UTC(), AuthzVersion: k.state.authz,
		Confined: k.state.confined(), Key: &identity.Key{ID: k.id, Lines: k.lines},
	}), nil
}

// find reads the secret of a key that has a digest.
func (s *Service) find(ctx context.Context, tenant int64, prefix string, digest opaque.Digest) (found keyed, err error) {
	rows, err := s.Client.QueryContext(ctx, keyQuery, tenant, prefix)
	if err != nil {
		return keyed{}, tenancy.Fault(err, "read an API key")
	}
	defer func() { _ = rows.Close() }() // read to its end it is closed, and Err tells how that went
	for rows.Next() {
		var k keyed
		var lines, networks []byte
		st := &k.state
		if err := rows.Scan(&k.id, &lines, &networks, &k.used, &k.hash, &k.session, &st.tenant, &st.user, &st.expires, &st.revoked, &st.account, &st.stands, &st.authz, &st.second, &st.require); err != nil {
			return keyed{}, tenancy.Fault(err, "read an API key")
		}
		if k.hash == "" || !opaque.DigestOf(k.hash).Equal(digest) || st.tenant != tenant {
			continue
		}
		if err := json.Unmarshal(lines, &k.lines); err != nil {
			return keyed{}, fault.Wrap(err, "read the permissions of an API key")
		}
		if err := json.Unmarshal(networks, &k.networks); err != nil {
			return keyed{}, fault.Wrap(err, "read the networks of an API key")
		}
		found = k
	}
	if err := rows.Err(); err != nil {
		return keyed{}, tenancy.Fault(err, "read an API key")
	}
	if found.hash == "" {
		return keyed{}, refused("no such API key, or another secret")
	}
	return found, nil
}

// within reports whether an address lies in one of the networks; none: from anywhere. An address that is not known lies in
// no network.
func within(networks []string, address netip.Addr) bool {
	for _, text := range networks {
		if p, err := netip.ParsePrefix(text); err == nil && address.IsValid() && p.Contains(address.Unmap().WithZone("")) {
			return true
		}
	}
	return len(networks) == 0
}

// OpenKey makes a session for a key of user, that is not renewed and ends at until. It stands for what the session that it
// is made by stands for. The caller keeps it with the key.
func (s *Service) OpenKey(ctx context.Context, tx *ent.Tx, like publicid.SessionID, user publicid.UserID, until time.Time) (publicid.SessionID, error) {
	maker, err := tx.Session.Query().Where(session.ID(like), session.UserID(user)).Only(ctx)
	if err != nil {
		return publicid.SessionID{}, tenancy.Fault(err, "read the session that a key is made by")
	}
	id := publicid.NewSessionID()
	err = tx.Session.Create().SetID(id).SetUserID(user).SetUserAgent("API key").SetSecondFactor(maker.SecondFactor).SetExpiresAt(until).Exec(ctx)
	return id, tenancy.Fault(err, "make a key's session")
}

// Prolong moves the end of a key's session.
func (s *Service) Prolong(ctx context.Context, tx *ent.Tx, id publicid.SessionID, until time.Time) error {
	err := tx.Session.Update().Where(session.ID(id)).SetExpiresAt(until).Exec(ctx)
	if err == nil {
		s.tellOf(ctx, tx)
	}
	return tenancy.Fault(err, "move the end of a key's session")
}

// EndKey ends sessions of keys in tx; reason is a word for their rows. What becomes of the key is the caller's business.
func (s *Service) EndKey(ctx context.Context, tx *ent.Tx, reason string, ids ...publicid.SessionID) error {
	if len(ids) == 0 {
		return nil
	}
	err := tx.Session.Update().Where(session.IDIn(ids...), session.RevokedAtIsNil()).SetRevokedAt(s.Clock.Now()).SetRevokedReason(reason).Exec(ctx)
	if err != nil {
		return tenancy.Fault(err, "end a key's sessions")
	}
	s.tellOf(ctx, tx)
	return nil
}

func (s *Service) tellOf(ctx context.Context, tx *ent.Tx) {
	if tenant, ok := tenancy.From(ctx); ok {
		s.tell(tx, tenant)
	}
}

// UseEvery is how old the time of a key's last use may be while it is in use.
const UseEvery = time.Minute

// noteUses is written by hand: ent would move updated_at, and using a key is no change of it.
const noteUses = `UPDATE api_keys SET last_used_at = $2 WHERE tenant_id = $1 AND id = ANY($3::uuid[]) AND (last_used_at IS NULL OR last_used_at <= $4)`

// write notes that keys of ctx's tenant were used at a time.
func (u *Uses) write(ctx context.Context, tenant int64, ids []publicid.APIKeyID, at time.Time) error {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	_, err := u.client.ExecContext(tenancy.With(ctx, tenant), noteUses, tenant, at, pq.Array(texts), at.Add(-UseEvery))
	return tenancy.Fault(err, "note the use of API keys")
}
