// Package stage puts the whole product on: a fixture's world behind the composition root, answering HTTP. Tests that
// need the edge use it; tests of one package use the fixture alone.
package stage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/ent/user"
	"heyue/platform/app"
	"heyue/platform/config"
	"heyue/tests/fixture"
)

// Stage is a running product with nobody in it.
type Stage struct {
	*fixture.World
	Services *app.Services
	Server   *httptest.Server
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

// begin runs the services of some roles until the test ends.
func begin(t testing.TB, w *fixture.World, roles app.Roles, settings []string) *app.Services {
	t.Helper()
	key := sha256.Sum256([]byte(w.DB.Name))
	vars := map[string]string{
		"HEYUE_DATA_DIR": t.TempDir(), "HEYUE_MAIL_FOLDER": t.TempDir(), "DATABASE_URL": w.DB.AppDSN, "DATABASE_SYSTEM_URL": w.DB.SystemDSN, "DATABASE_OWNER_URL": w.DB.OwnerDSN,
		"HEYUE_DATABASE_CONNECT_TIMEOUT": "1m", "HEYUE_SECRET_KEY": base64.StdEncoding.EncodeToString(key[:]), "HEYUE_INTROSPECTION": "on",
		"HEYUE_COST_REPORT": "off", // answers are compared
	}
	for _, name := range []string{"TENANT", "TENANT_RATE", "USER", "USER_RATE", "ADDRESS", "ADDRESS_RATE"} {
		vars["HEYUE_BUDGET_"+name] = "1000000" // a test is a caller in more of a hurry than any
	}
	for i := 0; i+1 < len(settings); i += 2 {
		vars[settings[i]] = settings[i+1]
	}
	cfg, err := config.Read(config.Machine{Root: true, Home: t.TempDir(), Vars: vars})
	if err != nil {
		t.Fatal("the settings: ", err)
	}
	resources := app.NewResources(app.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), Clock: w.Clock})
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
	api, err := services.GraphQL(prometheus.NewRegistry())
	if err != nil {
		t.Fatal("the API: ", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := api.Drain(ctx); err != nil {
			t.Error("drain the API: ", err)
		}
		server.Close()
	})
	return &Stage{World: w, Services: services, Server: server}
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
