package isolation

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/lib/pq"

	"heyue/ent"
	"heyue/policies/share"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
	"heyue/tests/fixture"
)

func withTenant(t *testing.T, id int64) context.Context {
	t.Helper()
	return tenancy.With(t.Context(), id)
}

// rest gives a tenant a row of every table that populate has made none of, so that nothing can be forgotten by an archive
// without being missed: as little as the table wants, taken from its columns. What wants more is made by hand.
func (c custodian) rest(t *testing.T, tn *fixture.Tenant) {
	t.Helper()
	c.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		of, err := tx.Customer.Query().First(tn.Ctx)
		if err != nil {
			return err
		}
		user := fixture.Caller(t, tn.Admin).UserID
		if err := tx.OIDCProvider.Update().SetClientSecret([]byte("sealed")).Exec(tn.Ctx); err != nil {
			return err
		}
		if lent, err := tx.RecordShare.Query().Exist(tn.Ctx); err != nil || lent {
			return err
		}
		return tx.RecordShare.Create().SetCustomerID(of.ID).SetUserID(user).SetLevel(share.Read).SetSharedByID(user).Exec(tn.Ctx)
	})
	there := c.rows(t, tn.ID)
	for pass := range 2 { // what refers to another one that was empty comes second
		for _, table := range catalog.Tables() {
			if there[table.Name] > 0 || !table.Class.Moves() {
				continue
			}
			err := c.least(t, tn.ID, table.Name)
			if err == nil {
				there[table.Name]++
			} else if pass == 1 {
				t.Errorf("populate makes no row of %s, and it wants more than the least: %v", table.Name, err)
			}
		}
	}
}

// wanted are the columns of a table that a row needs, with what PostgreSQL checks of each, and where a foreign key leads.
const wanted = `SELECT a.attname, format_type(a.atttypid, NULL), coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k
		WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]), ''),
	coalesce((SELECT k.confrelid::regclass::text FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey) AND a.attname <> 'tenant_id'
		ORDER BY cardinality(k.conkey) DESC LIMIT 1), ''),
	coalesce((SELECT f.attname FROM pg_constraint k, unnest(k.conkey, k.confkey) AS p(own, theirs) JOIN pg_attribute f ON f.attnum = p.theirs
		WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND p.own = a.attnum AND f.attrelid = k.confrelid AND a.attname <> 'tenant_id' ORDER BY cardinality(k.conkey) DESC LIMIT 1), '')
	FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef ORDER BY a.attnum`

var firstText = regexp.MustCompile(`'([^']*)'`)

// least makes one row.
func (c custodian) least(t *testing.T, tenant int64, table string) error {
	t.Helper()
	rows, err := c.super.QueryContext(t.Context(), wanted, table)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var names, values []string
	for rows.Next() {
		var name, kind, check, other, theirs string
		if err := rows.Scan(&name, &kind, &check, &other, &theirs); err != nil {
			return err
		}
		names = append(names, pq.QuoteIdentifier(name))
		values = append(values, value(tenant, name, kind, check, other, theirs))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	_, err = c.super.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, table, strings.Join(names, ", "), strings.Join(values, ", ")))
	return err
}

func value(tenant int64, name, kind, check, other, theirs string) string {
	if name == "tenant_id" {
		return fmt.Sprint(tenant)
	}
	if other != "" { // always of the same row, so that keys of several columns hold
		return fmt.Sprintf(`(SELECT %s FROM %s WHERE tenant_id = %d ORDER BY id LIMIT 1)`, theirs, other, tenant)
	}
	switch kind {
	case "uuid":
		return "gen_random_uuid()"
	case "bigint", "integer", "numeric":
		return "1"
	case "boolean":
		return "false"
	case "date":
		return "'2026-06-01'"
	case "timestamp with time zone":
		return "'2026-06-01T00:00:00.123456Z'"
	case "jsonb":
		return `'{"a": [1, "ACME-MARK <&>"]}'`
	case "bytea":
		return `'\x0102'`
	}
	if first := firstText.FindStringSubmatch(check); first != nil {
		return pq.QuoteLiteral(first[1])
	}
	return "'X'"
}
