// Package stage puts the whole product on: a fixture's world behind the composition root, answering HTTP. Tests that
// need the edge use it; tests of one package use the fixture alone.
package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"heyue/ent/user"
	"heyue/platform/app"
	"heyue/platform/clock"
	"heyue/platform/config"
	"heyue/platform/httpserver"
	"heyue/platform/logging"
	"heyue/tests/fixture"
)

// Stage is a running product with nobody in it.
type Stage struct {
	*fixture.World
	Services *app.Services
	Server   *httptest.Server
	Registry *prometheus.Registry
}

// New starts the product on a database of its own, with the world's clock and a Redis inside the process, unless
// settings, names and values in turn, say otherwise.
func New(t testing.TB, settings ...string) *Stage {
	t.Helper()
	w := fixture.New(t)
	return serve(t, w, begin(t, w, app.Roles{API: true, Worker: true}, settings))
}

// Behind is New with settings made for its world, such as the address of something that stands before its database.
func Behind(t testing.TB, settings func(*fixture.World) []string) *Stage {
	t.Helper()
	w := fixture.New(t)
	return serve(t, w, begin(t, w, app.Roles{API: true, Worker: true}, settings(w)))
}

// Apart starts the product as two processes would run it, one that answers and one that works. They meet in the
// database and in the Redis of the settings only.
func Apart(t testing.TB, settings ...string) *Stage {
	t.Helper()
	w := fixture.New(t)
	begin(t, w, app.Roles{Worker: true}, settings)
	return serve(t, w, begin(t, w, app.Roles{API: true}, settings))
}

// Beside starts the product once more on the world of another stage, as another process of the same installation that only answers.
// What one has signed the other takes.
func Beside(t testing.TB, s *Stage, settings ...string) *Stage {
	t.Helper()
	return serve(t, s.World, begin(t, s.World, app.Roles{API: true}, settings))
}

// Watched is New with everything that the product says of itself: its log, at the least important level, goes to log and
// its spans, all of them, to spans.
func Watched(t testing.TB, log io.Writer, spans sdktrace.SpanExporter, settings ...string) *Stage {
	t.Helper()
	w := fixture.New(t)
	settings = append(settings, "HEYUE_TRACE_PER_MILLE", "1000", "HEYUE_TRACE_QUEUE", "100000")
	watching := func(o *app.Options) error {
		made, err := logging.New(log, logging.Options{Level: "debug", Format: "json"})
		o.Log, o.Spans = made, spans
		return err
	}
	return serve(t, w, begin(t, w, app.Roles{API: true, Worker: true}, settings, watching))
}

// Environment is what another program must find in its environment to be of the same product: for Work.
func Environment(t testing.TB, w *fixture.World, settings ...string) []string {
	t.Helper()
	var all []string
	for name, value := range variables(t, w, settings) {
		all = append(all, name+"="+value)
	}
	return all
}

// Work runs the worker that the environment describes, with a clock that stands at the world's start, until ctx ends. Tests run
// it in a program of its own, to kill that.
func Work(ctx context.Context, environment []string, log *slog.Logger) error {
	vars := map[string]string{}
	for _, v := range environment {
		if name, value, ok := strings.Cut(v, "="); ok {
			vars[name] = value
		}
	}
	cfg, err := config.Read(config.Machine{Root: true, Home: vars["HEYUE_DATA_DIR"], Vars: vars})
	if err != nil {
		return fmt.Errorf("the settings: %w", err)
	}
	resources := app.NewResources(app.Options{Config: cfg, Log: log, Clock: clock.At(fixture.Start())})
	services, err := resources.Services(ctx, app.Roles{Worker: true})
	if err != nil {
		return errors.Join(fmt.Errorf("the services: %w", err), resources.Close())
	}
	stop := services.Work(app.Roles{Worker: true})
	<-ctx.Done()
	stop()
	return resources.Close()
}

// variables are the settings of a world's product.
func variables(t testing.TB, w *fixture.World, settings []string) map[string]string {
	t.Helper()
	vars := map[string]string{
		"HEYUE_DATA_DIR": t.TempDir(), "HEYUE_MAIL_FOLDER": t.TempDir(), "DATABASE_URL": w.DB.AppDSN, "DATABASE_SYSTEM_URL": w.DB.SystemDSN, "DATABASE_OWNER_URL": w.DB.OwnerDSN,
		"HEYUE_DATABASE_CONNECT_TIMEOUT": "1m", "HEYUE_SECRET_KEY": w.SecretKey(), "HEYUE_INTROSPECTION": "on",
		"HEYUE_COST_REPORT": "off", // answers are compared
	}
	for _, name := range []string{"TENANT", "TENANT_RATE", "USER", "USER_RATE", "ADDRESS", "ADDRESS_RATE"} {
		vars["HEYUE_BUDGET_"+name] = "1000000" // a test is a caller in more of a hurry than any
	}
	for i := 0; i+1 < len(settings); i += 2 {
		vars[settings[i]] = settings[i+1]
	}
	return vars
}

// begin runs the services of some roles until the test ends.
func begin(t testing.TB, w *fixture.World, roles app.Roles, settings []string, with ...func(*app.Options) error) *app.Services {
	t.Helper()
	cfg, err := config.Read(config.Machine{Root: true, Home: t.TempDir(), Vars: variables(t, w, settings)})
	if err != nil {
		t.Fatal("the settings: ", err)
	}
	options := app.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), Clock: w.Clock}
	for _, change := range with {
		if err := change(&options); err != nil {
			t.Fatal("the options: ", err)
		}
	}
	resources := app.NewResources(options)
	t.Cleanup(func() {
		if err := resources.Close(); err != nil {
			t.Error("close the product: ", err)
		}
	})
	services, err := resources.Services(t.Context(), roles)
	if err != nil {
		t.Fatal("the services: ", err)
	}
	t.Cleanup(services.Work(roles))
	return services
}

// serve answers HTTP until the test ends.
func serve(t testing.TB, w *fixture.World, services *app.Services) *Stage {
	t.Helper()
	registry := prometheus.NewRegistry()
	api, err := services.GraphQL(registry)
	if err != nil {
		t.Fatal("the API: ", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", httpserver.RequestID(services.Follow("/graphql", api)))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := api.Drain(ctx); err != nil {
			t.Error("drain the API: ", err)
		}
		server.Close()
	})
	return &Stage{World: w, Services: services, Server: server, Registry: registry}
}

// Token signs the caller of ctx in and returns an access token.
func (s *Stage) Token(t testing.TB, tn *fixture.Tenant, ctx context.Context) string {
	t.Helper()
	u, err := s.Client.User.Query().Where(user.ID(fixture.Caller(t, ctx).UserID)).Only(tn.Ctx)
	if err != nil {
		t.Fatal("the caller: ", err)
	}
	tokens, err := s.Services.Sessions.Issue(t.Context(), tn.Slug, u.Email, 10*time.Minute)
	if err != nil {
		t.Fatal("a token: ", err)
	}
	return tokens.AccessToken
}
