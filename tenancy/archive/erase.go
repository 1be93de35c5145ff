package archive

import (
	"context"
	"database/sql"
	"io"
	"slices"
	"time"

	"heyue/platform/fault"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
)

// Erase deletes every row of a suspended tenant, the append-only ones and its keys too, in one transaction, and returns the
// certificate as JSON, which the directory keeps beside the number and the slug: neither is given away again. With the keys
// go the sealed texts in every backup. Erasing an erased tenant returns the certificate of then. Confirm must be the slug
// again; by is who answers for it. NOT_FOUND at slug, NOT_ALLOWED at confirm, REQUIRED at by, WRONG_STATE at slug for a tenant
// that is not suspended.
func (a Archive) Erase(ctx context.Context, slug, confirm, by string) (certificate string, err error) {
	var c fault.Check
	c.That(confirm == slug, fault.NotAllowed, "confirm", "to erase %.63s type %.63s again, not %.63q", slug, slug, confirm)
	c.Text("by", by, 1, 200)
	if err := c.Err(); err != nil {
		return "", err
	}
	var id int64
	err = a.in(ctx, nil, func(tx *sql.Tx) error {
		// Whoever comes second waits here, and then finds the certificate.
		if _, err := tx.ExecContext(ctx, `SELECT 1 FROM tenant_directory WHERE slug = $1 FOR UPDATE`, slug); err != nil {
			return fault.Wrap(err, "lock the tenant")
		}
		e, err := find(ctx, tx, slug)
		if err != nil {
			return err
		}
		if id = e.id; e.certificate.Valid {
			certificate = e.certificate.String
			return nil
		}
		certificate, err = a.erase(ctx, tx, e, by)
		return err
	})
	if err == nil {
		a.Vault.Forget(id)
	}
	return certificate, err
}

func (a Archive) erase(ctx context.Context, tx *sql.Tx, e entry, by string) (string, error) {
	ctx, err := as(ctx, tx, e.id)
	if err != nil {
		return "", err
	}
	if err := suspended(ctx, tx, e.slug); err != nil {
		return "", err
	}
	c := Certificate{Slug: e.slug, Number: e.id, ErasedAt: a.Clock.Now().UTC().Truncate(time.Microsecond), By: by, Schema: a.Schema}
	if c.Audit, err = head(ctx, tx); err != nil {
		return "", err
	}
	if err := a.count(ctx, tx, &c); err != nil {
		return "", err
	}
	if err := remove(ctx, tx, &c); err != nil {
		return "", err
	}
	text, err := c.sign(a.Signer)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `UPDATE tenant_directory SET standing = 'SUSPENDED', erased_at = $2, certificate = $3 WHERE tenant_id = $1`, e.id, c.ErasedAt, text)
	return text, fault.Wrap(err, "note the erasure")
}

func suspended(ctx context.Context, tx *sql.Tx, slug string) error {
	var standing string
	if err := tx.QueryRowContext(ctx, `SELECT standing FROM tenants FOR UPDATE`).Scan(&standing); err != nil {
		return tenancy.Fault(err, "look at the tenant")
	}
	if standing != "SUSPENDED" {
		f := fault.New(fault.State, fault.WrongState, "the tenant %s is in use; suspend it first", slug)
		f.Field = []string{"slug"}
		return f
	}
	return nil
}

// count notes what there is of every table and the hash of it: for what an archive holds, that of its part, so that the two
// can be compared.
func (a Archive) count(ctx context.Context, tx *sql.Tx, c *Certificate) error {
	keys, err := a.Vault.In(ctx, tx)
	if err != nil {
		return fault.Wrap(err, "read the tenant's keys")
	}
	if keys != nil {
		c.Keys = keys.Numbers()
	}
	for _, t := range slices.Concat(groups()...) {
		if !t.Class.Moves() {
			t.Sealed, t.Bound = nil, nil // as they stand
		}
		part, err := copyRows(ctx, tx, keys, t, io.Discard)
		if err != nil {
			return err
		}
		c.Tables = append(c.Tables, part)
	}
	return nil
}

// remove deletes what was counted, and fails when that was something else.
func remove(ctx context.Context, tx *sql.Tx, c *Certificate) error {
	order := groups()
	slices.Reverse(order)
	for _, group := range order {
		gone, err := each(ctx, tx, group, func(t catalog.Table) string {
			return "DELETE FROM " + quoted(t.Name) // row security lets it reach the tenant's rows only
		})
		if err != nil {
			return err
		}
		for i := range c.Tables {
			if n, ok := gone[c.Tables[i].Table]; ok && n != c.Tables[i].Rows {
				return fault.New(fault.State, fault.WrongState, "%s was still written to; try again", c.Tables[i].Table)
			}
		}
	}
	return nil
}
