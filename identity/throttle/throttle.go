package throttle

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/lib/pq"

	"heyue/platform/clientip"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Defaults of a Throttle's rules (HEYUE_LOGIN_…).
const (
	DefaultFree        = 5
	DefaultAddressFree = 30
	DefaultWait        = time.Second
	DefaultMost        = 15 * time.Minute
	DefaultLeak        = 15 * time.Minute
	DefaultAddressLeak = time.Minute
	DefaultTrust       = 30 * 24 * time.Hour
)

// Throttle counts tries. It is safe for concurrent use.
type Throttle struct {
	System *sql.DB  // sign_in_attempts is no tenant's: the tenant that is named may not exist
	Secret [32]byte // what keys are MACed with
	Clock  clock.Clock

	Account Rule          // tries at one account from everywhere that it has not been proved from
	Address Rule          // tries from one address at whatever account
	Trust   time.Duration // how long an address from which an account was proved is counted apart for that account
}

// Try is one that was let through. What it comes to is told by Proved, or not at all.
type Try struct {
	throttle         *Throttle
	account, address []byte // the keys it was counted under; address is nil for none
	pair             []byte // the account from this address

	// Wait is how long the next one at the same account has to wait unless this one is Proved; 0 for not at all.
	Wait time.Duration
	// From is the address, or its network where one customer has a network; invalid when there is none.
	From netip.Addr
}

// Begin counts a try of what kind at account, which is any text that tells accounts apart, from the address of ctx. It
// fails with RATE_LIMITED, which says when to come back, while either has to wait; that is not counted, so waiting
// always ends. Who waits is told so alike for accounts that exist and others. Whoever has proved to be an account's
// user from this address before is counted apart, so that guessing from elsewhere does not lock them out.
func (t *Throttle) Begin(ctx context.Context, kind, account string) (*Try, error) {
	ctx = tenancy.With(ctx, 0) // the pool takes no tenant
	now := t.Clock.Now()
	from := clientip.Group(clientip.From(ctx))
	try := &Try{throttle: t, From: from, account: t.key(kind, account), pair: t.key(kind, "pair", account, from.String())}
	if from.IsValid() {
		try.address = t.key(kind, "address", from.String())
		if _, err := t.count(ctx, try.address, t.Address, now); err != nil {
			return nil, err
		}
	}
	known, err := t.proved(ctx, try.pair, now)
	if err != nil {
		return nil, err
	}
	if known {
		try.account = try.pair
	}
	try.Wait, err = t.count(ctx, try.account, t.Account, now)
	return try, err
}

// Earlier is a try that Begin let through in a request before this one, at the same account from the same address, for
// Proved: what it began has come to its end only now.
func (t *Throttle) Earlier(ctx context.Context, kind, account string) *Try {
	from := clientip.Group(clientip.From(ctx))
	try := &Try{throttle: t, From: from, account: t.key(kind, account), pair: t.key(kind, "pair", account, from.String())}
	if from.IsValid() {
		try.address = t.key(kind, "address", from.String())
	}
	return try
}

// Proved takes a try back that was right: it counts neither for the account nor for the address, and the account's user
// is known to come from there. When that cannot be noted, the try stays counted; the caller may go on.
func (t *Try) Proved(ctx context.Context) error {
	ctx = tenancy.With(ctx, 0)
	now := t.throttle.Clock.Now()
	for _, key := range [][]byte{t.account, t.address} {
		if key == nil {
			continue
		}
		if _, err := t.throttle.System.ExecContext(ctx, refund, key, now); err != nil {
			return tenancy.Fault(err, "take a try back")
		}
	}
	_, err := t.throttle.System.ExecContext(ctx, prove, t.pair, now, now.Add(t.throttle.Trust))
	return tenancy.Fault(err, "note where a user comes from")
}

