// Package providers is the administration of sign-in providers: which a tenant trusts, and which of its users each of
// their subjects is. Signing in with one is package oidc's business.
package providers

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/externalidentity"
	"heyue/ent/oidcprovider"
	"heyue/ent/user"
	"heyue/identity"
	"heyue/identity/oidc"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/policies"
	"heyue/tenancy"
)

// DefaultLimit is how many providers a tenant may have (HEYUE_OIDC_PROVIDERS).
const DefaultLimit = 10

// ReasonUnbound is why the sessions of somebody end who has lost an identity.
const ReasonUnbound = "IDENTITY_UNBOUND"

// Sessions ends the sign-ins of a user; sessions.Service does.
type Sessions interface {
	RevokeAll(ctx context.Context, tx *ent.Tx, user publicid.UserID, reason string) error
}

// Service is the use cases of providers and their identities. It is the only writer of providers.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Sessions Sessions
	Box      secret.Box // what clients' secrets are sealed with, for oidc.Place
	Loopback bool       // issuers may be http://127.0.0.1, for tests and a developer's machine
	Limit    int
}

// List returns the tenant's providers by name. Everybody who is signed in may see them.
func (s *Service) List(ctx context.Context) ([]*ent.OIDCProvider, error) {
	if _, err := identity.From(ctx); err != nil {
		return nil, err
	}
	rows, err := s.Client.OIDCProvider.Query().Order(ent.Asc(oidcprovider.FieldName, oidcprovider.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "read the sign-in providers")
}

// Create registers a provider. Needs tenant:update. Faults: those of Draft.Validate; DUPLICATE at issuer; LIMIT_REACHED.
func (s *Service) Create(ctx context.Context, d Draft) (made *ent.OIDCProvider, err error) {
	if _, err := s.Policies.Require(ctx, policies.TenantUpdate); err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.validate(s.Loopback); err != nil {
		return nil, err
	}
	id := publicid.NewOIDCProviderID()
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		n, err := tx.OIDCProvider.Query().Count(ctx)
		if err != nil {
			return tenancy.Fault(err, "count sign-in providers")
		}
		if n >= s.Limit {
			return fault.New(fault.Invalid, fault.LimitReached, "there are %d providers, as many as there may be", n)
		}
		taken, err := tx.OIDCProvider.Query().Where(oidcprovider.Issuer(d.Issuer)).Exist(ctx)
		if err != nil {
			return tenancy.Fault(err, "look for a provider")
		}
		if taken {
			return fault.New(fault.Invalid, fault.Duplicate, "there is a provider with this issuer").At("issuer")
		}
		create := tx.OIDCProvider.Create().SetID(id).SetName(given.Trimmed(&d.Name)).SetIssuer(d.Issuer).SetClientID(d.ClientID).SetDomains(domains(d.Domains))
		given.Set(s.sealed(me.TenantID, id, d.ClientSecret), func(b []byte) { create.SetClientSecret(b) })
		if made, err = create.Save(ctx); err != nil {
			return tenancy.Fault(err, "register a provider")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "oidc_provider", ID: id.UUID(), After: made})
	})
	return made, err
}

// Update changes a provider. Needs tenant:update. Faults: those of Change.Validate; NOT_FOUND; VERSION_CONFLICT, then the
// provider as it is comes beside the error.
func (s *Service) Update(ctx context.Context, ch Change) (now *ent.OIDCProvider, err error) {
	if _, err := s.Policies.Require(ctx, policies.TenantUpdate); err != nil {
		return nil, err
	}
	if err := ch.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.OIDCProvider.Query().Where(oidcprovider.ID(ch.ID)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("sign-in provider", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load a provider")
		}
		if old.Version != ch.ExpectedVersion {
			now = old
			return fault.Stale("sign-in provider")
		}
		update := tx.OIDCProvider.UpdateOne(old).AddVersion(1)
		given.Text(ch.Name, func(v string) { update.SetName(v) })
		given.Set(ch.ClientID, func(v string) { update.SetClientID(v) })
		given.Set(ch.Enabled, func(v bool) { update.SetEnabled(v) })
		if ch.ClientSecret != nil {
			if sealed := s.sealed(old.TenantID, old.ID, ch.ClientSecret); sealed != nil {
				update.SetClientSecret(*sealed)
			} else {
				update.ClearClientSecret()
			}
		}
		if ch.Domains != nil {
			update.SetDomains(domains(ch.Domains))
		}
		row, err := update.Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "change a provider")
		}
		now = row
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "update", Object: "oidc_provider", ID: old.ID.UUID(), Before: old, After: row})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// Of returns the identities of a user, oldest first: the caller's own with nil, else those of a user whom the caller's
// user:update reaches; of another, none.
func (s *Service) Of(ctx context.Context, id *publicid.UserID) ([]*ent.ExternalIdentity, error) {
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	query := s.Client.ExternalIdentity.Query().WithProvider().Order(ent.Asc(externalidentity.FieldCreatedAt, externalidentity.FieldID))
	if id == nil || *id == me.UserID {
		rows, err := query.Where(externalidentity.UserID(me.UserID)).All(ctx)
		return rows, tenancy.Fault(err, "read identities")
	}
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	rows, err := query.Where(externalidentity.HasUserWith(user.ID(*id), access.On(user.FieldID, user.FieldDepartmentID))).All(ctx)
	return rows, tenancy.Fault(err, "read identities")
}

