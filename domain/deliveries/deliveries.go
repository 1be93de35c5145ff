// Package deliveries makes alerts and events arrive: by mail, by signed calls of programs, by text messages, by robots of
// groups (J3, J6, J9). Orders and events become rows in the transaction of their cause, or after its commit; workers send
// them at least once, in order per subject and channel, again and again for days, and what cannot be sent stays as a dead
// letter with its reason.
//
// Any number of workers may run and any may be killed at any moment: a row is claimed by putting its next try off, and
// only the last try that was begun may say what became of it.
package deliveries

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/listing"
	"heyue/platform/publicid"
	"heyue/platform/secret"
	"heyue/policies"
	"heyue/tenancy"
)

// Alerts shows an alert as a user may see it now; alerts.Inbox does.
type Alerts interface {
	// Show returns an alert of a user's inbox with its obligation, and what the user may do. The alert is nil when it is
	// not theirs, or when they may not read what it is about.
	Show(ctx context.Context, user publicid.UserID, alert publicid.AlertID) (*ent.Alert, *policies.Grants, error)
}

// Preferences says whether a user wants an alert by a channel.
type Preferences interface {
	Wants(ctx context.Context, user publicid.UserID, by channel.Channel, a *ent.Alert) (bool, error)
}

// Reminders keeps due dates, by which administrators are told of an endpoint that was disabled; alerts.Obligations does.
type Reminders interface {
	Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
}

// Service is the use cases of endpoints, templates and the log of deliveries, and takes orders. It and Worker are the
// only writers of their tables.
type Service struct {
	Client    *ent.Client
	Policies  *policies.Engine
	Audit     audit.Recorder
	Reminders Reminders
	Box       secret.Box // what endpoints' credentials are sealed with
	Lister    listing.Lister
	Clock     clock.Clock
	Limits    Limits
	// Committed is called after the commit of a transaction that made something to send; it must not wait. nil for nobody:
	// the worker's poll finds it.
	Committed func()
}

// credentials are what lets somebody talk to an endpoint. They are sealed in its row.
type credentials struct {
	URL      string `json:"url"`
	Secret   string `json:"secret,omitempty"`
	Previous string `json:"previous,omitempty"`
}

// place is what an endpoint's credentials are sealed for.
func place(tenant int64, id publicid.EndpointID) string {
	return fmt.Sprintf("%d endpoints.credentials %s", tenant, id)
}

func seal(box secret.Box, tenant int64, id publicid.EndpointID, c credentials) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, fault.Wrap(err, "write an endpoint's credentials")
	}
	return box.Seal(plain, place(tenant, id)), nil
}

func open(box secret.Box, e *ent.Endpoint) (credentials, error) {
	plain, err := box.Open(e.Credentials, place(e.TenantID, e.ID))
	if err != nil {
		return credentials{}, fault.Wrap(err, "read an endpoint's credentials")
	}
	var c credentials
	return c, fault.Wrap(json.Unmarshal(plain, &c), "read an endpoint's credentials")
}

// secrets are those that are good at an instant, newest first.
func (c credentials) secrets(previousUntil *time.Time, now time.Time) []string {
	var out []string
	if c.Secret != "" {
		out = append(out, c.Secret)
	}
	if c.Previous != "" && previousUntil != nil && now.Before(*previousUntil) {
		out = append(out, c.Previous)
	}
	return out
}

// hurry calls Committed once tx has committed.
func (s *Service) hurry(tx *ent.Tx) {
	if s.Committed == nil {
		return
	}
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Commit(ctx, tx)
			if err == nil {
				s.Committed()
			}
			return err
		})
	})
}

func tenantOf(ctx context.Context) (int64, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return 0, tenancy.ErrNoTenant
	}
	return tenant, nil
}
