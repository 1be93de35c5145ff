package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"heyue/domain/tenants/standing"
	"heyue/platform/clock"
	"heyue/platform/fault"
)

// MaxSlug is how many characters a tenant's slug has at most: those of a DNS label, so that it can be a host name.
const MaxSlug = 63

// DefaultCell is the cell of an installation that has one.
const DefaultCell = "main"

// Listing is a tenant as the directory knows it: how to reach it, and nothing of what is in it.
type Listing struct {
	TenantID  int64
	Slug      string
	Cell      string            // which database the tenant lives in
	Standing  standing.Standing // a hint for routing; the tenant's own row decides, in the statement that reads a session
	Epoch     int64             // goes up when the tenant moves to another cell
	CreatedAt time.Time
}

// Directory is the list of all tenants. It serves sign-in, which knows a slug and needs a number, and those who run the
// installation; a request that carries a token never asks it, and its pool refuses a context that has a tenant. Hence it keeps no cache: one indexed lookup beside a
// password hash is not worth an answer that may be old.
type Directory struct {
	System *sql.DB // of OpenSystem: the app's role cannot read the directory
	Clock  clock.Clock
}

const listing = `tenant_id, slug, cell, standing, epoch, created_at`

// Find returns the tenant called slug. It fails with NOT_FOUND at slug when there is none, and with UNAVAILABLE.
func (d Directory) Find(ctx context.Context, slug string) (Listing, error) {
	return d.one(ctx, `SELECT `+listing+` FROM tenant_directory WHERE slug = $1 AND erased_at IS NULL`, slug)
}

// List returns all tenants, by slug. One that was erased is not among them; its slug and its number stay taken.
func (d Directory) List(ctx context.Context) ([]Listing, error) {
	rows, err := d.System.QueryContext(ctx, `SELECT `+listing+` FROM tenant_directory WHERE erased_at IS NULL ORDER BY slug`)
	if err != nil {
		return nil, Fault(err, "list tenants")
	}
	defer func() { _ = rows.Close() }() // Err has told
	var all []Listing
	for rows.Next() {
		l, err := scanListing(rows)
		if err != nil {
			return nil, Fault(err, "read a tenant of the list")
		}
		all = append(all, l)
	}
	return all, Fault(rows.Err(), "list tenants")
}

// Each calls do for every tenant, in its context, and returns the sum of what do returned, up to the first error.
func (d Directory) Each(ctx context.Context, do func(ctx context.Context, tenant int64) (int, error)) (total int, err error) {
	all, err := d.List(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		n, err := do(With(ctx, l.TenantID), l.TenantID)
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

// Create reserves slug and gives the new tenant its number, suspended: whoever fills it says when it is ready. It
// fails with all faults of CheckSlug, and with DUPLICATE at slug.
func (d Directory) Create(ctx context.Context, slug string) (Listing, error) {
	var c fault.Check
	CheckSlug(&c, "slug", slug)
	if err := c.Err(); err != nil {
		return Listing{}, err
	}
	l, err := d.one(ctx, `INSERT INTO tenant_directory (slug, cell, standing, created_at) VALUES ($1, $2, $3, $4) RETURNING `+listing,
		slug, DefaultCell, standing.Suspended, d.Clock.Now())
	if _, taken := UniqueViolation(err); taken {
		return Listing{}, SlugTaken(slug)
	}
	return l, err
}

// SetStanding notes how a tenant stands. It fails with NOT_FOUND at slug.
func (d Directory) SetStanding(ctx context.Context, slug string, s standing.Standing) (Listing, error) {
	return d.one(ctx, `UPDATE tenant_directory SET standing = $2 WHERE slug = $1 AND erased_at IS NULL RETURNING `+listing, slug, s)
}

func (d Directory) one(ctx context.Context, query string, args ...any) (Listing, error) {
	l, err := scanListing(d.System.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Listing{}, fault.NoSuch("tenant", "slug")
	}
	return l, Fault(err, "look up a tenant")
}

func scanListing(row interface{ Scan(...any) error }) (Listing, error) {
	var l Listing
	err := row.Scan(&l.TenantID, &l.Slug, &l.Cell, &l.Standing, &l.Epoch, &l.CreatedAt)
	l.CreatedAt = l.CreatedAt.UTC()
	return l, err
}

// SlugTaken is the answer to a second tenant of the same slug.
func SlugTaken(slug string) error {
	f := fault.New(fault.Conflict, fault.Duplicate, "the slug %s is taken", slug)
	f.Field = []string{"slug"}
	return f
}

// reserved slugs would read as parts of the product where a slug stands in an address.
func reserved() []string {
	return []string{
		"admin", "api", "app", "graphql", "help", "heyue", "login", "root", "static", "status", "support", "system", "www",
	}
}

// CheckSlug adds to c what is wrong with a new tenant's slug: 2 to MaxSlug small letters, digits and hyphens, a letter
// or digit at either end, no two hyphens where internationalised names have them (RFC 5891 section 4.2.3.1), and no
// word that addresses of the product use.
func CheckSlug(c *fault.Check, field, slug string) {
	switch {
	case slug == "":
		c.Add(fault.Required, field, "a slug is required")
	case len(slug) > MaxSlug:
		c.Add(fault.TooLong, field, "a slug has at most %d characters, this one %d", MaxSlug, len(slug))
	case strings.ContainsFunc(slug, notOfSlug):
		c.Add(fault.Malformed, field, "a slug consists of small letters a to z, digits and hyphens")
	case strings.HasPrefix(slug, "-") || strings.HasSuffix(slug, "-"):
		c.Add(fault.Malformed, field, "a slug begins and ends with a letter or digit")
	case len(slug) < 2:
		c.Add(fault.TooShort, field, "a slug needs at least 2 characters")
	case len(slug) > 3 && slug[2:4] == "--":
		c.Add(fault.Malformed, field, "the third and fourth characters of a slug are not both hyphens")
	case slices.Contains(reserved(), slug):
		c.Add(fault.NotAllowed, field, "%s is a word of the product; choose another slug", slug)
	}
}

func notOfSlug(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
