package app

import (
	"context"
	"database/sql"
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"heyue/graph/transport"
	"heyue/platform/config"
	"heyue/platform/httpserver"
	"heyue/platform/metrics"
	"heyue/web/explorer"
)

// ServeOptions say what Serve does beside serving.
type ServeOptions struct {
	Roles   Roles // at least one
	Version string
	// Before runs when the services are there and before anybody is served.
	Before func(context.Context, *Services) error
	// Listening is told the addresses, with the ports that were given out; api is empty without the role API.
	Listening func(api, internal string)
	// Hurry skips the rest of a slow stop when it is closed; nil never.
	Hurry <-chan struct{}
}

// Serve runs the product until ctx ends, and stops it in order: not ready any more, sockets and event streams sent
// elsewhere, running requests finished, workers ended. What the process stands on is for Close, afterwards. It fails
// when the process may not serve, when a listener fails, and when the built-in PostgreSQL ends by itself.
func (r *Resources) Serve(ctx context.Context, o ServeOptions) error {
	if err := r.MakeReady(ctx); err != nil {
		return err
	}
	s, err := r.Services(ctx, o.Roles)
	if err != nil {
		return err
	}
	if o.Before != nil {
		if err := o.Before(ctx, s); err != nil {
			return err
		}
	}
	server, err := s.listen(o)
	if err != nil {
		return err
	}
	stopWorkers := s.Work(o.Roles)
	defer stopWorkers()
	if o.Listening != nil {
		o.Listening(server.Addr(), server.InternalAddr())
	}
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-r.DatabaseEnded():
			stop(errDatabaseEnded)
		case <-serving.Done():
		}
	}()
	err = server.Run(serving, o.Hurry)
	if cause := context.Cause(serving); errors.Is(cause, errDatabaseEnded) {
		err = errors.Join(cause, err)
	}
	return err
}

// errDatabaseEnded ends the process: a built-in server that died is started again by the next start, on a data folder
// that PostgreSQL recovers by itself.
var errDatabaseEnded = errors.New("the built-in PostgreSQL has ended by itself; its log is in the data folder, and a new start recovers it")

// listen binds the addresses of the roles.
func (s *Services) listen(o ServeOptions) (*httpserver.Server, error) {
	registry := metrics.NewRegistry(o.Version)
	gauges := s.gauges()
	options := httpserver.Options{
		InternalAddr: string(s.cfg.Server.InternalAddr), Metrics: metrics.Handler(registry), Health: s.health(),
		Limits: connectionLimits(s.cfg.Server), DrainDelay: s.cfg.Server.DrainDelay, Grace: s.cfg.Server.ShutdownGrace, Log: s.log,
	}
	if o.Roles.API {
		api, err := s.GraphQL(registry)
		if err != nil {
			return nil, err
		}
		gauges.Subscriptions = api.Subscriptions
		options.Addr, options.Public = string(s.cfg.Server.Addr), s.public(api, registry)
		options.OnDrain = func(ctx context.Context) {
			if err := api.Drain(ctx); err != nil {
				s.log.Warn("streams were cut off", "error", err)
			}
		}
	}
	s.measures.Register(registry, gauges)
	return httpserver.Listen(options)
}

// gauges are what the metrics ask for when they are read.
func (s *Services) gauges() metrics.Gauges {
	return metrics.Gauges{
		Pools: map[string]*sql.DB{"heyue_app": s.pool, "heyue_system": s.system},
		Snapshots: func() (asked, loaded uint64, kept int) {
			stats := s.policies.Stats()
			return stats.Asked, stats.Loaded, stats.Kept
		},
	}
}

// connectionLimits are the bounds of one connection as the settings give them.
func connectionLimits(c config.Server) httpserver.Limits {
	return httpserver.Limits{ReadHeader: c.HeaderTimeout, Read: c.BodyTimeout, Idle: c.IdleTimeout, HeaderBytes: int(c.HeaderBytes)}
}

// health asks for what the process cannot do without, and for Redis.
func (s *Services) health() *httpserver.Health {
	return httpserver.NewHealth(s.log, s.cfg.Server.HealthTimeout,
		httpserver.Check{Name: "postgresql", Probe: s.system.PingContext},
		httpserver.Check{Name: "redis", Optional: true, Probe: func(ctx context.Context) error { return s.redis.Commands.Ping(ctx).Err() }},
	)
}

// public is everything callers may reach.
func (s *Services) public(api *transport.Server, registry prometheus.Registerer) http.Handler {
	measured := metrics.NewHTTP(registry)
	mux := http.NewServeMux()
	wrap := func(route string, next http.Handler) http.Handler {
		return measured.Wrap(route, s.Follow(route, next))
	}
	mux.Handle("/graphql", wrap("/graphql", api))
	ways := http.NewServeMux()
	s.OIDC.Routes(ways, wrap)
	mux.Handle("GET /auth/oidc/", s.polite(ways))
	mux.Handle("GET /{$}", measured.Wrap("/", http.HandlerFunc(pointer)))
	if s.cfg.API.Explorer {
		page := measured.Wrap(explorer.Path, explorer.Handler())
		mux.Handle("GET "+explorer.Path, page)
		mux.Handle("GET "+explorer.Path+"/", page)
	}
	return mux
}

// pointer is for people who open the address in a browser.
func pointer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("heyue 合约\n\nThe API is GraphQL at /graphql, by POST, event stream or websocket (graphql-transport-ws).\n")) // a reader who has gone misses nothing
}
