// Package archive takes a tenant out of a database, brings one in, and erases one, all or nothing: a file of the tenant's
// rows, and a certificate of what is gone (features.md part 3 no. 20).
//
// It works on the owner's connection, under the same row security as every request: each transaction names its tenant. An
// archive holds sealed texts in the clear, since the keys that open them never leave; whoever brings it in seals them under
// the new tenant's keys. The product keeps no files of tenants: documents are references to where they are kept.
package archive

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"

	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
	"heyue/tenancy/vault"
)

// Archive reads and writes whole tenants.
type Archive struct {
	Owner  *sql.DB // of the tables' owner; a plain pool
	Clock  clock.Clock
	Schema int64 // the version that the tables have
	Vault  *vault.Vault
	Signer ed25519.PrivateKey // of certificates
}

// format is of the file. It goes up when an older program could not read it.
const format = 1

// manifestName is the part of a file that says what the others must be; it is the last that is written.
const manifestName = "manifest.json"

// Manifest says what an archive holds.
type Manifest struct {
	Format int    `json:"format"`
	Schema int64  `json:"schema"`
	Slug   string `json:"slug"`
	Tables []Part `json:"tables"`
	// Audit is where the trail stood. Its hashes hold the tenant's number, so the trail is sealed anew where it is brought
	// in; this is the link between the two.
	Audit Head `json:"audit"`
}

// Part is one table's file: a JSON object for each row, in lines.
type Part struct {
	Table  string `json:"table"`
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Head is the newest seal of an audit trail: how many entries it covers, and its hash in hex.
type Head struct {
	Sealed int64  `json:"sealed"`
	Hash   string `json:"hash"`
}

func (p Part) file() string { return partOf(p.Table) }

func partOf(table string) string { return table + ".ndjson" }

// entry is a tenant's line of the directory.
type entry struct {
	id          int64
	slug        string
	certificate sql.NullString
}

// find locks a tenant's line. NOT_FOUND at slug; a tenant that was erased is found.
func find(ctx context.Context, tx *sql.Tx, slug string) (entry, error) {
	e := entry{slug: slug}
	err := tx.QueryRowContext(ctx, `SELECT tenant_id, certificate FROM tenant_directory WHERE slug = $1`, slug).Scan(&e.id, &e.certificate)
	if errors.Is(err, sql.ErrNoRows) {
		return e, fault.NoSuch("tenant", "slug")
	}
	return e, fault.Wrap(err, "look up a tenant")
}

// as makes the rest of the transaction a tenant's, and the context with it. Instants are written in UTC.
func as(ctx context.Context, tx *sql.Tx, tenant int64) (context.Context, error) {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL app.tenant_id = '%d'; SET LOCAL TimeZone = 'UTC'", tenant))
	return tenancy.With(ctx, tenant), fault.Wrap(err, "name the tenant")
}

// head reads the newest seal.
func head(ctx context.Context, tx *sql.Tx) (h Head, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq, encode(hash, 'hex') FROM audit_seals ORDER BY seq DESC LIMIT 1`).Scan(&h.Sealed, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	return h, fault.Wrap(err, "read the head of the audit trail")
}

// in runs fn in a transaction and keeps what it did when it says so.
func (a Archive) in(ctx context.Context, o *sql.TxOptions, fn func(tx *sql.Tx) error) error {
	tx, err := a.Owner.BeginTx(ctx, o)
	if err != nil {
		return fault.Wrap(err, "begin")
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // what fn says counts
		return err
	}
	return fault.Wrap(tx.Commit(), "commit")
}

// each joins one statement for each table of a group into a single one that gives how many rows each touched: foreign keys
// are looked at when it ends, so tables and rows that refer to each other need no order.
func each(ctx context.Context, tx *sql.Tx, group []catalog.Table, statement func(catalog.Table) string) (map[string]int, error) {
	parts, counts, found := make([]string, len(group)), make([]string, len(group)), make([]int, len(group))
	into := make([]any, len(group))
	for i, table := range group {
		parts[i] = fmt.Sprintf("s%d AS (%s RETURNING 1)", i, statement(table))
		counts[i] = fmt.Sprintf("(SELECT count(*) FROM s%d)", i)
		into[i] = &found[i]
	}
	err := tx.QueryRowContext(ctx, "WITH "+strings.Join(parts, ", ")+" SELECT "+strings.Join(counts, ", ")).Scan(into...)
	out := map[string]int{}
	for i, table := range group {
		out[table.Name] = found[i]
	}
	return out, fault.Wrap(err, strings.Join(names(group), ", "))
}

func quoted(name string) string { return pq.QuoteIdentifier(name) }
