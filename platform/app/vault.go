package app

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"

	_ "github.com/lib/pq" // the owner's connection is a plain one

	"heyue/migrations"
	"heyue/platform/secret"
	"heyue/tenancy"
	"heyue/tenancy/archive"
	"heyue/tenancy/vault"
)

// keyConns are the connections on which keys of tenants are read, apart from those of requests: whoever holds one of those
// may wait for a key.
const keyConns = 2

// Vault is what seals and opens the texts of tenants. It connects when the first key is needed.
func (r *Resources) Vault(ctx context.Context) (*vault.Vault, error) {
	if r.vault != nil {
		return r.vault, nil
	}
	ring, err := r.ring(ctx)
	if err != nil {
		return nil, err
	}
	a, err := r.Addresses(ctx)
	if err != nil {
		return nil, err
	}
	o := r.poolOptions(a.App, keyConns)
	if o.Scope, err = tenancy.ParseScope(r.cfg.Database.TenantScope); err != nil {
		return nil, err
	}
	db, err := tenancy.Open(o)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	r.onClose(db.Close)
	c := r.cfg.Data
	r.vault, err = vault.New(vault.Options{DB: db, Ring: ring, Clock: r.clock, Cache: c.TenantKeyCache, Keep: c.TenantKeyKeep, Batch: c.SealBatch})
	return r.vault, err
}

// ring is the outer keys of the settings. Without HEYUE_TENANT_KEY the one of HEYUE_SECRET_KEY wraps; with it, that one
// still unwraps, so that a key of its own can be given to an installation at any time.
func (r *Resources) ring(ctx context.Context) (vault.Ring, error) {
	master, err := r.Secret(ctx)
	if err != nil {
		return vault.Ring{}, err
	}
	derived, err := vault.NewLocal(master.Derive(secret.TenantKeys, secret.Size))
	if err != nil {
		return vault.Ring{}, err
	}
	ring := vault.Ring{Newest: derived}
	if text := r.cfg.Data.TenantKey.Reveal(); text != "" {
		if ring.Newest, err = outer(text); err != nil {
			return vault.Ring{}, err
		}
		ring.Old = append(ring.Old, derived)
	}
	for _, text := range r.cfg.Data.TenantKeysOld.Reveal() {
		old, err := outer(text)
		if err != nil {
			return vault.Ring{}, err
		}
		ring.Old = append(ring.Old, old)
	}
	return ring, nil
}

func outer(text string) (vault.Local, error) {
	m, err := secret.Parse(text)
	if err != nil {
		return vault.Local{}, err
	}
	return vault.NewLocal(m.Derive(secret.TenantKeys, secret.Size))
}

// signer is the key that certificates are signed with.
func (r *Resources) signer(ctx context.Context) (ed25519.PrivateKey, error) {
	master, err := r.Secret(ctx)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(master.Derive(secret.Certificates, ed25519.SeedSize)), nil
}

// Archive is what takes tenants out, brings them in and erases them. It needs the address of the tables' owner.
func (r *Resources) Archive(ctx context.Context) (archive.Archive, error) {
	a := archive.Archive{Clock: r.clock}
	dsn, err := r.Owner(ctx)
	if err != nil {
		return a, err
	}
	if a.Schema, err = migrations.Latest(); err != nil {
		return a, err
	}
	if a.Vault, err = r.Vault(ctx); err != nil {
		return a, err
	}
	if a.Signer, err = r.signer(ctx); err != nil {
		return a, err
	}
	if a.Owner, err = sql.Open("postgres", dsn); err != nil {
		return a, fmt.Errorf("DATABASE_OWNER_URL: %w", err)
	}
	r.onClose(a.Owner.Close)
	return a, nil
}
