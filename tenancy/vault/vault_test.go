package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
	"heyue/tenancy/vault"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.World
	acme, globex *fixture.Tenant
	super        *sql.DB
}

func open(t *testing.T) world {
	t.Helper()
	w := fixture.New(t)
	return world{w, w.Tenant(t, "acme"), w.Tenant(t, "globex"), pgtest.Open(t, w.DB.SuperDSN)}
}

// contact makes a contact of a customer of its own.
func (w world) contact(t *testing.T, ctx context.Context, mobile, email string) *ent.Contact {
	t.Helper()
	var c *ent.Contact
	w.Write(t, ctx, func(tx *ent.Tx) error {
		of, err := tx.Customer.Create().SetName("x").SetCode(uuid.NewString()).Save(ctx)
		if err != nil {
			return err
		}
		if c, err = tx.Contact.Create().SetCustomerID(of.ID).SetName("x").SetMobile(mobile).SetEmail(email).Save(ctx); err != nil {
			return err
		}
		return w.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "contact", ID: c.ID.UUID(), After: c})
	})
	return c
}

// stored is everything that the database holds of contacts, users and the audit trail, as its superuser reads it.
func (w world) stored(t *testing.T) string {
	t.Helper()
	var text string
	err := w.super.QueryRowContext(t.Context(), `SELECT (SELECT string_agg(to_jsonb(c)::text, '') FROM contacts c) || (SELECT string_agg(to_jsonb(u)::text, '') FROM users u)
		|| coalesce((SELECT string_agg(to_jsonb(a)::text, '') FROM audit_entries a), '') || (SELECT string_agg(to_jsonb(k)::text, '') FROM tenant_keys k)`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (w world) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := w.super.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// another is the vault of another process.
func (w world) another(t *testing.T, ring vault.Ring, batch int) *vault.Vault {
	t.Helper()
	db, err := tenancy.Open(tenancy.Defaults(w.DB.AppDSN))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	v, err := vault.New(vault.Options{DB: db, Ring: ring, Clock: w.Clock, Batch: batch})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func outer(t *testing.T, b byte) vault.Local {
	t.Helper()
	o, err := vault.NewLocal(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// own is the outer key of a world.
func (w world) own(t *testing.T) vault.Local {
	t.Helper()
	o, err := vault.NewLocal(w.Secret.Derive("heyue tenant keys v1", 32))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestTheDatabaseHoldsNoSealedText: what is written through ent reads as it was written, and nowhere in the tables.
func TestTheDatabaseHoldsNoSealedText(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.contact(t, w.acme.Ctx, "139-GEHEIM-1", "Geheim@Geheim.example")
	if c.Mobile != "139-GEHEIM-1" || c.Email != "Geheim@Geheim.example" {
		t.Errorf("a new contact says %q, %q", c.Mobile, c.Email)
	}
	user := fixture.Caller(t, w.acme.Admin).UserID
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error {
		if err := tx.User.UpdateOneID(user).SetPhone("GEHEIM 2").Exec(w.acme.Ctx); err != nil {
			return err
		}
		now, err := tx.Contact.UpdateOneID(c.ID).SetWechat("GEHEIM3").SetEmail("").Save(w.acme.Ctx)
		if err == nil && (now.Wechat != "GEHEIM3" || now.Email != "" || now.Mobile != "139-GEHEIM-1") {
			t.Errorf("a changed contact says %q, %q, %q", now.Wechat, now.Email, now.Mobile)
		}
		return err
	})
	if text := w.stored(t); strings.Contains(strings.ToUpper(text), "GEHEIM") {
		t.Errorf("the database holds %s", text)
	}
	read := w.Client.Contact.Query().OnlyX(w.acme.Ctx)
	with := w.Client.Customer.Query().WithContacts().OnlyX(w.acme.Ctx).Edges.Contacts[0]
	if read.Mobile != "139-GEHEIM-1" || with.Mobile != "139-GEHEIM-1" || with.Wechat != "GEHEIM3" {
		t.Errorf("read %q, %q", read.Mobile, with.Mobile)
	}
	if got := w.Client.User.GetX(w.acme.Ctx, user).Phone; got != "GEHEIM 2" {
		t.Errorf("a user's telephone number is %q", got)
	}
	entry := w.Client.AuditEntry.Query().OnlyX(w.acme.Ctx)
	if got := string(entry.Changes); !strings.Contains(got, `"mobile":[null,"139-GEHEIM-1"]`) || strings.Contains(got, "blind") {
		t.Errorf("the audit trail says %s", got)
	}
	s := audit.Sealer{Client: w.Client, System: w.System, Clock: w.Clock}
	if _, err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.exec(t, `DELETE FROM tenant_keys`)
	if p, err := audit.Verify(w.acme.Ctx, w.Client); err != nil || p.Sealed != 1 || p.Break != nil {
		t.Errorf("without keys the trail is %+v, %v", p, err)
	}
}

// TestATextOpensInItsPlaceOnly: whoever may write the tables can copy a sealed text, and it opens nowhere else.
func TestATextOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"another row":    `UPDATE contacts SET mobile = (SELECT mobile FROM contacts WHERE id = $2) WHERE id = $1`,
		"another column": `UPDATE contacts SET email = mobile WHERE id IN ($1, $2)`,
		"cut short":      `UPDATE contacts SET mobile = left(mobile, 40) WHERE id IN ($1, $2)`,
		"changed":        `UPDATE contacts SET mobile = left(mobile, -1) || CASE WHEN right(mobile, 1) = 'A' THEN 'B' ELSE 'A' END WHERE id IN ($1, $2)`,
		"no keys":        `WITH gone AS (DELETE FROM tenant_keys WHERE tenant_id = (SELECT tenant_id FROM contacts WHERE id = $1)) SELECT $2::uuid`,
		"another tenant": `UPDATE contacts c SET mobile = (SELECT mobile FROM contacts WHERE id = $2 AND tenant_id <> c.tenant_id) WHERE id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			c := w.contact(t, w.acme.Ctx, "1", "")
			other := w.contact(t, w.acme.Ctx, "2", "")
			if name == "another tenant" {
				other = w.contact(t, w.globex.Ctx, "2", "")
			}
			w.exec(t, statement, c.ID.UUID(), other.ID.UUID())
			w.Vault.Forget(w.acme.ID)
			if got, err := w.Client.Contact.Get(w.acme.Ctx, c.ID); err == nil || !strings.Contains(err.Error(), "does not open") {
				t.Errorf("read %v, %v", got, err)
			}
		})
	}
}

func TestManyRowsAreNotSealedAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.contact(t, w.acme.Ctx, "1", "")
	err := tenancy.Write(w.acme.Ctx, w.Client, func(tx *ent.Tx) error { return tx.Contact.Update().SetMobile("2").Exec(w.acme.Ctx) })
	if err == nil || !strings.Contains(err.Error(), "many rows") {
		t.Errorf("setting: %v", err)
	}
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error { return tx.Contact.Update().SetMobile("").Exec(w.acme.Ctx) })
	if got := w.Client.Contact.GetX(w.acme.Ctx, c.ID); got.Mobile != "" || got.MobileBlind != "" {
		t.Errorf("emptied: %q, %q", got.Mobile, got.MobileBlind)
	}
}

// TestNewKeys: rows are sealed by the new key, what the old one sealed still opens, another process notices, and blind
// columns stay.
func TestNewKeys(t *testing.T) {
	t.Parallel()
	w := open(t)
	elsewhere := w.another(t, vault.Ring{Newest: w.own(t)}, 0)
	client := tenancy.NewClient(tenancy.NewCells(w.Pool))
	elsewhere.Guard(client)
	c := w.contact(t, w.acme.Ctx, "1", "a@b.example")
	if got := client.Contact.GetX(w.acme.Ctx, c.ID).Mobile; got != "1" {
		t.Fatalf("another process reads %q", got)
	}
	blind := w.Client.Contact.GetX(w.acme.Ctx, c.ID).MobileBlind
	before := w.stored(t)
	if err := w.Vault.Rekey(w.acme.Ctx); err != nil {
		t.Fatal(err)
	}
	n, err := w.Vault.SealRows(w.acme.Ctx)
	if err != nil || n != 1 {
		t.Errorf("sealed %d rows, %v; want the contact", n, err)
	}
	if n, err = w.Vault.SealRows(w.acme.Ctx); err != nil || n != 0 {
		t.Errorf("and then %d, %v", n, err)
	}
	now := w.Client.Contact.GetX(w.acme.Ctx, c.ID)
	if now.Mobile != "1" || now.MobileBlind != blind || now.Version != c.Version || w.stored(t) == before {
		t.Errorf("with a new key: %q, %q, version %d", now.Mobile, now.MobileBlind, now.Version)
	}
	if got := client.Contact.GetX(w.acme.Ctx, c.ID).Mobile; got != "1" {
		t.Errorf("another process reads %q", got)
	}
	if got := string(w.Client.AuditEntry.Query().OnlyX(w.acme.Ctx).Changes); !strings.Contains(got, `"a@b.example"`) {
		t.Errorf("the audit trail says %s", got)
	}
}

func TestNewOuterKey(t *testing.T) {
	t.Parallel()
	w := open(t)
	c := w.contact(t, w.acme.Ctx, "1", "")
	read := func(ring vault.Ring) (string, error) {
		client := tenancy.NewClient(tenancy.NewCells(w.Pool))
		w.another(t, ring, 0).Guard(client)
		c, err := client.Contact.Get(w.acme.Ctx, c.ID)
		if err != nil {
			return "", err
		}
		return c.Mobile, nil
	}
	next := outer(t, 7)
	if _, err := read(vault.Ring{Newest: next}); err == nil || !strings.Contains(err.Error(), w.own(t).Name()) || !strings.Contains(err.Error(), "HEYUE_TENANT_KEYS_OLD") {
		t.Errorf("without the old outer key: %v", err)
	}
	both := vault.Ring{Newest: next, Old: []vault.Outer{w.own(t)}}
	if got, err := read(both); err != nil || got != "1" {
		t.Errorf("with both: %q, %v", got, err)
	}
	if err := w.another(t, both, 0).Rewrap(w.acme.Ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := read(vault.Ring{Newest: next}); err != nil || got != "1" {
		t.Errorf("wrapped anew: %q, %v", got, err)
	}
	if _, err := read(vault.Ring{Newest: w.own(t)}); err == nil {
		t.Error("the old outer key still opens")
	}
	w.exec(t, `UPDATE tenant_keys SET tenant_id = $1 WHERE tenant_id = $2`, w.globex.ID, w.acme.ID)
	if _, err := w.another(t, vault.Ring{Newest: next}, 0).In(w.globex.Ctx, w.Pool); err == nil {
		t.Error("the keys of one tenant open for another")
	}
}

// TestRowsFromBefore are sealed by the worker, which may be cut off and goes on.
func TestRowsFromBefore(t *testing.T) {
	t.Parallel()
	const rows = 7
	w := open(t)
	for range rows {
		c := w.contact(t, w.acme.Ctx, "", "")
		w.exec(t, `UPDATE contacts SET mobile = '+86 139 0000 ' || right(id::text, 4), email = 'Geheim@example.com' WHERE id = $1`, c.ID.UUID())
	}
	w.exec(t, `UPDATE users SET phone = 'GEHEIM' WHERE id = $1`, fixture.Caller(t, w.globex.Admin).UserID.UUID())
	if got := w.Client.Contact.Query().FirstX(w.acme.Ctx).Email; got != "Geheim@example.com" {
		t.Errorf("before it reads %q", got)
	}
	v := w.another(t, vault.Ring{Newest: w.own(t)}, 2)
	lock, err := w.super.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.ExecContext(t.Context(), `SELECT FROM contacts ORDER BY id OFFSET 4 LIMIT 1 FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // the row is not given free while it waits
	defer cancel()
	first, err := v.SealAll(short, w.System)
	if err == nil {
		t.Error("a row that somebody holds was sealed")
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	second, err := v.SealAll(t.Context(), w.System)
	if err != nil || first+second != rows+1 || first > 4 {
		t.Errorf("sealed %d, then %d, %v; want %d in all", first, second, err, rows+1)
	}
	if text := w.stored(t); strings.Contains(strings.ToUpper(text), "GEHEIM") || strings.Contains(text, "139 0000") {
		t.Errorf("the database holds %s", text)
	}
	found, err := w.Vault.Blinds(w.acme.Ctx, "contacts", "email", []string{"geheim@EXAMPLE.com"})
	if c := w.Client.Contact.Query().FirstX(w.acme.Ctx); err != nil || c.Email != "Geheim@example.com" || c.EmailBlind != found[0] {
		t.Errorf("after it reads %q and is found by %q, not %q (%v)", c.Email, c.EmailBlind, found[0], err)
	}
	w.settles(t, v)
}

// settles: once no process can hold the key before, a tenant counts as sealed.
func (w world) settles(t *testing.T, v *vault.Vault) {
	t.Helper()
	stale := func() (n int) {
		t.Helper()
		if err := w.super.QueryRowContext(t.Context(), `SELECT count(*) FROM tenant_keys WHERE stale OR scheme <> $1`, vault.Scheme()).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := stale(); got != 2 {
		t.Errorf("%d tenants are still looked at, want both", got)
	}
	w.Clock.Advance(vault.DefaultKeep)
	if n, err := v.SealAll(t.Context(), w.System); err != nil || n != 0 || stale() != 0 {
		t.Errorf("sealed %d, %v, and %d are still looked at", n, err, stale())
	}
}

// TestEverybodyMakesTheSameKeys whoever needs them first.
func TestEverybodyMakesTheSameKeys(t *testing.T) {
	t.Parallel()
	w := open(t)
	vaults := []*vault.Vault{w.Vault, w.another(t, vault.Ring{Newest: w.own(t)}, 0), w.another(t, vault.Ring{Newest: w.own(t)}, 0)}
	var wg sync.WaitGroup
	got := make([]*ent.Contact, 12)
	for i := range got {
		got[i] = &ent.Contact{ID: publicid.NewContactID(), Mobile: "1"}
		wg.Go(func() {
			if err := vaults[i%len(vaults)].SealEntity(w.acme.Ctx, got[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	keys, err := w.Vault.In(w.acme.Ctx, w.Pool)
	if err != nil || len(keys.Numbers()) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	for _, c := range got {
		plain, err := keys.Open("contacts", "mobile", c.ID.UUID(), c.Mobile)
		if err != nil || plain != "1" || c.MobileBlind != got[0].MobileBlind || c.MobileBlind == "" {
			t.Errorf("%q, %q, %v", plain, c.MobileBlind, err)
		}
	}
}

// TestBlindColumnsTellTenantsAndColumnsApart so that equal values of two tenants do not look equal.
func TestBlindColumnsTellTenantsAndColumnsApart(t *testing.T) {
	t.Parallel()
	w := open(t)
	seen := map[string]bool{}
	for _, c := range []*ent.Contact{w.contact(t, w.acme.Ctx, "1", "1"), w.contact(t, w.globex.Ctx, "1", "1")} {
		for _, blind := range []string{c.MobileBlind, c.EmailBlind} {
			if seen[blind] || blind == "" {
				t.Errorf("%q came twice", blind)
			}
			seen[blind] = true
		}
	}
	if _, err := w.Vault.Blinds(w.acme.Ctx, "contacts", "fax", []string{"1"}); err == nil {
		t.Error("a column without a blind one is compared")
	}
}

// TestEverySealedColumnIsOpened: what the catalogue declares is what ent's entities are opened by.
func TestEverySealedColumnIsOpened(t *testing.T) {
	t.Parallel()
	w := open(t)
	keys, err := w.Vault.Make(w.acme.Ctx, w.Pool, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range catalog.Tables() {
		texts := map[string]string{}
		for _, s := range table.Sealed {
			texts[s.Column] = "x"
		}
		changed, err := keys.Row(table, uuid.New(), texts)
		if err != nil || changed != (len(table.Sealed) > 0) {
			t.Errorf("%s: %t, %v", table.Name, changed, err)
		}
		for column, text := range texts {
			if text == "x" || text == "" {
				t.Errorf("%s.%s is %q", table.Name, column, text)
			}
		}
	}
}

func BenchmarkSealAndOpen(b *testing.B) {
	w := fixture.New(b)
	acme := w.Tenant(b, "acme")
	keys, err := w.Vault.Make(acme.Ctx, w.Pool, false)
	if err != nil {
		b.Fatal(err)
	}
	id := uuid.New()
	for b.Loop() {
		text, err := keys.Seal("contacts", "mobile", id, "+86 138 0013 8000")
		if err == nil {
			_, err = keys.Open("contacts", "mobile", id, text)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
