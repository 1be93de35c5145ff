package archive

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lib/pq"

	"heyue/platform/fault"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
	"heyue/tenancy/vault"
)

// Target is the tenant that an archive becomes.
type Target struct {
	Slug string
	Name string // "" for the name in the archive
}

// batch is how many rows go to the database at once, and batchBytes how much text at most beyond the last of them.
const (
	batch      = 500
	batchBytes = 4 << 20
)

// maxLine and maxManifest are how many bytes one row and the manifest may have: no row of the product comes near.
const (
	maxLine     = 64 << 20
	maxManifest = 1 << 20
)

// Import makes a new tenant of an archive of size bytes, all or nothing: the same rows under the same ids, another
// number, and no live credentials. The audit trail waits to be sealed anew. Faults: those of tenancy.CheckSlug, DUPLICATE
// at slug, and MALFORMED naming the part and line for a file that is damaged, was changed, is of another version of the
// tables or is no archive.
func (a Archive) Import(ctx context.Context, in io.ReaderAt, size int64, to Target) (m Manifest, err error) {
	var c fault.Check
	tenancy.CheckSlug(&c, "slug", to.Slug)
	if err := c.Err(); err != nil {
		return m, err
	}
	file, err := zip.NewReader(in, size)
	if err != nil {
		return m, malformed("it is no archive: %v", err)
	}
	if m, err = a.manifest(file); err != nil {
		return m, err
	}
	return m, a.in(ctx, nil, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `INSERT INTO tenant_directory (slug, created_at) VALUES ($1, $2) RETURNING tenant_id`, to.Slug, a.Clock.Now()).Scan(&id)
		if _, taken := tenancy.UniqueViolation(err); taken {
			return tenancy.SlugTaken(to.Slug)
		}
		if err != nil {
			return fault.Wrap(err, "make the tenant")
		}
		ctx, err := as(ctx, tx, id)
		if err != nil {
			return err
		}
		keys, err := a.Vault.Make(ctx, tx, false)
		if err != nil {
			return fault.Wrap(err, "make the tenant's keys")
		}
		b := bringing{tx: tx, file: file, manifest: m, keys: keys, id: id, to: to}
		for _, group := range moved() {
			if err := b.group(ctx, group); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO audit_queue (tenant_id, id) SELECT tenant_id, id FROM audit_entries`)
		if err != nil {
			return fault.Wrap(err, "let the audit trail be sealed")
		}
		_, err = tx.ExecContext(ctx, `UPDATE tenant_directory SET standing = (SELECT standing FROM tenants) WHERE tenant_id = $1`, id)
		return fault.Wrap(err, "open the tenant")
	})
}

// manifest reads what the archive says of itself and compares it with what it has and with this version.
func (a Archive) manifest(file *zip.Reader) (m Manifest, err error) {
	text, err := file.Open(manifestName)
	if err != nil {
		return m, malformed("%s is missing: the file was cut off or is no archive", manifestName)
	}
	defer func() { _ = text.Close() }() // it was read
	if err := json.NewDecoder(io.LimitReader(text, maxManifest)).Decode(&m); err != nil {
		return m, malformed("%s: %v", manifestName, err)
	}
	if m.Format != format {
		return m, malformed("%s: it has the format %d; this program reads %d", manifestName, m.Format, format)
	}
	if m.Schema != a.Schema {
		return m, malformed("%s: its tables have the version %d and those here %d; bring both installations to the same version", manifestName, m.Schema, a.Schema)
	}
	want := slices.Sorted(slices.Values(names(slices.Concat(moved()...))))
	var got []string
	for _, p := range m.Tables {
		got = append(got, p.Table)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		return m, malformed("%s: it lists other tables than there are", manifestName)
	}
	return m, nil
}

// bringing is one import.
type bringing struct {
	tx       *sql.Tx
	file     *zip.Reader
	manifest Manifest
	keys     *vault.Keys
	id       int64
	to       Target
}

// group adds a group of tables.
func (b bringing) group(ctx context.Context, group []catalog.Table) error {
	for _, t := range group {
		at := slices.IndexFunc(b.manifest.Tables, func(p Part) bool { return p.Table == t.Name })
		if err := b.stage(ctx, t, b.manifest.Tables[at]); err != nil {
			return err
		}
	}
	_, err := each(ctx, b.tx, group, func(t catalog.Table) string {
		return fmt.Sprintf("INSERT INTO %[1]s SELECT r.* FROM %[2]s s, LATERAL jsonb_populate_record(NULL::%[1]s, s.data || %[3]s::jsonb) r",
			quoted(t.Name), quoted("staged_"+t.Name), pq.QuoteLiteral(b.changed(t)))
	})
	var pe *pq.Error
	if errors.As(err, &pe) && (pe.Code.Class() == "22" || pe.Code.Class() == "23") {
		return malformed("%s: %s", cmp.Or(pe.Table, strings.Join(names(group), ", ")), pe.Message)
	}
	return err
}

// changed is what differs in the new tenant's row of a table.
func (b bringing) changed(t catalog.Table) string {
	fields := map[string]any{t.Key(): b.id}
	if t.Name == "tenants" {
		fields["slug"] = b.to.Slug
		if b.to.Name != "" {
			fields["name"] = b.to.Name
		}
	}
	text, _ := json.Marshal(fields) // numbers and texts cannot fail
	return string(text)
}

// stage reads a part into a table of its own that ends with the transaction.
func (b bringing) stage(ctx context.Context, t catalog.Table, p Part) error {
	in, err := b.file.Open(p.file())
	if err != nil {
		return malformed("%s is missing", p.file())
	}
	defer func() { _ = in.Close() }() // it was read
	table := quoted("staged_" + p.Table)
	if _, err := b.tx.ExecContext(ctx, "CREATE TEMP TABLE "+table+" (data jsonb NOT NULL) ON COMMIT DROP"); err != nil {
		return fault.Wrap(err, "make room for "+p.file())
	}
	sum := sha256.New()
	held := holding{ctx: ctx, tx: b.tx, into: table, part: p}
	n, err := lines(io.TeeReader(in, sum), p, func(line []byte) error {
		line, err := sealed(t, b.keys, line)
		if err != nil {
			return err
		}
		return held.add(string(line))
	})
	switch {
	case err != nil:
		return err
	case n != p.Rows:
		return malformed("%s has %d rows, not %d", p.file(), n, p.Rows)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.SHA256 {
		return malformed("%s was changed: its SHA-256 is %s, not %s", p.file(), got, p.SHA256)
	}
	return held.flush()
}

// lines calls f with every line of a part, each of which must be a JSON object, and counts them.
func lines(in io.Reader, p Part, f func([]byte) error) (n int, err error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 0, 1<<16), maxLine)
	for scanner.Scan() {
		line := scanner.Bytes()
		if n++; !json.Valid(line) || line[0] != '{' {
			return n, malformed("%s, line %d is no row", p.file(), n)
		}
		if err := f(line); err != nil {
			return n, err
		}
	}
	if err := scanner.Err(); err != nil {
		return n, malformed("%s, line %d: %v", p.file(), n+1, err)
	}
	return n, nil
}

// holding collects rows and writes them in batches.
type holding struct {
	ctx   context.Context
	tx    *sql.Tx
	into  string
	part  Part
	rows  []string
	bytes int
}

func (h *holding) add(line string) error {
	if h.rows, h.bytes = append(h.rows, line), h.bytes+len(line); len(h.rows) < batch && h.bytes <= batchBytes {
		return nil
	}
	return h.flush()
}

func (h *holding) flush() error {
	_, err := h.tx.ExecContext(h.ctx, "INSERT INTO "+h.into+" SELECT unnest($1::text[])::jsonb", pq.Array(h.rows))
	h.rows, h.bytes = h.rows[:0], 0
	return fault.Wrap(err, "bring in "+h.part.file())
}

func malformed(form string, args ...any) error {
	return fault.New(fault.Invalid, fault.Malformed, "the archive cannot be used: "+form, args...)
}
