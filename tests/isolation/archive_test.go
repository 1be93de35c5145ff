package isolation

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	_ "github.com/lib/pq"

	"heyue/audit"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/migrations"
	"heyue/outbox"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tenancy/archive"
	"heyue/tenancy/catalog"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// custodian is the archive of a world, with whole an archive of its tenant acme in which every table has rows.
type custodian struct {
	archive.Archive
	*fixture.World
	acme  *fixture.Tenant
	super *sql.DB
}

func custody(t *testing.T, w *fixture.World) custodian {
	t.Helper()
	schema, err := migrations.Latest()
	if err != nil {
		t.Fatal(err)
	}
	return custodian{
		Archive: archive.Archive{
			Owner: pgtest.Open(t, w.DB.OwnerDSN), Clock: w.Clock, Schema: schema, Vault: w.Vault,
			Signer: ed25519.NewKeyFromSeed(w.Secret.Derive("heyue certificates v1", ed25519.SeedSize)),
		},
		World: w, super: pgtest.Open(t, w.DB.SuperDSN),
	}
}

// filled is a world with two tenants that have rows of everything, what is sealed included.
func filled(t *testing.T) custodian {
	t.Helper()
	c := custody(t, fixture.New(t))
	c.acme = c.Tenant(t, "acme")
	for _, tn := range []*fixture.Tenant{c.acme, c.Tenant(t, "globex")} {
		populate(t, &stage.Stage{World: c.World}, tn)
		c.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			contact, err := tx.Contact.Query().Only(tn.Ctx)
			if err != nil {
				return err
			}
			after, err := contact.Update().SetMobile("139" + marker(tn)).SetEmail("x@" + marker(tn)).Save(tn.Ctx)
			if err != nil {
				return err
			}
			if err := c.Outbox.Append(tn.Ctx, tx, outbox.Event{Kind: "probe", Subject: uuid.New(), Payload: map[string]string{"note": marker(tn)}}); err != nil {
				return err
			}
			return c.Audit.Record(tn.Ctx, tx, audit.Entry{Action: "update", Object: "contact", ID: after.ID.UUID(), Before: contact, After: after})
		})
		c.rest(t, tn)
	}
	return c
}

func (c custodian) export(t *testing.T, slug string) (archive.Manifest, []byte) {
	t.Helper()
	var b bytes.Buffer
	m, err := c.Export(t.Context(), slug, &b)
	if err != nil {
		t.Fatal(err)
	}
	return m, b.Bytes()
}

func (c custodian) bring(text []byte, slug string) error {
	_, err := c.Import(context.Background(), bytes.NewReader(text), int64(len(text)), archive.Target{Slug: slug})
	return err
}

// rows counts a tenant's rows of every table, as the superuser sees them.
func (c custodian) rows(t *testing.T, id int64) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, table := range catalog.Tables() {
		var n int
		if err := c.super.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table.Name+` WHERE `+table.Key()+` = $1`, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[table.Name] = n
	}
	return out
}

// everything is a tenant's rows as they are stored, by table.
func (c custodian) everything(t *testing.T, id int64) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range catalog.Tables() {
		var text sql.NullString
		err := c.super.QueryRowContext(t.Context(), `SELECT string_agg(to_jsonb(r)::text, E'\n' ORDER BY r.id) FROM `+table.Name+` r WHERE `+table.Key()+` = $1`, id).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		out[table.Name] = text.String
	}
	return out
}

// TestATenantMovesWhole: an archive of a tenant with rows in every table becomes a tenant elsewhere, and here, whose archive
// has the very same parts.
func TestATenantMovesWhole(t *testing.T) {
	t.Parallel()
	c := filled(t)
	before, text := c.export(t, "acme")
	for _, p := range before.Tables {
		if p.Rows == 0 {
			t.Errorf("populate makes no row of %s", p.Table)
		}
	}
	elsewhere := custody(t, fixture.New(t))
	for name, to := range map[string]custodian{"another installation": elsewhere, "the same": c} {
		if err := to.bring(text, "acme-two"); err != nil {
			t.Errorf("into %s: %v", name, err)
			continue
		}
		after, _ := to.export(t, "acme-two")
		if d := cmp.Diff(before.Tables, after.Tables); d != "" {
			t.Errorf("in %s it is another:\n%s", name, d)
		}
		listed, err := to.Directory.Find(t.Context(), "acme-two")
		if err != nil || listed.Standing != standing.Active {
			t.Errorf("%s lists %+v, %v", name, listed, err)
		}
		to.livesOn(t, listed.TenantID)
		if err := to.bring(text, "acme-two"); codeOf(err) != fault.Duplicate {
			t.Errorf("a second time into %s: %v", name, err)
		}
	}
	if d := cmp.Diff(before.Tables, func() []archive.Part { m, _ := c.export(t, "acme"); return m.Tables }()); d != "" {
		t.Errorf("the tenant itself is another:\n%s", d)
	}
}

