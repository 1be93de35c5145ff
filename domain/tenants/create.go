package tenants

import (
	"context"
	"encoding/json"
	"strings"

	"heyue/audit"
	"heyue/domain/tenants/settings"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/identity/password"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// maxName is how many characters the name of a tenant, or of its administrator, has at most.
const maxName = 100

// Draft is a tenant to be.
type Draft struct {
	Slug     string             // see tenancy.CheckSlug; never changes
	Name     string             // the company, as people write it
	Settings *settings.Settings // nil for the shipped ones
	Admin    Admin
}

// Admin is who may do everything in the new tenant, until others are made.
type Admin struct{ Email, Name, Password string }

// Validate reports everything that is wrong with the draft, with paths such as admin.email and settings.timeZone.
func (d Draft) Validate(p password.Policy) error {
	var c fault.Check
	tenancy.CheckSlug(&c, "slug", d.Slug)
	c.Text("name", d.Name, 1, maxName)
	account.CheckEmail(&c, "admin.email", d.Admin.Email)
	c.Text("admin.name", d.Admin.Name, 1, maxName)
	p.Check(&c, "admin.password", d.Admin.Password, d.Admin.Email, d.Admin.Name, d.Name, d.Slug)
	all := fault.All(c.Err())
	for _, f := range fault.All(d.settings().Validate()) {
		all = append(all, f.At("settings"))
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func (d Draft) settings() settings.Settings {
	if d.Settings == nil {
		return settings.Default()
	}
	return *d.Settings
}

// Create opens a tenant and fills it: roles, dictionaries, templates, a root department and an administrator. It fails with
// INVALID for what Validate finds, and with DUPLICATE at slug.
//
// The directory and the tenant may live in different databases, so this takes four steps, each of which may be done
// again: reserve the slug; insert the tenant's row, suspended; fill it and make it active, in one transaction; mark it
// active in the directory. After a crash between them the tenant has no user or is suspended, so nobody can log in;
// Create with the same draft goes on from where it was. Of two with different ones at the same time one wins.
func (s *Service) Create(ctx context.Context, d Draft) (*ent.Tenant, error) {
	if err := d.Validate(s.PasswordPolicy); err != nil {
		return nil, err
	}
	hash, err := s.Passwords.Hash(ctx, d.Admin.Password) // outside of the transaction: it takes its time
	if err != nil {
		return nil, err
	}
	listed, err := s.reserve(ctx, d.Slug)
	if err != nil {
		return nil, err
	}
	if err := s.insert(ctx, listed); err != nil {
		return nil, err
	}
	made, err := s.ready(tenancy.With(ctx, listed.TenantID), listed, d, hash)
	if err != nil {
		return nil, err
	}
	_, err = s.Directory.SetStanding(ctx, d.Slug, standing.Active)
	return made, err
}

// reserve finds the place of an unfinished tenant, or makes one. Whether a tenant that is found is finished shows only
// in its own rows.
func (s *Service) reserve(ctx context.Context, slug string) (tenancy.Listing, error) {
	listed, err := s.Directory.Find(ctx, slug)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		if listed, err = s.Directory.Create(ctx, slug); fault.KindOf(err) == fault.Conflict && err != nil {
			// Another Create was faster, and the tenant's lock tells who wins; or the slug is an erased tenant's.
			if listed, err = s.Directory.Find(ctx, slug); fault.KindOf(err) == fault.NotFound && err != nil {
				return listed, tenancy.SlugTaken(slug)
			}
		}
	}
	return listed, err
}

// insert makes the tenant's row unless it is there. It is written by hand because the system's role may insert into
// tenants and nothing else, not even read them. ON CONFLICT without a target asks for no right to read.
func (s *Service) insert(ctx context.Context, l tenancy.Listing) error {
	stored, err := json.Marshal(settings.Default())
	if err != nil {
		return fault.Wrap(err, "write the shipped settings")
	}
	_, err = s.System.ExecContext(ctx, `INSERT INTO tenants (id, created_at, updated_at, slug, name, standing, settings)
VALUES ($1, $2, $2, $3, $3, $4, $5) ON CONFLICT DO NOTHING`, l.TenantID, s.Clock.Now(), l.Slug, standing.Suspended, string(stored))
	return tenancy.Fault(err, "insert a tenant")
}

// ready fills a tenant that has nobody in it yet.
func (s *Service) ready(ctx context.Context, l tenancy.Listing, d Draft, hash string) (made *ent.Tenant, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		row, err := tenancy.Lock(ctx, tx)
		if err != nil {
			return err
		}
		done, err := s.finished(ctx, tx, l, row, d)
		if err != nil || done {
			made = row
			return err
		}
		if err := s.fill(ctx, tx, d, hash); err != nil {
			return err
		}
		// The seeds have raised the permissions' version, so the row is written, and read, after them.
		err = tx.Tenant.Update().SetName(strings.TrimSpace(d.Name)).SetSettings(d.settings()).SetStanding(standing.Active).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "open a tenant")
		}
		if made, err = tx.Tenant.Query().Only(ctx); err != nil {
			return tenancy.Fault(err, "read a new tenant")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: object, ID: objectID(l.TenantID), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// finished tells a tenant that only the directory does not know to be ready, which Create then says, from one that is
// somebody's: DUPLICATE. An interrupted Create is known by its administrator's address and password.
func (s *Service) finished(ctx context.Context, tx *ent.Tx, l tenancy.Listing, row *ent.Tenant, d Draft) (bool, error) {
	n, err := tx.User.Query().Count(ctx)
	if err != nil {
		return false, tenancy.Fault(err, "look for users")
	}
	if n == 0 {
		return false, nil
	}
	if row.Standing != standing.Active || l.Standing == standing.Active {
		return false, tenancy.SlugTaken(d.Slug)
	}
	admin, err := tx.User.Query().Where(user.Email(account.NormalEmail(d.Admin.Email)), user.PasswordHashNEQ("")).Only(ctx)
	if ent.IsNotFound(err) {
		return false, tenancy.SlugTaken(d.Slug)
	}
	if err != nil {
		return false, tenancy.Fault(err, "look for the administrator")
	}
	ours, err := s.Passwords.Verify(ctx, admin.PasswordHash, d.Admin.Password)
	if err != nil {
		return false, err
	}
	if !ours {
		return false, tenancy.SlugTaken(d.Slug)
	}
	return true, nil
}

func (s *Service) fill(ctx context.Context, tx *ent.Tx, d Draft, hash string) error {
	locale := d.settings().Locale
	roles, err := policies.SeedRoles(ctx, tx, locale)
	if err != nil {
		return err
	}
	if err := s.Seeds.Dictionaries(ctx, tx); err != nil {
		return err
	}
	if err := s.Seeds.Templates(ctx, tx, locale); err != nil {
		return err
	}
	root, err := s.Seeds.Root(ctx, tx, d.Name)
	if err != nil {
		return err
	}
	return s.Seeds.Admin(ctx, tx, FirstUser{
		Email: d.Admin.Email, Name: d.Admin.Name, Locale: locale, PasswordHash: hash,
		Department: root, Role: roles[policies.Admin],
	})
}
