// Package tenancy keeps tenants apart. It carries the tenant in the context, and its database driver lets
// no statement reach PostgreSQL unless the transaction around it has been told that tenant with
// SET LOCAL app.tenant_id, which the row security policies compare with every row. A context without a
// tenant is an error before a byte is sent, never an unfiltered or an empty answer.
//
// The driver has two ways to set the scope, see [Scope]. Both keep prepared statements per connection.
// Work that belongs to no tenant uses the pool of [OpenSystem], which refuses a context that has one.
package tenancy

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// Faults of the isolation itself. Each is a bug of the caller, so none carries a fault kind: they answer
// as internal errors and should raise an alert.
var (
	// ErrNoTenant is returned for a statement, transaction or key whose context carries no tenant.
	ErrNoTenant = errors.New("tenancy: no tenant in the context")
	// ErrOtherTenant is returned for a statement whose context carries another tenant than its transaction.
	ErrOtherTenant = errors.New("tenancy: the context's tenant is not the transaction's")
	// ErrSystemPool is returned for a statement on the system pool whose context carries a tenant.
	ErrSystemPool = errors.New("tenancy: the system pool serves no context with a tenant")
)

type tenantKey struct{}

// With returns a context that acts for tenant id. An id below 1 is no tenant: the context then fails
// closed, even when ctx carried a tenant before.
func With(ctx context.Context, id int64) context.Context {
	return context.WithValue(ctx, tenantKey{}, id)
}

// From returns the tenant ctx acts for, or false when there is none.
func From(ctx context.Context) (int64, bool) {
	id, ok := ctx.Value(tenantKey{}).(int64)
	if !ok || id < 1 {
		return 0, false
	}
	return id, true
}

// Key builds the name of something kept for the tenant of ctx in Redis or another cache: t:{7}:part:part.
// The braces make Redis Cluster keep all keys of a tenant in one slot. Parts are escaped, so that different
// parts never give the same key and no part can leave the tenant's name space. It returns ErrNoTenant
// when ctx carries no tenant.
func Key(ctx context.Context, parts ...string) (string, error) {
	id, ok := From(ctx)
	if !ok {
		return "", ErrNoTenant
	}
	var b strings.Builder
	b.WriteString("t:{")
	b.WriteString(strconv.FormatInt(id, 10))
	b.WriteByte('}')
	for _, p := range parts {
		b.WriteByte(':')
		escape(&b, p)
	}
	return b.String(), nil
}

// escape writes s with %XX for the separators, the escape sign itself, control characters and the signs
// that mean something in a Redis key pattern.
func escape(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c == 0x7f || strings.IndexByte(`:{}%*?[]\^`, c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
}
