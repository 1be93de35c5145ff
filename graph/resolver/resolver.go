// Package resolver joins the GraphQL schema to the domain services: one file per schema file, one call per field.
// Rules live behind the calls (ARCHITECTURE.md section 4).
package resolver

import (
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
	"heyue/identity/factor"
	"heyue/identity/oidc"
	"heyue/identity/recovery"
	"heyue/identity/sessions"
	"heyue/policies"
)

// Resolver is the root of all resolvers.
type Resolver struct{ Services Services }

// Services are what fields call.
type Services struct {
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
	Departments  *staff.Departments
	Users        *staff.Users
	Roles        *policies.Administration
	Audits       *audits.Service
	Shares       *sharing.Service
	Decisions    *decisions.Service
	Tenants      *tenants.Service
	Sessions     *sessions.Service
	Recovery     *recovery.Service
	APIKeys      *keys.Service
	Factors      *factor.Service
	Providers    *providers.Service
	OIDC         *oidc.Service
	Approvals    *approvals.Service
	Changes      *changes.Service
	Inbox        *alerts.Inbox
	Deliveries   *deliveries.Service
	Alerts       *alerts.Stream
}
