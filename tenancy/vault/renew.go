package vault

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/platform/fault"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
)

// Scheme names the set of columns that are sealed. Rows that were written under another one may have to be sealed anew.
func Scheme() string {
	h := sha256.New()
	for _, t := range catalog.Tables() {
		for _, s := range t.Sealed {
			h.Write([]byte(t.Name + "." + s.Column + " " + s.Blind + " " + string(s.Form) + "\n"))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// staleTenants are those whose rows may not all be sealed by their newest key, under this version's scheme.
const staleTenants = `SELECT d.tenant_id FROM tenant_directory d LEFT JOIN tenant_keys k ON k.tenant_id = d.tenant_id
WHERE d.erased_at IS NULL AND (k.tenant_id IS NULL OR k.stale OR k.scheme <> $1::text) ORDER BY d.tenant_id`

// SealAll seals what is not sealed yet, tenant by tenant: rows from before their column was sealed, and those under keys
// before the newest. It may be cut off at any time and goes on where it was. System is the pool that lists tenants. It
// returns how many rows it wrote.
func (v *Vault) SealAll(ctx context.Context, system *sql.DB) (rows int, err error) {
	tenants, err := list(ctx, system)
	if err != nil {
		return 0, tenancy.Fault(err, "find rows to seal")
	}
	for _, tenant := range tenants {
		n, err := v.SealRows(tenancy.With(ctx, tenant))
		if rows += n; err != nil {
			return rows, fault.Wrap(err, fmt.Sprintf("seal the rows of tenant %d", tenant))
		}
	}
	return rows, nil
}

func list(ctx context.Context, system *sql.DB) (tenants []int64, err error) {
	rows, err := system.QueryContext(ctx, staleTenants, Scheme())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		tenants = append(tenants, id)
	}
	return tenants, rows.Err()
}

// SealRows seals all rows of the context's tenant by its newest key. Versions and times of rows stay.
func (v *Vault) SealRows(ctx context.Context) (rows int, err error) {
	keys, err := v.keys(ctx, true)
	if err != nil {
		return 0, err
	}
	v.Forget(keys.tenant)
	began := v.o.Clock.Now()
	if keys, err = v.keys(ctx, true); err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(v.tables)) {
		after := uuid.Nil
		for {
			n, seen, last, err := v.sealBatch(ctx, keys, v.tables[name], after)
			if rows += n; err != nil {
				return rows, tenancy.Fault(err, "seal rows of "+name)
			}
			if after = last; seen < v.o.Batch {
				break
			}
		}
	}
	return rows, v.settled(ctx, keys, began)
}

// settle notes that all rows are sealed by the newest key. It does not while another process may still seal by the one
// before: what that writes is found by the next run.
const settle = `UPDATE tenant_keys SET stale = false, scheme = $2::text, updated_at = $3::timestamptz
WHERE tenant_id = $1::bigint AND newest = $4::bigint AND (NOT stale OR updated_at <= $5::timestamptz)`

func (v *Vault) settled(ctx context.Context, k *Keys, began time.Time) error {
	_, err := v.o.DB.ExecContext(ctx, settle, k.tenant, Scheme(), v.o.Clock.Now(), int64(k.newest), began.Add(-v.o.Keep))
	return tenancy.Fault(err, "note that rows are sealed")
}

// sealBatch seals up to a batch of rows behind an id, in a transaction that holds them.
func (v *Vault) sealBatch(ctx context.Context, k *Keys, t catalog.Table, after uuid.UUID) (written, seen int, last uuid.UUID, err error) {
	tx, err := v.o.DB.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, after, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	batch, last, err := readBatch(ctx, tx, k.tenant, t, after, v.o.Batch)
	if err != nil {
		return 0, 0, after, err
	}
	var changed []map[string]string
	for _, row := range batch {
		id, err := uuid.Parse(row["id"])
		if err != nil {
			return 0, 0, after, err
		}
		differs, err := k.Row(t, id, row)
		if err != nil {
			return 0, 0, after, err
		}
		if differs {
			changed = append(changed, row)
		}
	}
	if len(changed) > 0 {
		if err := writeBatch(ctx, tx, k.tenant, t, changed); err != nil {
			return 0, 0, after, err
		}
	}
	return len(changed), len(batch), last, tx.Commit()
}

// columnsOf are the sealed and blind columns of a table.
func columnsOf(t catalog.Table) (columns []string) {
	for _, s := range t.Sealed {
		columns = append(columns, s.Column)
		if s.Blind != "" {
			columns = append(columns, s.Blind)
		}
	}
	return columns
}

func readBatch(ctx context.Context, tx *sql.Tx, tenant int64, t catalog.Table, after uuid.UUID, batch int) (out []map[string]string, last uuid.UUID, err error) {
	pairs := "'id', id"
	for _, c := range columnsOf(t) {
		pairs += ", " + pq.QuoteLiteral(c) + ", " + pq.QuoteIdentifier(c)
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT id, jsonb_build_object(%s)::text FROM %s WHERE tenant_id = $1::bigint AND id > $2::uuid ORDER BY id LIMIT %d FOR NO KEY UPDATE`,
		pairs, pq.QuoteIdentifier(t.Name), batch), tenant, after)
	if err != nil {
		return nil, after, err
	}
	defer func() { _ = rows.Close() }() // Err has told
	last = after
	for rows.Next() {
		var doc string
		row := map[string]string{}
		if err := rows.Scan(&last, &doc); err != nil {
			return nil, after, err
		}
		if err := json.Unmarshal([]byte(doc), &row); err != nil {
			return nil, after, err
		}
		out = append(out, row)
	}
	return out, last, rows.Err()
}

func writeBatch(ctx context.Context, tx *sql.Tx, tenant int64, t catalog.Table, rows []map[string]string) error {
	columns := columnsOf(t)
	sets, types := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		sets[i], types[i] = pq.QuoteIdentifier(c)+" = n."+pq.QuoteIdentifier(c), pq.QuoteIdentifier(c)+" text"
	}
	doc, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf(`UPDATE %s t SET %s FROM json_to_recordset($2::json) AS n(id uuid, %s) WHERE t.tenant_id = $1::bigint AND t.id = n.id`,
		pq.QuoteIdentifier(t.Name), strings.Join(sets, ", "), strings.Join(types, ", ")), tenant, string(doc))
	return err
}

// putKeys replaces the keys of a tenant.
const putKeys = `UPDATE tenant_keys SET keyset = $2::bytea, blind = $3::bytea, wrapped_by = $4::text, newest = $5::bigint, stale = stale OR $6::boolean, updated_at = $7::timestamptz
WHERE tenant_id = $1::bigint`

// Rekey gives the context's tenant one more key, which seals from then on; those before it go on opening, since the audit
// trail is never written anew. SealRows is to follow. A tenant without keys gets its first.
func (v *Vault) Rekey(ctx context.Context) error {
	return v.change(ctx, func(k *Keys) (*Keys, error) { return k.renewed() }, true)
}

// Rewrap wraps the keys of the context's tenant under the newest outer key. Nothing that they have sealed is touched.
func (v *Vault) Rewrap(ctx context.Context) error {
	return v.change(ctx, func(k *Keys) (*Keys, error) { return k, nil }, false)
}

func (v *Vault) change(ctx context.Context, to func(*Keys) (*Keys, error), stale bool) error {
	k, err := v.keys(ctx, true)
	if err != nil {
		return err
	}
	defer v.Forget(k.tenant)
	tx, err := v.o.DB.BeginTx(ctx, nil)
	if err != nil {
		return tenancy.Fault(err, "change the keys of a tenant")
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	// As they are now, and held: two changes at once would lose one of the keys.
	if k, err = v.in(ctx, tx, readKeys+` FOR UPDATE`); err != nil {
		return tenancy.Fault(err, "change the keys of a tenant")
	}
	if k, err = to(k); err != nil {
		return fault.Wrap(err, "change the keys of a tenant")
	}
	sets, mac, err := k.wrap(ctx, v.o.Ring.Newest)
	if err != nil {
		return fault.Wrap(err, "change the keys of a tenant")
	}
	if _, err := tx.ExecContext(ctx, putKeys, k.tenant, sets, mac, v.o.Ring.Newest.Name(), int64(k.newest), stale, v.o.Clock.Now()); err != nil {
		return tenancy.Fault(err, "change the keys of a tenant")
	}
	return tenancy.Fault(tx.Commit(), "change the keys of a tenant")
}
