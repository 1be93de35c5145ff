// Package vault keeps what is personal from whoever reads the database without the keys: declared texts are sealed with
// AES-256-GCM under keys of their tenant before they are written, and opened when ent has read them (tenancy.md 5; ADR in
// docs/adr). The keys of a tenant lie in tenant_keys, wrapped by an outer key that the database does not hold. Deleting
// them erases every sealed text of the tenant, backups included.
//
// SQL cannot read, search or sort sealed texts. Blind columns, MACs under another key of the tenant, answer whether two
// are equal.
package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
)

// Defaults of Options.
const (
	DefaultCache = 5000
	DefaultKeep  = 5 * time.Minute
	DefaultBatch = 500
)

// Options are what a Vault works with.
type Options struct {
	// DB is a pool of tenancy.Open that nothing else uses: keys are read and made outside the transactions that need them,
	// so a request that holds a connection never waits for one of its own pool.
	DB    *sql.DB
	Ring  Ring
	Clock clock.Clock
	Cache int           // tenants whose keys are kept in memory; 0: DefaultCache
	Keep  time.Duration // how long; a key that another process has destroyed opens nothing here after it. 0: DefaultKeep
	Batch int           // rows sealed anew in one transaction; 0: DefaultBatch
}

// Vault hands out the keys of tenants. It is safe for concurrent use.
type Vault struct {
	o      Options
	tables map[string]catalog.Table // those with sealed columns
	cache  *lru.Cache[int64, kept]
	flight singleflight.Group
}

// kept are keys until they are read again; nil keys are those of a tenant without any.
type kept struct {
	keys  *Keys
	until time.Time
}

// New returns a Vault that has read nothing yet.
func New(o Options) (*Vault, error) {
	if o.Cache == 0 {
		o.Cache = DefaultCache
	}
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	if o.Batch == 0 {
		o.Batch = DefaultBatch
	}
	cache, err := lru.New[int64, kept](o.Cache)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return &Vault{o: o, cache: cache, tables: sealedTables()}, nil
}

// sealedTables are the tables with sealed columns, by name.
func sealedTables() map[string]catalog.Table {
	tables := map[string]catalog.Table{}
	for _, t := range catalog.Tables() {
		if len(t.Sealed) > 0 {
			tables[t.Name] = t
		}
	}
	return tables
}

// patience bounds one reading of keys, which no request's context does: several may wait for it.
const patience = 10 * time.Second

// keys returns the keys of the context's tenant, made now when there are none and make says so, else nil.
func (v *Vault) keys(ctx context.Context, create bool) (*Keys, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	if k, ok := v.cache.Get(tenant); ok && v.o.Clock.Now().Before(k.until) && (k.keys != nil || !create) {
		return k.keys, nil
	}
	return v.read(ctx, tenant, create)
}

// read reads the keys of a tenant, once for all who wait for them.
func (v *Vault) read(ctx context.Context, tenant int64, create bool) (*Keys, error) {
	name := strconv.FormatInt(tenant, 10) + strconv.FormatBool(create)
	answer := v.flight.DoChan(name, func() (any, error) {
		alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		k, err := v.In(alone, v.o.DB)
		if err == nil && k == nil && create {
			k, err = v.make(alone, tenant)
		}
		if err != nil {
			return nil, tenancy.Fault(err, "read the keys of a tenant")
		}
		v.cache.Add(tenant, kept{k, v.o.Clock.Now().Add(v.o.Keep)})
		return k, nil
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-answer:
		if a.Err != nil {
			return nil, a.Err
		}
		return a.Val.(*Keys), nil
	}
}

// Querier is a pool or a transaction of the tenant's.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// stored is a row of tenant_keys.
type stored struct {
	sets, mac []byte
	by        string
}

const readKeys = `SELECT keyset, blind, wrapped_by FROM tenant_keys WHERE tenant_id = $1::bigint`

// In reads the keys of the context's tenant on q; nil when there are none.
func (v *Vault) In(ctx context.Context, q Querier) (*Keys, error) { return v.in(ctx, q, readKeys) }

func (v *Vault) in(ctx context.Context, q Querier, statement string) (*Keys, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	var s stored
	err := q.QueryRowContext(ctx, statement, tenant).Scan(&s.sets, &s.mac, &s.by)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	outer, err := v.o.Ring.find(s.by)
	if err != nil {
		return nil, err
	}
	return unwrap(ctx, outer, tenant, s.sets, s.mac)
}

// Make gives the context's tenant its keys on q, which must not have any. Stale says whether rows may be there already.
func (v *Vault) Make(ctx context.Context, q Querier, stale bool) (*Keys, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	k, err := fresh(tenant)
	if err != nil {
		return nil, err
	}
	return k, v.insert(ctx, q, k, stale)
}

// insertKeys does nothing for a tenant that has keys: whoever was first has made them.
const insertKeys = `INSERT INTO tenant_keys (tenant_id, id, created_at, updated_at, keyset, blind, wrapped_by, newest, stale, scheme)
VALUES ($1::bigint, $2::uuid, $3::timestamptz, $3::timestamptz, $4::bytea, $5::bytea, $6::text, $7::bigint, $8::boolean, $9::text) ON CONFLICT (tenant_id) DO NOTHING`

func (v *Vault) insert(ctx context.Context, q Querier, k *Keys, stale bool) error {
	sets, mac, err := k.wrap(ctx, v.o.Ring.Newest)
	if err != nil {
		return err
	}
	scheme := Scheme()
	if stale {
		scheme = ""
	}
	_, err = q.ExecContext(ctx, insertKeys, k.tenant, publicid.NewTenantKeyID().UUID(), v.o.Clock.Now(), sets, mac, v.o.Ring.Newest.Name(), int64(k.newest), stale, scheme)
	return err
}

// make makes keys and returns those that are there then: another process may have been first.
func (v *Vault) make(ctx context.Context, tenant int64) (*Keys, error) {
	k, err := fresh(tenant)
	if err != nil {
		return nil, err
	}
	if err := v.insert(ctx, v.o.DB, k, true); err != nil {
		return nil, err
	}
	return v.In(ctx, v.o.DB)
}

// Forget drops the keys of a tenant from this process's memory.
func (v *Vault) Forget(tenant int64) { v.cache.Remove(tenant) }
