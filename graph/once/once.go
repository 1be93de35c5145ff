// Package once carries a mutation with an idempotency key out at most once, on every transport (graphql.md 4.9). The key
// comes in the Idempotency-Key header of a POST or as extensions.idempotencyKey of the request; it is for documents with
// one root mutation. What has been carried out before is answered again, marked extensions.idempotentReplay.
package once

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph"
	"heyue/idempotency"
	"heyue/platform/fault"
)

// Header is where HTTP clients put the key (draft-ietf-httpapi-idempotency-key-header; without the quotes it asks for,
// which are taken as a part of the key when they are there).
const Header = "Idempotency-Key"

// Extension is where clients of sockets put it.
const Extension = "idempotencyKey"

// replayed is the extension that marks an answer as one that was given before.
const replayed = "idempotentReplay"

// aftermath is the time for finding out how a write ended whose request has run out of its own.
const aftermath = 5 * time.Second

// Mutations is the extension of gqlgen's executor that does it.
type Mutations struct {
	Store *idempotency.Store
	// Revive makes the payload of a mutation again from the ids of what it made, or else of what its arguments name. It
	// fails with IDEMPOTENCY_ANSWER_LOST when it cannot.
	Revive func(ctx context.Context, mutation string, made []string, arguments map[string]any) (any, error)
	// Masked reports whether fields are hidden from the caller now. What was answered before may show them, so such a
	// caller's answer is made again. nil: from nobody.
	Masked func(ctx context.Context) bool
}

func (m Mutations) masked(ctx context.Context) bool { return m.Masked != nil && m.Masked(ctx) }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
	graphql.ResponseInterceptor
} = Mutations{}

// ExtensionName is asked for by gqlgen.
func (Mutations) ExtensionName() string { return "IdempotentMutations" }

// Validate has nothing to object to.
func (Mutations) Validate(graphql.ExecutableSchema) error { return nil }

// keyed is a mutation under a key, as the operation remembers it.
type keyed struct {
	idempotency.Request
	field graphql.CollectedField
}

// MutateOperationContext reads the key and refuses, with BAD_REQUEST, what cannot be carried out under one.
func (m Mutations) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	key, given, err := keyOf(oc)
	if err == nil && given {
		var k keyed
		if k, err = mutation(oc, key); err == nil {
			oc.Stats.SetExtension(m.ExtensionName(), k)
		}
	}
	if err == nil {
		return nil
	}
	if shown := graph.Present(ctx, err); shown != nil {
		return shown
	}
	return gqlerror.Wrap(err) // INTERNAL by the transport
}

// InterceptResponse runs a mutation under its key.
func (m Mutations) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	oc := graphql.GetOperationContext(ctx)
	k, ok := oc.Stats.GetExtension(m.ExtensionName()).(keyed)
	if !ok {
		return next(ctx)
	}
	attempt, err := m.Store.Begin(ctx, k.Request)
	if err != nil {
		return refuse(ctx, err)
	}
	past, err := attempt.Past(ctx)
	switch {
	case err != nil:
		return refuse(ctx, err)
	case past != nil && past.Answer != nil && !m.masked(ctx):
		return again(past.Answer)
	case past != nil:
		return m.anew(ctx, next, oc, k, past)
	}
	return m.first(ctx, next, attempt)
}

// first carries the mutation out. When nothing of it has been written, another attempt may have been quicker, or the
// commit's outcome unknown: what the database says then counts, not what this attempt believes.
func (m Mutations) first(ctx context.Context, next graphql.ResponseHandler, attempt *idempotency.Attempt) *graphql.Response {
	response := next(attempt.Join(ctx))
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), aftermath)
	defer cancel()
	if attempt.Done() {
		if response != nil && len(response.Errors) == 0 {
			if err := attempt.Remember(after, response.Data); err != nil {
				graphql.AddError(graphql.WithFreshResponseContext(after), err) // for the log; the answer is right without
			}
		}
		return response
	}
	past, err := attempt.Past(after)
	fresh := graphql.WithFreshResponseContext(ctx)
	switch {
	case err != nil && attempt.Beaten():
		return refuse(fresh, err)
	case past != nil && past.Answer != nil && !m.masked(ctx):
		return again(past.Answer)
	case past != nil || attempt.Beaten():
		return refuse(fresh, idempotency.InProgress())
	}
	return response
}

// anew answers what was carried out and has no answer on record: the document's fields are read again, for the caller as
// they may read now, from the objects that the mutation made.
func (m Mutations) anew(ctx context.Context, next graphql.ResponseHandler, oc *graphql.OperationContext, k keyed, past *idempotency.Effect) *graphql.Response {
	resolve := oc.ResolverMiddleware
	oc.ResolverMiddleware = func(ctx context.Context, field graphql.Resolver) (any, error) {
		if at := graphql.GetFieldContext(ctx); at.Object != k.field.ObjectDefinition.Name {
			return resolve(ctx, field)
		}
		return m.Revive(ctx, k.Mutation, past.Made, k.field.ArgumentMap(oc.Variables))
	}
	graphql.RegisterExtension(ctx, replayed, true)
	return next(ctx)
}

func again(answer []byte) *graphql.Response {
	return &graphql.Response{Data: answer, Extensions: map[string]any{replayed: true}}
}

func refuse(ctx context.Context, err error) *graphql.Response {
	graphql.AddError(ctx, err)
	return &graphql.Response{Errors: graphql.GetErrors(ctx)}
}

// keyOf finds the request's key. A key in both places must be the same.
func keyOf(oc *graphql.OperationContext) (key string, given bool, err error) {
	if headers := oc.Headers.Values(Header); len(headers) > 0 {
		key, given = strings.Join(headers, ", "), true
	}
	if raw, ok := oc.Extensions[Extension]; ok && raw != nil {
		text, ok := raw.(string)
		if !ok {
			return "", false, bad("extensions.%s must be a string", Extension)
		}
		if given && text != key {
			return "", false, bad("the header %s and extensions.%s differ", Header, Extension)
		}
		key, given = text, true
	}
	if !given {
		return "", false, nil
	}
	return key, true, idempotency.CheckKey(key)
}

// mutation describes the operation's one root mutation.
func mutation(oc *graphql.OperationContext, key string) (keyed, error) {
	if oc.Operation.Operation != ast.Mutation {
		return keyed{}, bad("an idempotency key is for mutations")
	}
	var fields []graphql.CollectedField
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"}) {
		if !strings.HasPrefix(f.Name, "__") {
			fields = append(fields, f)
		}
	}
	if len(fields) != 1 {
		return keyed{}, bad("a request with an idempotency key carries out one mutation, not %d", len(fields))
	}
	document, err := json.Marshal([]any{oc.RawQuery, oc.OperationName, oc.Variables}) // maps are written in order
	if err != nil {
		return keyed{}, fault.Wrap(err, "describe a mutation")
	}
	return keyed{idempotency.Request{Key: key, Mutation: fields[0].Name, Document: document}, fields[0]}, nil
}

func bad(format string, args ...any) error {
	return fault.New(fault.BadRequest, fault.CodeBadRequest, format, args...)
}