// livesOn: sealed texts are sealed under keys of its own, the audit trail is sealed anew, and what stays has stayed.
func (c custodian) livesOn(t *testing.T, id int64) {
	t.Helper()
	ctx := withTenant(t, id)
	contact, err := c.Client.Contact.Query().Only(ctx)
	if err != nil || contact.Mobile != "139ACME-MARK" {
		t.Errorf("the contact is %v, %v", contact, err)
	}
	stored := c.everything(t, id)
	if strings.Contains(stored["contacts"], "139ACME") || strings.Contains(stored["audit_entries"], "139ACME") {
		t.Error("what was sealed lies open")
	}
	found, err := c.World.Vault.Blinds(ctx, "contacts", "mobile", []string{"139acme-mark"})
	if err != nil || found[0] != contact.MobileBlind {
		t.Errorf("it is found by %q, not %q (%v)", contact.MobileBlind, found, err)
	}
	if _, err := (&audit.Sealer{Client: c.Client, System: c.System, Clock: c.World.Clock}).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, err := audit.Verify(ctx, c.Client); err != nil || p.Break != nil || p.Waiting != 0 || p.Sealed == 0 {
		t.Errorf("the audit trail is %+v, %v", p, err)
	}
	for _, table := range catalog.Tables() {
		if !table.Class.Moves() && table.Name != "tenant_keys" && table.Name != "audit_queue" && stored[table.Name] != "" {
			t.Errorf("%s came along", table.Name)
		}
	}
}

// TestABadArchiveChangesNothing and says what is wrong with it.
func TestABadArchiveChangesNothing(t *testing.T) {
	t.Parallel()
	c := filled(t)
	_, good := c.export(t, "acme")
	parts := unzip(t, good)
	manifest := func(change func(*archive.Manifest)) []byte {
		var m archive.Manifest
		if err := json.Unmarshal(parts["manifest.json"], &m); err != nil {
			t.Fatal(err)
		}
		change(&m)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	without := func(name string) []byte { return rezip(t, parts, name, nil) }
	users := parts["users.ndjson"]
	for name, bad := range map[string]struct {
		text []byte
		says string
	}{
		"no archive":        {[]byte("hello"), "no archive"},
		"empty":             {nil, "no archive"},
		"cut off":           {good[:len(good)/2], "no archive"},
		"no manifest":       {without("manifest.json"), "manifest.json is missing"},
		"a part is missing": {without("users.ndjson"), "users.ndjson is missing"},
		"a changed value":   {rezip(t, parts, "users.ndjson", bytes.Replace(users, []byte("ACME-MARK"), []byte("ACME-MARX"), 1)), "users.ndjson was changed"},
		"a row too many":    {rezip(t, parts, "users.ndjson", slices.Concat(users, users)), "rows"},
		"no rows":           {rezip(t, parts, "users.ndjson", []byte("hello\n")), "users.ndjson, line 1 is no row"},
		"a newer format":    {rezip(t, parts, "manifest.json", manifest(func(m *archive.Manifest) { m.Format++ })), "format"},
		"other tables":      {rezip(t, parts, "manifest.json", manifest(func(m *archive.Manifest) { m.Tables = m.Tables[1:] })), "other tables"},
		"another version":   {rezip(t, parts, "manifest.json", manifest(func(m *archive.Manifest) { m.Schema-- })), "same version"},
	} {
		err := c.bring(bad.text, "acme-two")
		if codeOf(err) != fault.Malformed || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v; want %q", name, err, bad.says)
		}
	}
	if err := c.bring(good, "-"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a bad slug: %v", err)
	}
	c.untouched(t)
}

