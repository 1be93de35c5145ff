package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/99designs/gqlgen/graphql"

	"heyue/graph"
	"heyue/graph/generated"
	"heyue/graph/masks"
	"heyue/graph/once"
	"heyue/graph/resolver"
	"heyue/graph/transport"
	"heyue/graph/witness"
	"heyue/identity"
	"heyue/platform/metrics"
)

// GraphQL is the API on every transport. Whoever serves it drains it at the end.
func (s *Services) GraphQL(registry prometheus.Registerer) (*transport.Server, error) {
	measured, reads := operations{metrics.NewOperations(registry), s.clock}, metrics.NewReads(registry)
	o := TransportOptions(s.cfg, s.log, s.clock)
	documents, err := s.trusted()
	if err != nil {
		return nil, err
	}
	o.Trusted = documents
	o.Cost.Limiter, o.Cost.Buckets = s.budgets(), s.bucketsOf
	o.Authenticate = s.Sessions.Authenticate
	o.Init = s.lease
	o.Renew = s.Sessions.Renew
	o.UserKey = userKey
	o.Audience, o.Version = s.audience, s.policies.Rules
	o.Present = graph.Present
	o.EventID = graph.EventID
	o.AllowIntrospection = func(context.Context) bool { return bool(s.cfg.API.Introspection) }
	services := s.forResolvers()
	schema := s.compared(generated.NewExecutableSchema(generated.Config{Resolvers: &resolver.Resolver{Services: services}}), reads)
	seen := witness.New(schema.Schema(), s.policies.Caller, s.Journal.Note)
	o.Extensions = []graphql.HandlerExtension{
		measured,
		seen,
		masks.Fields{Now: s.policies.Now, Caller: s.policies.Caller, Schema: schema.Schema(), Refused: seen.Masked},
		once.Mutations{Store: s.Keys, Revive: services.Revive, Masked: s.masked},
	}
	if s.tracer != nil {
		o.Extensions = append(o.Extensions, followed{})
	}
	if s.cfg.API.Reads == compiledReads {
		compiled, err := s.reads(schema.Schema(), reads.Observe)
		if err != nil {
			return nil, err
		}
		o.Extensions = append(o.Extensions, compiled)
	}
	o.Refused = measured.refused
	o.Document.Once = signIns()
	server, err := transport.New(schema, o)
	if err == nil {
		s.watcher.Changed = func(tenant int64) { server.Recheck(scope(tenant)) }
	}
	return server, err
}

// forResolvers are the use cases that fields call.
func (s *Services) forResolvers() resolver.Services {
	return resolver.Services{
		Customers: s.Customers, Contacts: s.Contacts, Service: s.Service, Contracts: s.Contracts,
		Templates: s.Templates, Drafting: s.Drafting, Settlement: s.Settlement, Incidents: s.Incidents, Changes: s.Changes, Progress: s.Progress, Reports: s.Reports, Fields: s.Fields,
		Dictionaries: s.Dictionaries, Departments: s.Departments, Users: s.Users, Roles: s.Roles, Audits: s.Audits, Shares: s.Shares, Decisions: s.Decisions,
		Tenants: s.Tenants, Sessions: s.Sessions, Recovery: s.Recovery, APIKeys: s.APIKeys, Factors: s.Factors, Providers: s.Providers, OIDC: s.OIDC,
		Approvals: s.Approvals, Inbox: s.Inbox, Alerts: s.AlertEvents, Deliveries: s.Deliveries,
	}
}

// trusted are the documents of our own frontends. Programs of partners, which sign in by API keys, are not built with
// us and may send any document.
func (s *Services) trusted() (transport.TrustedDocuments, error) {
	t := transport.TrustedDocuments{Mode: transport.TrustedMode(s.cfg.API.TrustedMode), AnyDocument: program}
	path := string(s.cfg.API.TrustedDocuments)
	if path == "" {
		return t, nil
	}
	var err error
	if t.Known, err = transport.ReadManifest(path); err != nil {
		return t, fmt.Errorf("HEYUE_TRUSTED_DOCUMENTS: %w", err)
	}
	return t, nil
}

// program reports whether the caller signed in with an API key.
func program(ctx context.Context) bool {
	c, ok := identity.Signed(ctx)
	return ok && c.Key != nil
}

// masked reports whether fields are hidden from the caller. When it cannot be told they count as hidden: the answer is
// then made with a decision, or not at all.
func (s *Services) masked(ctx context.Context) bool {
	grants, err := s.policies.Caller(ctx)
	return err != nil || grants.Masked()
}

// signIns are the mutations that somebody who guesses would like to repeat in one document.
func signIns() []string {
	return []string{"login", "loginSecondFactor", "oidcSignIn", "secondFactorConfirm", "secondFactorRenewCodes", "secondFactorDisable", "refresh", "invitationAccept", "passwordResetRequest", "passwordReset"}
}

// lease lets a socket live as long as its token and its session. Nobody in particular has none: what an anonymous
// caller may subscribe to, resolvers decide.
func (s *Services) lease(ctx context.Context) (transport.Lease, error) {
	c, ok := identity.Signed(ctx)
	if !ok {
		return transport.Lease{}, nil
	}
	return transport.Lease{Expires: c.ExpiresAt, Ended: func(then func()) func() { return s.watcher.Watch(c, then) }}, nil
}

// userKey names the caller for the limit of sockets.
func userKey(ctx context.Context) string {
	c, ok := identity.Signed(ctx)
	if !ok {
		return ""
	}
	if c.Key != nil {
		return c.Key.ID.String()
	}
	return c.UserID.String()
}
