package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"heyue/graph"
	"heyue/graph/compile"
	"heyue/graph/generated"
	"heyue/graph/masks"
	"heyue/graph/resolver"
	"heyue/platform/fault"
)

// Question is a query to explain, as somebody would ask it.
type Question struct {
	Tenant, User string // User is an e-mail address; "" is the tenant's first administrator
	Query        string
	Variables    string // a JSON object, or ""
}

// Explained is how one root field of a query is read.
type Explained struct {
	Field     string // its response key
	Why       string // why it is left to the resolvers; "" when it is compiled
	Statement string
	Args      []any
	Plan      []string // PostgreSQL's, a line each
}

// Explain carries a query out and tells how each of its root fields was read. Faults: NOT_FOUND at tenant and user, BAD_REQUEST for a
// query that is none or is not valid.
func (s *Services) Explain(ctx context.Context, q Question) (fields []Explained, err error) {
	reads, schema, err := s.explainer()
	if err != nil {
		return nil, err
	}
	exec := executor.New(schema)
	exec.SetErrorPresenter(graphql.DefaultErrorPresenter)
	exec.Use(masks.Fields{Now: s.policies.Now, Caller: s.policies.Caller, Schema: schema.Schema()})
	exec.Use(reads)
	params := &graphql.RawParams{Query: q.Query}
	if q.Variables != "" {
		if err := json.Unmarshal([]byte(q.Variables), &params.Variables); err != nil {
			return nil, fault.New(fault.BadRequest, fault.CodeBadRequest, "the variables are no JSON object: %s", err)
		}
	}
	err = s.actAs(ctx, q.Tenant, q.User, func(ctx context.Context) error {
		var mu sync.Mutex
		var seen []compile.Seen
		ctx = compile.Recorded(graphql.StartOperationTrace(ctx), func(one compile.Seen) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, one)
		})
		if err := carryOut(ctx, exec, params); err != nil {
			return err
		}
		for _, one := range seen {
			e, err := s.explained(ctx, one)
			if err != nil {
				return err
			}
			fields = append(fields, e)
		}
		return nil
	})
	slices.SortStableFunc(fields, func(a, b Explained) int { return strings.Compare(a.Field, b.Field) })
	return fields, err
}

func (s *Services) explainer() (*compile.Reads, graphql.ExecutableSchema, error) {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &resolver.Resolver{Services: s.forResolvers()}})
	reads, err := s.reads(schema.Schema(), nil)
	return reads, schema, err
}

// carryOut runs a query for what is seen of it on the way. Errors of its fields do not matter.
func carryOut(ctx context.Context, exec *executor.Executor, params *graphql.RawParams) error {
	oc, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		return fault.New(fault.BadRequest, fault.CodeBadRequest, "the query cannot be carried out: %s", errs.Error())
	}
	if oc.Operation.Operation != "query" {
		return fault.New(fault.BadRequest, fault.CodeBadRequest, "only queries are explained, this is a %s", oc.Operation.Operation)
	}
	handler, ctx := exec.DispatchOperation(ctx, oc)
	handler(ctx)
	return nil
}

// explained asks PostgreSQL for the plan of a statement.
func (s *Services) explained(ctx context.Context, one compile.Seen) (Explained, error) {
	e := Explained{Field: one.Field, Statement: one.Text, Args: one.Args}
	if one.Why != nil {
		e.Why = one.Why.Error()
		if known := graph.Present(ctx, one.Why); known != nil {
			e.Why = known.Message
		}
		return e, nil
	}
	rows, err := s.client.QueryContext(ctx, "EXPLAIN "+one.Text, one.Args...)
	if err != nil {
		return e, fmt.Errorf("explain: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to its end or given up
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return e, err
		}
		e.Plan = append(e.Plan, line)
	}
	return e, rows.Err()
}
