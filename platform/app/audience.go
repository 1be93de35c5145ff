package app

import (
	"context"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"heyue/graph/resolver"
	"heyue/graph/transport"
	"heyue/identity"
	"heyue/policies"
)

// audience tells who a subscription is for, by the tenant's rules of a number. What users get of it is their own, so
// that they share with themselves only, on as many screens as they have; with another key of theirs they may do less. Nobody in
// particular, and who must show a second factor first, is left to the resolver to refuse.
func (s *Services) audience(ctx context.Context, _ *graphql.OperationContext, rules int64) (transport.Audience, error) {
	c, err := identity.From(ctx)
	if err != nil {
		return transport.Audience{}, nil //nolint:nilerr // as above
	}
	grants, err := s.policies.By(ctx, rules)
	if err != nil {
		return transport.Audience{}, err
	}
	return transport.Audience{
		Key: userKey(ctx) + grants.Class(), From: resolver.Resumed(ctx), Scope: scope(c.TenantID),
		Pin: func(ctx context.Context) context.Context { return policies.Pin(ctx, c, grants) },
	}, nil
}

// scope is what a tenant's subscriptions are known by.
func scope(tenant int64) string { return strconv.FormatInt(tenant, 10) }
