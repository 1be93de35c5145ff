package app

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"heyue/tenancy"
	"heyue/tenancy/archive"
)

// Custodian takes tenants out, brings them in and erases them, and changes their keys: what whoever runs the installation
// answers for.
type Custodian struct {
	*Services
	archive archive.Archive
}

// Custodian needs the address of the tables' owner.
func (r *Resources) Custodian(ctx context.Context) (*Custodian, error) {
	s, err := r.Operate(ctx)
	if err != nil {
		return nil, err
	}
	a, err := r.Archive(ctx)
	return &Custodian{s, a}, err
}

// Moved is what an export or import came to.
type Moved struct{ Tables, Rows int }

func moved(m archive.Manifest) (out Moved) {
	out.Tables = len(m.Tables)
	for _, p := range m.Tables {
		out.Rows += p.Rows
	}
	return out
}

// Export writes a tenant to a new file, which appears when it is whole; only its owner may read it. The tenant's audit
// trail says that it was taken out. Faults: those of archive.Export.
func (c *Custodian) Export(ctx context.Context, slug, path string) (out Moved, err error) {
	if _, err := os.Lstat(path); err == nil {
		return out, fmt.Errorf("%s is there already; name a new file", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return out, err
	}
	defer func() {
		if gone := os.Remove(file.Name()); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	m, err := c.archive.Export(ctx, slug, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return out, err
	}
	if err := c.Tenants.Note(ctx, slug, "export"); err != nil { // before the file is anybody's
		return out, err
	}
	return moved(m), os.Link(file.Name(), path)
}

// Import makes a new tenant of an archive. Name is "" for the one in the archive. Faults: those of archive.Import.
func (c *Custodian) Import(ctx context.Context, path, slug, name string) (out Moved, err error) {
	file, err := os.Open(path)
	if err != nil {
		return out, err
	}
	defer func() { _ = file.Close() }() // it was read
	info, err := file.Stat()
	if err != nil {
		return out, err
	}
	m, err := c.archive.Import(ctx, file, info.Size(), archive.Target{Slug: slug, Name: name})
	if err != nil {
		return out, err
	}
	return moved(m), c.Tenants.Note(ctx, slug, "import")
}

// Erase deletes a suspended tenant for good and returns the certificate. Faults: those of archive.Erase.
func (c *Custodian) Erase(ctx context.Context, slug, confirm, by string) (certificate string, err error) {
	return c.archive.Erase(ctx, slug, confirm, by)
}

// Certificate returns that of an erased tenant. Faults: those of archive.Certificate.
func (c *Custodian) Certificate(ctx context.Context, slug string) (string, error) {
	return c.archive.Certificate(ctx, slug)
}

// CheckCertificate fails when a certificate was changed or is not of this installation. Faults: those of archive.Check.
func (c *Custodian) CheckCertificate(text []byte) (slug string, err error) {
	found, err := archive.Check(text, c.archive.Signer.Public().(ed25519.PublicKey))
	return found.Slug, err
}

// Rekey gives tenants new keys and seals their rows by them; none are all tenants. With wrapping it wraps the keys that
// there are under the newest outer key, and touches no row. It tells each tenant as it is done, with the rows that it wrote.
func (s *Services) Rekey(ctx context.Context, slugs []string, wrapping bool, done func(slug string, rows int)) error {
	if len(slugs) == 0 {
		all, err := s.directory.List(ctx)
		if err != nil {
			return err
		}
		for _, t := range all {
			slugs = append(slugs, t.Slug)
		}
	}
	for _, slug := range slugs {
		listed, err := s.directory.Find(ctx, slug)
		if err != nil {
			return err
		}
		rows, err := s.rekey(tenancy.With(ctx, listed.TenantID), wrapping)
		if err == nil {
			err = s.Tenants.Note(ctx, slug, map[bool]string{false: "rekey", true: "rewrap"}[wrapping])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", slug, err)
		}
		done(slug, rows)
	}
	return nil
}

func (s *Services) rekey(ctx context.Context, wrapping bool) (rows int, err error) {
	if wrapping {
		return 0, s.vault.Rewrap(ctx)
	}
	if err := s.vault.Rekey(ctx); err != nil {
		return 0, err
	}
	return s.vault.SealRows(ctx)
}
