package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"

	"github.com/lib/pq"

	"heyue/platform/fault"
	"heyue/tenancy/catalog"
	"heyue/tenancy/vault"
)

// Export writes a tenant to out, as it was at one moment: a ZIP file with a part for each table and a manifest. It holds
// one row in memory at a time. Rows do not name the tenant's number, so that a tenant brought in elsewhere exports the very
// same parts. Credentials and what is of this installation only stay (tenancy/class). NOT_FOUND at slug, WRONG_STATE for a
// tenant that was erased.
func (a Archive) Export(ctx context.Context, slug string, out io.Writer) (m Manifest, err error) {
	file := zip.NewWriter(out)
	m = Manifest{Format: format, Schema: a.Schema, Slug: slug}
	err = a.in(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(tx *sql.Tx) error {
		e, err := find(ctx, tx, slug)
		if err != nil {
			return err
		}
		if e.certificate.Valid {
			return erased(slug)
		}
		ctx, err := as(ctx, tx, e.id)
		if err != nil {
			return err
		}
		keys, err := a.Vault.In(ctx, tx)
		if err != nil {
			return fault.Wrap(err, "read the tenant's keys")
		}
		if m.Audit, err = head(ctx, tx); err != nil {
			return err
		}
		for _, table := range slices.Concat(moved()...) {
			w, err := file.Create(partOf(table.Name))
			if err != nil {
				return fault.Wrap(err, "write "+partOf(table.Name))
			}
			part, err := copyRows(ctx, tx, keys, table, w)
			if err != nil {
				return err
			}
			m.Tables = append(m.Tables, part)
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	last, err := file.Create(manifestName)
	if err != nil {
		return m, fault.Wrap(err, "write the manifest")
	}
	lines := json.NewEncoder(last)
	lines.SetIndent("", "  ")
	if err := lines.Encode(m); err != nil {
		return m, fault.Wrap(err, "write the manifest")
	}
	return m, fault.Wrap(file.Close(), "end the file")
}

// number is what a row says of its tenant's number and name, which are the directory's matter.
func number(t catalog.Table) []string {
	if t.Name == "tenants" {
		return []string{"id", "slug"}
	}
	return []string{t.Key()}
}

// copyRows writes the rows of a table to out, one a line, by id.
func copyRows(ctx context.Context, tx *sql.Tx, keys *vault.Keys, t catalog.Table, out io.Writer) (p Part, err error) {
	p.Table = t.Name
	doing := "read " + t.Name
	sum := sha256.New()
	both := io.MultiWriter(out, sum)
	// Row security shows the tenant's rows only, and all keys end with the id.
	rows, err := tx.QueryContext(ctx, "SELECT (to_jsonb(r) - $1::text[])::text FROM "+quoted(t.Name)+" r ORDER BY r.id", pq.Array(number(t)))
	if err != nil {
		return p, fault.Wrap(err, doing)
	}
	defer func() { _ = rows.Close() }() // Err has told
	for rows.Next() {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return p, fault.Wrap(err, doing)
		}
		line, err := opened(t, keys, raw)
		if err != nil {
			return p, fault.Wrap(err, doing)
		}
		p.Rows++
		if _, err := both.Write(append(slices.Clip(line), '\n')); err != nil {
			return p, fault.Wrap(err, "write "+p.file())
		}
	}
	p.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return p, fault.Wrap(rows.Err(), doing)
}

func erased(slug string) error {
	f := fault.New(fault.State, fault.WrongState, "the tenant %s was erased", slug)
	f.Field = []string{"slug"}
	return f
}