// untouched: nothing of a tenant is there but of the two.
func (c custodian) untouched(t *testing.T) {
	t.Helper()
	for _, table := range catalog.Tables() {
		var n int
		if err := c.super.QueryRowContext(t.Context(), `SELECT count(DISTINCT `+table.Key()+`) FROM `+table.Name).Scan(&n); err != nil || n > 2 {
			t.Errorf("%s has rows of %d tenants, %v", table.Name, n, err)
		}
	}
	var listed int
	if err := c.super.QueryRowContext(t.Context(), `SELECT count(*) FROM tenant_directory`).Scan(&listed); err != nil || listed != 2 {
		t.Errorf("%d tenants are listed, %v", listed, err)
	}
}

// interrupted is a file whose reader is called away in the middle.
type interrupted struct {
	*bytes.Reader
	left   int
	cancel func()
}

func (r *interrupted) ReadAt(p []byte, off int64) (int, error) {
	if r.left--; r.left == 0 {
		r.cancel()
	}
	return r.Reader.ReadAt(p, off)
}

// full takes so many bytes and no more, like a disk.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// TestInterruptionsLeaveNothingHalf wherever they come.
func TestInterruptionsLeaveNothingHalf(t *testing.T) {
	t.Parallel()
	c := filled(t)
	_, good := c.export(t, "acme")
	reads := 0
	whole := &interrupted{bytes.NewReader(good), -1, func() {}}
	if _, err := c.Import(t.Context(), whole, int64(len(good)), archive.Target{Slug: "acme-two"}); err != nil {
		t.Fatal(err)
	}
	reads = -1 - whole.left
	elsewhere := filled(t)
	for at := 3; at < reads; at += max(reads/8, 1) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := elsewhere.Import(ctx, &interrupted{bytes.NewReader(good), at, cancel}, int64(len(good)), archive.Target{Slug: "acme-two"})
		cancel()
		if err == nil {
			t.Errorf("an import that was called away at read %d of %d went on", at, reads)
		}
	}
	elsewhere.untouched(t)
	if _, err := elsewhere.Export(t.Context(), "acme", &full{left: len(good) / 2}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("an export onto a full disk: %v", err)
	}
	elsewhere.halfErased(t)
}

// halfErased: an erasure that meets a row which somebody holds, and is called away, has erased nothing.
func (c custodian) halfErased(t *testing.T) {
	t.Helper()
	c.suspend(t, c.acme)
	before := c.everything(t, c.acme.ID)
	lock, err := c.super.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.ExecContext(t.Context(), `SELECT FROM customers WHERE tenant_id = $1 FOR UPDATE`, c.acme.ID); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Second) // the row is not given free while it waits
	defer cancel()
	if _, err := c.Erase(short, "acme", "acme", "me"); err == nil {
		t.Error("a row that somebody holds was erased")
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, c.everything(t, c.acme.ID)); d != "" {
		t.Errorf("half of it is gone:\n%s", d)
	}
}

func (c custodian) suspend(t *testing.T, tn *fixture.Tenant) {
	t.Helper()
	c.Write(t, tn.Ctx, func(tx *ent.Tx) error { return tx.Tenant.Update().SetStanding(standing.Suspended).Exec(tn.Ctx) })
}

