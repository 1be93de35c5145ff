package fanout

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	shipped "github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/redis/go-redis/v9"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
	"heyue/identity"
	"heyue/platform/app"
	"heyue/platform/clock"
	"heyue/platform/config"
	"heyue/platform/fault"
	"heyue/platform/ratelimit"
	"heyue/policies"
	"heyue/tests/fixture"
)

// The transports.
const (
	own    = "heyue"
	theirs = "gqlgen"
)

// TestMain is a server when it is told so.
func TestMain(m *testing.M) {
	if which := os.Getenv("HEYUE_FANOUT_SERVER"); which != "" {
		fmt.Fprintln(os.Stderr, serve(which))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serve answers until its standard input ends.
func serve(which string) error {
	var vars map[string]string
	if err := json.Unmarshal([]byte(os.Getenv("HEYUE_FANOUT_SETTINGS")), &vars); err != nil {
		return err
	}
	cfg, err := config.Read(config.Machine{Root: true, Home: os.TempDir(), Vars: vars})
	if err != nil {
		return err
	}
	at := clock.At(fixture.Start()) // tokens are of the world's time
	resources := app.NewResources(app.Options{Config: cfg, Log: slog.New(slog.DiscardHandler), Clock: at})
	services, err := resources.Services(context.Background(), app.Roles{API: true})
	if err != nil {
		return err
	}
	options, err := redis.ParseURL(cfg.Redis.URL.Reveal())
	if err != nil {
		return err
	}
	b := &broadcast{hub: newHub(redis.NewClient(options)), engine: services.AlertEvents.Policies, shipped: which == theirs}
	go b.hub.listen()
	api, err := b.api(which, cfg, services)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	mux.HandleFunc("/publish", b.hub.publish)
	mux.HandleFunc("/stats", b.hub.stats)
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		os.Exit(0)
	}()
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

// api is one transport or the other, on one schema.
func (b *broadcast) api(which string, cfg config.Config, services *app.Services) (http.Handler, error) {
	schema := probe.Schema(&probe.Resolver{Messages: b.follow})
	if which == theirs {
		server := handler.New(schema)
		server.AddTransport(shipped.Websocket{
			InitFunc: func(ctx context.Context, payload shipped.InitPayload) (context.Context, *shipped.InitPayload, error) {
				ctx, err := services.Sessions.Authenticate(ctx, payload.GetString("token"))
				return ctx, nil, err
			},
			KeepAlivePingInterval: cfg.Stream.PingInterval,
		})
		server.Use(permitted{b.engine})
		return server, nil
	}
	o := app.TransportOptions(cfg, slog.New(slog.DiscardHandler), clock.At(fixture.Start()))
	o.Authenticate, o.Renew = services.Sessions.Authenticate, services.Sessions.Renew
	o.Init = func(ctx context.Context) (transport.Lease, error) {
		c, err := identity.From(ctx)
		return transport.Lease{Expires: c.ExpiresAt}, err
	}
	o.UserKey = func(ctx context.Context) string { c, _ := identity.Signed(ctx); return c.UserID.String() }
	o.PerAddress, o.Socket.PerAddress, o.Socket.PerUser = ratelimit.Rate{Maximum: 1e9, PerSecond: 1e9}, 1e6, 1e6 // the crowd is one machine
	o.Audience, o.Version = b.audience, b.engine.Rules
	o.Extensions = []graphql.HandlerExtension{permitted{b.engine}}
	return transport.New(schema, o)
}

// broadcast is the subscription under test: what is published on a topic.
type broadcast struct {
	hub     *hub
	engine  *policies.Engine
	shipped bool
}

// audience is all that the product's own is, of a subscription that shows nothing of its receiver.
func (b *broadcast) audience(ctx context.Context, _ *graphql.OperationContext, rules int64) (transport.Audience, error) {
	c, err := identity.From(ctx)
	if err != nil {
		return transport.Audience{}, err
	}
	g, err := b.engine.By(ctx, rules)
	if err != nil {
		return transport.Audience{}, err
	}
	return transport.Audience{Key: g.Class(), Scope: fmt.Sprint(c.TenantID), Pin: func(ctx context.Context) context.Context { return policies.Pin(ctx, c, g) }}, nil
}

// follow gives a shipped transport the channel that costs least, which the hub puts events into.
func (b *broadcast) follow(ctx context.Context, topic *string) (<-chan *probe.Message, error) {
	if _, err := b.engine.Require(ctx, policies.AlertRead); err != nil {
		return nil, err
	}
	if !b.shipped {
		return transport.Follow(ctx, &source{hub: b.hub, topic: *topic, engine: b.engine}), nil
	}
	events := make(chan *probe.Message, 64)
	leave := b.hub.join(*topic, func(m *probe.Message) {
		select {
		case events <- m:
		default:
			b.hub.dropped.Add(1)
		}
	})
	context.AfterFunc(ctx, func() { leave(); close(events) })
	return events, nil
}

// permitted asks for each event whether its receiver, or whoever stands for them, may read it.
type permitted struct{ engine *policies.Engine }

func (permitted) ExtensionName() string                   { return "Permitted" }
func (permitted) Validate(graphql.ExecutableSchema) error { return nil }

func (p permitted) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	if graphql.GetFieldContext(ctx).Field.Name == "text" {
		g, err := p.engine.Caller(ctx)
		if err != nil {
			return nil, err
		}
		if _, ok := g.Access(policies.AlertRead); !ok {
			return nil, fault.Forbidden(policies.AlertRead.String())
		}
	}
	return next(ctx)
}

// stats tells the parent how much memory there is, after the garbage is gone, and how many subscribe.
func (h *hub) stats(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("clean") {
		for range 4 { // stacks shrink by half each time
			runtime.GC()
		}
		debug.FreeOSMemory()
	}
	_ = json.NewEncoder(w).Encode(map[string]int64{"rss": rss(), "topics": h.topics(), "members": h.members.Load(), "dropped": h.dropped.Load()})
}

// rss is the process's memory in KiB.
func rss() (kib int64) {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, _ = fmt.Sscan(value, &kib)
		}
	}
	return kib
}