// Bind lets whoever a provider calls by a subject sign in as a user. Needs user:update reaching them, and everything that
// they may do: whoever holds the identity can do it too (A3). Faults: those of Binding.Validate; NOT_FOUND at userId or
// oidcProviderId; NOT_ALLOWED; DUPLICATE at subject.
func (s *Service) Bind(ctx context.Context, b Binding) (made *ent.ExternalIdentity, err error) {
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil {
		return nil, err
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		u, err := tx.User.Query().Where(user.ID(b.UserID), access.On(user.FieldID, user.FieldDepartmentID)).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("user", "userId")
		}
		if err != nil {
			return tenancy.Fault(err, "load a user")
		}
		if err := s.commands(ctx, access, u); err != nil {
			return err
		}
		provider, err := tx.OIDCProvider.Query().Where(oidcprovider.ID(b.OidcProviderID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("sign-in provider", "oidcProviderId")
		}
		if err != nil {
			return tenancy.Fault(err, "load a provider")
		}
		made, err = tx.ExternalIdentity.Create().SetUserID(b.UserID).SetProviderID(provider.ID).SetSubject(b.Subject).Save(ctx)
		if _, taken := tenancy.UniqueViolation(err); taken {
			return fault.New(fault.Invalid, fault.Duplicate, "the identity is bound already").At("subject")
		}
		if err != nil {
			return tenancy.Fault(err, "bind an identity")
		}
		made.Edges.Provider = provider
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "bind_identity", Object: "user", ID: u.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// Unbind takes an identity from its user. Everybody may give their own up; another's needs user:update reaching the user,
// whose sessions end. Faults: FORBIDDEN for an API key; NOT_FOUND.
func (s *Service) Unbind(ctx context.Context, id publicid.ExternalIdentityID) error {
	me, err := identity.Person(ctx)
	if err != nil {
		return err
	}
	access, err := s.Policies.Require(ctx, policies.UserUpdate)
	if err != nil && fault.KindOf(err) != fault.Denied {
		return err
	}
	return tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		row, err := tx.ExternalIdentity.Query().Where(externalidentity.ID(id)).WithUser().ForUpdate().Only(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return tenancy.Fault(err, "load an identity")
		}
		own := err == nil && row.UserID == me.UserID
		if err != nil || !own && (access.Scope == "" || !access.Covers(&row.UserID, row.Edges.User.DepartmentID)) {
			return fault.NoSuch("identity", "id")
		}
		if err := tx.ExternalIdentity.DeleteOne(row).Exec(ctx); err != nil {
			return tenancy.Fault(err, "unbind an identity")
		}
		row.Edges = ent.ExternalIdentityEdges{}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "unbind_identity", Object: "user", ID: row.UserID.UUID(), Before: row}); err != nil || own {
			return err
		}
		return s.Sessions.RevokeAll(ctx, tx, row.UserID, ReasonUnbound)
	})
}

// commands wants the caller to hold all that the user may do, seen from the user's department.
func (s *Service) commands(ctx context.Context, access policies.Access, u *ent.User) error {
	holds, err := s.Policies.Of(ctx, u.ID)
	if err != nil {
		return err
	}
	if lacking := access.Grants().Lacking(holds.Scopes(), u.DepartmentID); len(lacking) > 0 {
		return fault.New(fault.Invalid, fault.NotAllowed,
			"the user may %s, which you do not hold as widely; somebody who does must do this", lacking[0]).At("userId")
	}
	return nil
}

// sealed encrypts a client's secret; nil for none.
func (s *Service) sealed(tenant int64, id publicid.OIDCProviderID, text *string) *[]byte {
	if text == nil || *text == "" {
		return nil
	}
	b := s.Box.Seal([]byte(*text), oidc.Place(tenant, id))
	return &b
}
