package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
	"heyue/tests/conformance"
)

// TestHTTP runs the graphql-http audits: every MUST and SHOULD, and every MAY that does not ask for GET.
func TestHTTP(t *testing.T) {
	t.Parallel()
	conformance.Run(t, "http.mjs", target(t), 50)
}

// TestWebsocket runs the graphql-ws client, and raw sockets for what it would never do.
func TestWebsocket(t *testing.T) {
	t.Parallel()
	conformance.Run(t, "websocket.mjs", target(t), 15)
}

// TestEvents runs the graphql-sse client in distinct connections mode.
func TestEvents(t *testing.T) {
	t.Parallel()
	conformance.Run(t, "events.mjs", target(t), 7)
}

func target(t *testing.T) conformance.Target {
	t.Helper()
	current := server(t)
	t.Cleanup(func() { drain(t, current) })
	return conformance.Target{
		Handler: current,
		Restart: func() http.Handler {
			old := current
			current = server(t)
			go drain(t, old)
			return current
		},
		Documents: conformance.Documents{
			Query:        "{ hello }",
			Invalid:      "{ nowhere }",
			Finite:       "subscription { countTo(n: 3) }",
			FiniteEvents: 3,
			Endless:      "subscription { messages { cursor text } }",
			Refused:      "subscription { refused(how: CODED) }",
		},
	}
}

func drain(t *testing.T, s *transport.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		t.Error(err)
	}
}

func server(t *testing.T) *transport.Server {
	t.Helper()
	s, err := transport.New(probe.Schema(&probe.Resolver{}), transport.Options{
		Authenticate: func(ctx context.Context, bearer string) (context.Context, error) {
			if bearer != "good" {
				return nil, errors.New("unknown token")
			}
			return ctx, nil
		},
		AllowIntrospection: func(context.Context) bool { return true },
		EventID:            cursorOf,
		DrainJitter:        10 * time.Millisecond,
		KeepAlive:          20 * time.Millisecond,
		Socket:             transport.SocketOptions{PingInterval: 50 * time.Millisecond},
		Logger:             slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cursorOf makes the cursor of a message the id of its event.
func cursorOf(_ context.Context, r *graphql.Response) string {
	var data struct{ Messages struct{ Cursor string } }
	if json.Unmarshal(r.Data, &data) != nil {
		return ""
	}
	return data.Messages.Cursor
}
