// Package keys is the administration of API keys: a user makes one for a program that acts for them, within a list of
// permissions, from where and until when they say. Signing in with a key is package sessions' business.
package keys

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/apikey"
	"heyue/ent/predicate"
	"heyue/identity"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/tenancy"
)

// Limits of keys.
type Limits struct {
	PerUser int           // keys that are neither over nor revoked
	Life    time.Duration // from now to the end of a key
	Overlap time.Duration // for which an old secret is good after a rotation
}

// DefaultLimits are in force unless the installation says otherwise.
func DefaultLimits() Limits {
	return Limits{PerUser: 20, Life: 366 * 24 * time.Hour, Overlap: 7 * 24 * time.Hour}
}

// Sessions is what keys hang from; sessions.Service does it.
type Sessions interface {
	OpenKey(ctx context.Context, tx *ent.Tx, like publicid.SessionID, user publicid.UserID, until time.Time) (publicid.SessionID, error)
	Prolong(ctx context.Context, tx *ent.Tx, id publicid.SessionID, until time.Time) error
	EndKey(ctx context.Context, tx *ent.Tx, reason string, ids ...publicid.SessionID) error
}

// Service is the use cases of keys, and but for the time of their last use the only writer of them.
type Service struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder
	Sessions Sessions
	Lister   listing.Lister
	Clock    clock.Clock
	Limits   Limits
}

// State is whether a key lets anybody in.
type State string

// States of a key.
const (
	Active  State = "ACTIVE"
	Expired State = "EXPIRED"
	Revoked State = "REVOKED"
)

// Values lists the states for the API.
func (State) Values() []string { return []string{string(Active), string(Expired), string(Revoked)} }

// Secret is a key whose text is told this once.
type Secret struct {
	Key  *ent.APIKey
	Text string
}

// Parts are the key and its text, for an answer; nil is nothing.
func (s *Secret) Parts() (*ent.APIKey, *string) {
	switch {
	case s == nil:
		return nil, nil
	case s.Text == "":
		return s.Key, nil
	}
	return s.Key, &s.Text
}

type (
	// Edge is a key in a page.
	Edge = page.Edge[*ent.APIKey]
	// List is a page of keys.
	List = page.Connection[*ent.APIKey]
)

// State tells whether a key lets anybody in now.
func (s *Service) State(k *ent.APIKey) State {
	switch {
	case k.RevokedAt != nil:
		return Revoked
	case !s.Clock.Now().Before(k.ExpiresAt):
		return Expired
	}
	return Active
}

// List reads a page of the keys within reach, newest first. Needs api_key:read.
func (s *Service) List(ctx context.Context, args page.Args) (*List, error) {
	access, err := s.Policies.Require(ctx, policies.APIKeyRead)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listing.List(ctx, s.Lister, s.source(), listing.Request{Args: args, Tenant: me.TenantID, Scope: reach(access)})
	return list, tenancy.Fault(err, "list API keys")
}

func (s *Service) source() listing.Source[*ent.APIKey] {
	return listing.Source[*ent.APIKey]{
		Noun: "API key",
		Columns: map[listing.Field]listing.Column[*ent.APIKey]{
			"CREATED_AT": {Name: apikey.FieldCreatedAt, Value: func(k *ent.APIKey) any { return k.CreatedAt }},
		},
		ID:      func(k *ent.APIKey) uuid.UUID { return k.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.APIKey, error) {
			return s.Client.APIKey.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.APIKey.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count API keys")
		},
	}
}

// Lookup returns a key within reach; nil when there is none. Needs api_key:read.
func (s *Service) Lookup(ctx context.Context, id publicid.APIKeyID) (*ent.APIKey, error) {
	access, err := s.Policies.Require(ctx, policies.APIKeyRead)
	if err != nil {
		return nil, err
	}
	k, err := s.Client.APIKey.Query().Where(apikey.ID(id), reach(access)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return k, tenancy.Fault(err, "look up an API key")
}

// reach narrows a query to the caller's own keys, or to nothing less than all: a key is its user's and no department's.
func reach(access policies.Access) predicate.APIKey {
	if access.Scope == grant.Tenant {
		return func(*sql.Selector) {}
	}
	return apikey.UserID(access.User())
}

// target is a key at the version that the caller has seen.
type target struct {
	id       publicid.APIKeyID
	expected int
}

// change locks a key, lets edit write it, and records old and new in one transaction. On a version conflict the key as it
// is comes beside the error.
func (s *Service) change(ctx context.Context, match predicate.APIKey, t target, action string,
	edit func(tx *ent.Tx, old *ent.APIKey) (*ent.APIKey, error),
) (now *ent.APIKey, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.APIKey.Query().Where(apikey.ID(t.id), match).ForUpdate().Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("API key", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load an API key")
		}
		if old.Version != t.expected {
			now = old
			return fault.Stale("API key")
		}
		if old.RevokedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the key is revoked").At("id")
		}
		if now, err = edit(tx, old); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: action, Object: "api_key", ID: t.id.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
