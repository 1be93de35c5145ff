package app

import (
	"context"
	"net/http"

	"heyue/audit"
	"heyue/domain/alerts"
	"heyue/domain/approvals"
	"heyue/domain/audits"
	"heyue/domain/changes"
	"heyue/domain/contacts"
	"heyue/domain/contracts"
	"heyue/domain/customers"
	"heyue/domain/decisions"
	"heyue/domain/deliveries"
	"heyue/domain/dictionaries"
	"heyue/domain/drafting"
	"heyue/domain/fields"
	"heyue/domain/imports"
	"heyue/domain/incidents"
	"heyue/domain/keys"
	"heyue/domain/progress"
	"heyue/domain/providers"
	"heyue/domain/reports"
	"heyue/domain/service"
	"heyue/domain/settlement"
	"heyue/domain/sharing"
	"heyue/domain/staff"
	"heyue/domain/templates"
	"heyue/domain/tenants"
	"heyue/idempotency"
	"heyue/identity/factor"
	"heyue/identity/letters"
	"heyue/identity/oidc"
	"heyue/identity/recovery"
	"heyue/identity/sessions"
	"heyue/identity/throttle"
	"heyue/outbox"
	"heyue/policies"
)

// Roles say what a process does. Short commands have neither.
type Roles struct {
	API    bool // answers callers
	Worker bool // numbers events, raises alerts and cleans up
}

// Services are the use cases of the product, joined to each other and to the resources of this process.
type Services struct {
	*foundation
	Customers    *customers.Service
	Contacts     *contacts.Service
	Service      *service.Service
	Contracts    *contracts.Service
	Templates    *templates.Service
	Drafting     *drafting.Service
	Settlement   *settlement.Service
	Incidents    *incidents.Service
	Progress     *progress.Service
	Reports      *reports.Service
	Fields       *fields.Service
	Dictionaries *dictionaries.Service
	Roles        *policies.Administration
	Departments  *staff.Departments
	Users        *staff.Users
	Audits       *audits.Service
	Shares       *sharing.Service
	Decisions    *decisions.Service
	Journal      *decisions.Journal
	Sessions     *sessions.Service
	Recovery     *recovery.Service
	Tenants      *tenants.Service
	Approvals    *approvals.Service
	Changes      *changes.Service
	Inbox        *alerts.Inbox
	Deliveries   *deliveries.Service
	AlertEvents  *alerts.Stream
	APIKeys      *keys.Service
	Factors      *factor.Service
	Providers    *providers.Service
	OIDC         *oidc.Service
	Keys         *idempotency.Store

	watcher     *sessions.Watcher
	uses        *sessions.Uses
	attempts    *throttle.Throttle
	letters     *letters.Letters
	outbox      outbox.Writer
	doorbell    *outbox.Doorbell
	hub         *outbox.Hub
	relay       *outbox.Relay
	obligations alerts.Obligations
	scanner     *alerts.Scanner
	waker       *alerts.Waker
	deliverer   *deliveries.Worker
	calls       *http.Client // of endpoints
	calendar    *contracts.Calendar
	escalator   *approvals.Escalator
	sealer      *audit.Sealer
	ocds        imports.OCDS
}

// Services opens what is needed and puts it together. Whoever asked closes the Resources at the end.
func (r *Resources) Services(ctx context.Context, roles Roles) (*Services, error) {
	f, err := r.foundation(ctx)
	if err != nil {
		return nil, err
	}
	s := &Services{foundation: f}
	if err := s.events(roles); err != nil {
		return nil, err
	}
	if err := s.identity(); err != nil {
		return nil, err
	}
	if err := s.recovery(); err != nil {
		return nil, err
	}
	if err := s.providers(); err != nil {
		return nil, err
	}
	s.Keys = f.keys()
	s.organisation()
	s.tenants()
	s.fields()
	s.records()
	s.templates()
	s.approval()
	s.incidents()
	s.progress()
	s.reports()
	s.changes()
	s.leaving()
	return s, nil
}