const (
	// counting is one statement, so that of any number of tries at the same moment each sees the ones before: the row is
	// locked while its numbers are made. A row that has to wait is left alone, and nothing comes back. tries goes down by
	// one for each $4 seconds since the last wait ended, then up by one; $3 is the ladder in microseconds.
	counting = `INSERT INTO sign_in_attempts AS a (key, tries, free_at, forget_at)
VALUES ($1, 1, $2::timestamptz + ($3::bigint[])[1] * interval '1 microsecond', $2::timestamptz + ($3::bigint[])[1] * interval '1 microsecond' + $4::float8 * interval '1 second')
ON CONFLICT (key) DO UPDATE SET (tries, free_at, forget_at) = (
	SELECT n, f, greatest(f + n * $4::float8 * interval '1 second', a.proved_until)
	FROM (SELECT greatest(a.tries - floor(extract(epoch FROM $2::timestamptz - a.free_at)::float8 / $4::float8)::bigint, 0) + 1) AS x (n),
	LATERAL (SELECT $2::timestamptz + ($3::bigint[])[least(n, cardinality($3::bigint[]))] * interval '1 microsecond') AS y (f))
WHERE a.free_at <= $2::timestamptz
RETURNING free_at`

	waiting = `SELECT free_at FROM sign_in_attempts WHERE key = $1`

	proving = `SELECT EXISTS (SELECT FROM sign_in_attempts WHERE key = $1 AND proved_until > $2)`

	refund = `UPDATE sign_in_attempts SET tries = greatest(tries - 1, 0), free_at = least(free_at, $2) WHERE key = $1`

	prove = `INSERT INTO sign_in_attempts AS a (key, tries, free_at, proved_until, forget_at) VALUES ($1, 0, $2, $3, $3)
ON CONFLICT (key) DO UPDATE SET tries = 0, free_at = $2, proved_until = $3, forget_at = $3`

	forget = `DELETE FROM sign_in_attempts WHERE key IN (SELECT key FROM sign_in_attempts WHERE forget_at <= $1 ORDER BY forget_at LIMIT $2)`
)

// count adds a try under key and returns how long the next one has to wait. It fails with RATE_LIMITED when this one
// has to.
func (t *Throttle) count(ctx context.Context, key []byte, r Rule, now time.Time) (time.Duration, error) {
	var free time.Time
	err := t.System.QueryRowContext(ctx, counting, key, now, pq.Array(r.micros()), r.Leak.Seconds()).Scan(&free)
	if err == nil {
		return free.Sub(now), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, tenancy.Fault(err, "count a try")
	}
	err = t.System.QueryRowContext(ctx, waiting, key).Scan(&free)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // forgotten between two statements: at once, then
		return 0, tenancy.Fault(err, "read when to try again")
	}
	return 0, limited(max(free.Sub(now), time.Second))
}

func limited(wait time.Duration) error {
	f := fault.New(fault.Exhausted, fault.CodeRateLimited, "too many tries; wait before the next one")
	f.RetryAfter = wait
	return f
}

func (t *Throttle) proved(ctx context.Context, pair []byte, now time.Time) (ok bool, err error) {
	err = t.System.QueryRowContext(ctx, proving, pair, now).Scan(&ok)
	return ok, tenancy.Fault(err, "look where a user comes from")
}

// Forget deletes up to batch rows that no longer say anything and returns how many. Run it once an hour or so.
func (t *Throttle) Forget(ctx context.Context, batch int) (int, error) {
	result, err := t.System.ExecContext(ctx, forget, t.Clock.Now(), batch)
	if err != nil {
		return 0, tenancy.Fault(err, "forget tries")
	}
	n, err := result.RowsAffected()
	return int(n), tenancy.Fault(err, "forget tries")
}

// key is the MAC of its parts, each with its length, so that no two lists of parts have one.
func (t *Throttle) key(parts ...string) []byte {
	mac := hmac.New(sha256.New, t.Secret[:])
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		mac.Write(length[:])
		mac.Write([]byte(p))
	}
	return mac.Sum(nil)
}
