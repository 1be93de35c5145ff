package resolver_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/domain/audits"
	"heyue/domain/contacts"
	"heyue/domain/contracts"
	"heyue/domain/customers"
	"heyue/domain/dictionaries"
	"heyue/domain/numbers"
	"heyue/domain/progress"
	"heyue/domain/service"
	"heyue/domain/staff"
	"heyue/ent"
	"heyue/graph"
	"heyue/graph/generated"
	"heyue/graph/resolver"
	"heyue/policies"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// api is the whole schema over a world of its own, with every statement it runs.
type api struct {
	*fixture.World
	services   resolver.Services
	exec       *executor.Executor
	statements *statements
}

func newAPI(t *testing.T) *api {
	t.Helper()
	w := fixture.New(t)
	a := &api{World: w, statements: &statements{}}
	a.Client = ent.NewClient(ent.Driver(counted{entsql.OpenDB(dialect.Postgres, w.Pool), a.statements}))
	tenancy.Guard(a.Client)
	codes := &dictionaries.Service{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock, Limit: 1000}
	a.services = resolver.Services{
		Customers: &customers.Service{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Codes: codes, Numbers: numbers.Counters{}, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock},
		Contacts:  &contacts.Service{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock},
		Service:   &service.Service{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Codes: codes, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock},
		Contracts: &contracts.Service{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Fields: w.Fields, Lister: w.Lister, Clock: w.Clock},
	}
	a.services.Progress = &progress.Service{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock, Lines: progress.DefaultLines}
	a.services.Users = &staff.Users{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Lister: w.Lister}
	a.services.Departments = &staff.Departments{Client: a.Client, Policies: w.Policies, Audit: w.Audit, Clock: w.Clock}
	a.services.Dictionaries = codes
	a.services.Roles = &policies.Administration{Client: a.Client, Engine: w.Policies, Audit: w.Audit, Limits: policies.DefaultRoleLimits()}
	a.services.Audits = &audits.Service{Client: a.Client, Policies: w.Policies, Lister: w.Lister}
	a.exec = executor.New(generated.NewExecutableSchema(generated.Config{Resolvers: &resolver.Resolver{Services: a.services}}))
	a.exec.SetErrorPresenter(present)
	return a
}

// ask runs a document as the caller of ctx, reads data into v, and returns the errors' codes with their paths.
func (a *api) ask(t *testing.T, ctx context.Context, v any, document string, vars ...map[string]any) []string {
	t.Helper()
	params := &graphql.RawParams{Query: document}
	for _, v := range vars {
		params.Variables = v
	}
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := a.exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	handler, ctx := a.exec.DispatchOperation(ctx, oc)
	response := handler(ctx)
	if v != nil {
		if err := json.Unmarshal(response.Data, v); err != nil {
			t.Fatalf("%v in %s (%v)", err, response.Data, response.Errors)
		}
	}
	codes := make([]string, len(response.Errors))
	for i, e := range response.Errors {
		code, ok := e.Extensions["code"]
		if !ok {
			code = e.Message
		}
		codes[i] = fmt.Sprintf("%s %v", e.Path, code)
	}
	return codes
}

func present(ctx context.Context, err error) *gqlerror.Error {
	e := graphql.DefaultErrorPresenter(ctx, err)
	if known := graph.Present(ctx, err); known != nil {
		e.Message, e.Extensions = known.Message, known.Extensions
	}
	return e
}

// statements are those that reached the database since the last reset, without the beginnings and ends of transactions.
type statements struct {
	mu   sync.Mutex
	text []string
}

func (s *statements) add(query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, query)
}

// take returns the statements so far and starts anew.
func (s *statements) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.text = nil }()
	return s.text
}

func tables(list []string) string {
	var names []string
	for _, q := range list {
		_, after, _ := strings.Cut(q, "FROM ")
		name, _, _ := strings.Cut(after, " ")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

type counted struct {
	*entsql.Driver
	to *statements
}

func (c counted) Exec(ctx context.Context, query string, args, v any) error {
	c.to.add(query)
	return c.Driver.Exec(ctx, query, args, v)
}

func (c counted) Query(ctx context.Context, query string, args, v any) error {
	c.to.add(query)
	return c.Driver.Query(ctx, query, args, v)
}

func (c counted) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.to.add(query)
	return c.Driver.QueryContext(ctx, query, args...)
}