// TestErasedForGood: no row is left, the certificate says what there was and holds, number and slug are never given again,
// and the other tenant has lost nothing.
func TestErasedForGood(t *testing.T) {
	t.Parallel()
	c := filled(t)
	globex, err := c.Directory.Find(t.Context(), "globex")
	if err != nil {
		t.Fatal(err)
	}
	others, there := c.everything(t, globex.TenantID), c.rows(t, c.acme.ID)
	exported, text := c.export(t, "acme")
	keys, err := c.World.Vault.In(c.acme.Ctx, c.Pool)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		slug, confirm, by string
		code              fault.Code
	}{
		"in use":            {"acme", "acme", "me", fault.WrongState},
		"another confirmed": {"acme", "globex", "me", fault.NotAllowed},
		"nobody":            {"acme", "acme", " ", fault.Required},
		"no such tenant":    {"initech", "initech", "me", fault.Missing},
	} {
		if _, err := c.Erase(t.Context(), try.slug, try.confirm, try.by); codeOf(err) != try.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.suspend(t, c.acme)
	certificate, err := c.Erase(t.Context(), "acme", "acme", "Wu, administrator")
	if err != nil {
		t.Fatal(err)
	}
	for table, n := range c.rows(t, c.acme.ID) {
		if n > 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	if d := cmp.Diff(others, c.everything(t, globex.TenantID)); d != "" {
		t.Errorf("the other tenant has lost something:\n%s", d)
	}
	c.certified(t, certificate, there, exported, keys.Numbers())
	if again, err := c.Erase(t.Context(), "acme", "acme", "somebody else"); err != nil || again != certificate {
		t.Errorf("a second time: %v, another certificate: %t", err, again != certificate)
	}
	if kept, err := c.Certificate(t.Context(), "acme"); err != nil || kept != certificate {
		t.Errorf("the directory keeps another certificate, %v", err)
	}
	if _, err := c.Certificate(t.Context(), "globex"); codeOf(err) != fault.Missing {
		t.Errorf("a certificate of a tenant that is there: %v", err)
	}
	if _, err := c.Directory.Find(t.Context(), "acme"); codeOf(err) != fault.Missing {
		t.Errorf("the directory finds it: %v", err)
	}
	if _, err := c.Directory.Create(t.Context(), "acme"); codeOf(err) != fault.Duplicate {
		t.Errorf("its slug is given again: %v", err)
	}
	if err := c.bring(text, "acme"); codeOf(err) != fault.Duplicate {
		t.Errorf("an archive takes its slug: %v", err)
	}
	if _, err := c.Export(t.Context(), "acme", io.Discard); codeOf(err) != fault.WrongState {
		t.Errorf("it is exported: %v", err)
	}
	if all, err := c.Directory.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d tenants are listed, %v", len(all), err)
	}
}

// certified: the certificate counts what was there, its hashes are those of the last archive, and it says so unchanged.
func (c custodian) certified(t *testing.T, certificate string, there map[string]int, exported archive.Manifest, keys []uint32) {
	t.Helper()
	if strings.Contains(certificate, "MARK") {
		t.Errorf("the certificate says what was erased: %s", certificate)
	}
	own := c.Signer.Public().(ed25519.PublicKey)
	got, err := archive.Check([]byte(certificate), own)
	if err != nil {
		t.Fatal(err)
	}
	if got.Slug != "acme" || got.Number != c.acme.ID || got.By != "Wu, administrator" || !got.ErasedAt.Equal(c.World.Clock.Now()) || len(keys) == 0 || !slices.Equal(got.Keys, keys) {
		t.Errorf("the certificate says %+v", got)
	}
	counted := map[string]int{}
	for _, p := range got.Tables {
		counted[p.Table] = p.Rows
		if i := slices.IndexFunc(exported.Tables, func(e archive.Part) bool { return e.Table == p.Table }); i >= 0 && p.Table != "tenants" && exported.Tables[i] != p {
			t.Errorf("%s was %+v in the archive and %+v when it was erased", p.Table, exported.Tables[i], p)
		}
	}
	if d := cmp.Diff(there, counted); d != "" {
		t.Errorf("it counts something else than there was:\n%s", d)
	}
	stranger, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		text string
		key  ed25519.PublicKey
		says string
	}{
		"changed":              {strings.Replace(certificate, "Wu,", "Li,", 1), own, "was changed"},
		"another installation": {certificate, stranger, "another installation"},
		"no certificate":       {"hello", own, "cannot be read"},
		"more in it":           {strings.Replace(certificate, "{", `{"more": 1,`, 1), own, "cannot be read"},
	} {
		if _, err := archive.Check([]byte(try.text), try.key); codeOf(err) != fault.Malformed || !strings.Contains(err.Error(), try.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func unzip(t *testing.T, text []byte) map[string][]byte {
	t.Helper()
	file, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range file.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// rezip makes an archive of the parts with another text for one of them, or without it.
func rezip(t *testing.T, parts map[string][]byte, name string, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	file := zip.NewWriter(&b)
	for part, content := range parts {
		if part == name {
			content = text
		}
		if content == nil {
			continue
		}
		w, err := file.Create(part)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func codeOf(err error) fault.Code {
	if all := fault.All(err); len(all) > 0 {
		return all[0].Code
	}
	return ""
}
