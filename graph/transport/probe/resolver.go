package probe

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport"
)

// Secret is text that stands in errors and panics of this schema and must never reach a caller.
const Secret = "pq: relation secret_table does not exist" //nolint:gosec // opens nothing

// Resolver answers the schema. Its functions may be replaced before the first request.
type Resolver struct {
	// Viewer tells who is asking. The default knows nobody.
	Viewer func(ctx context.Context) *string
	// Messages starts a stream. The default gives one message, whose cursor is one above the one to
	// resume after, and then stays open until its context ends.
	Messages func(ctx context.Context, after *string) (<-chan *Message, error)
	// Waiting is called by the field wait before it blocks. The default does nothing.
	Waiting func(ctx context.Context)

	counter atomic.Int32
}

// Schema makes the schema executable.
func Schema(r *Resolver) graphql.ExecutableSchema {
	if r.Viewer == nil {
		r.Viewer = func(context.Context) *string { return nil }
	}
	if r.Messages == nil {
		r.Messages = resume
	}
	if r.Waiting == nil {
		r.Waiting = func(context.Context) {}
	}
	return NewExecutableSchema(Config{Resolvers: root{r}})
}

// resume finds the cursor where a client puts it: connection_init, Last-Event-ID, then the argument.
func resume(ctx context.Context, after *string) (<-chan *Message, error) {
	var from string
	if after != nil {
		from = *after
	}
	if id := transport.LastEventID(ctx); id != "" {
		from = id
	}
	var payload struct {
		Resume string `json:"resume"`
	}
	if json.Unmarshal(transport.InitPayload(ctx), &payload) == nil && payload.Resume != "" {
		from = payload.Resume
	}
	n, _ := strconv.Atoi(from) // anything else starts at the beginning
	out := make(chan *Message)
	go func() {
		defer close(out)
		select {
		case out <- &Message{Cursor: strconv.Itoa(n + 1), Text: "after " + strconv.Itoa(n)}:
			<-ctx.Done()
		case <-ctx.Done():
		}
	}()
	return out, nil
}

type root struct{ *Resolver }

func (r root) Query() QueryResolver               { return query(r) }
func (r root) Mutation() MutationResolver         { return mutation(r) }
func (r root) Subscription() SubscriptionResolver { return subscription(r) }

type query struct{ *Resolver }

func (query) Hello(context.Context) (string, error) { return "world", nil }

func (query) Echo(_ context.Context, text string, times *int32, _ *Mood, _ *NoteInput) (string, error) {
	if times == nil {
		return text, nil
	}
	return strings.Repeat(text, int(*times)), nil
}

func (query) Node(context.Context) (*Node, error) {
	n := &Node{Name: "node"}
	n.Child = n
	return n, nil
}

func (q query) Nodes(ctx context.Context, _ *int32) (*NodeConnection, error) {
	n, err := q.Node(ctx)
	return &NodeConnection{Nodes: []*Node{n, n}}, err
}

func (query) Nothing(context.Context) (*string, error) { return nil, nil }

func (query) Fail(_ context.Context, how Failure) (*string, error) { return nil, fail(how) }

func (query) FailHard(_ context.Context, how Failure) (string, error) { return "", fail(how) }

func (q query) Wait(ctx context.Context) (*string, error) {
	q.Waiting(ctx)
	<-ctx.Done()
	return nil, ctx.Err()
}

func (q query) Viewer(ctx context.Context) (*string, error) { return q.Resolver.Viewer(ctx), nil }

func fail(how Failure) error {
	switch how {
	case FailurePanic:
		panic(Secret)
	case FailureCoded:
		return &gqlerror.Error{Message: "you may not", Extensions: map[string]any{"code": "FORBIDDEN"}}
	default:
		return errors.New(Secret)
	}
}

type mutation struct{ *Resolver }

func (m mutation) Count(context.Context) (int32, error) { return m.counter.Add(1), nil }

type subscription struct{ *Resolver }

func (subscription) CountTo(ctx context.Context, n int32) (<-chan int32, error) {
	out := make(chan int32)
	go func() {
		defer close(out)
		for i := int32(1); i <= n; i++ {
			select {
			case out <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (s subscription) Messages(ctx context.Context, after *string) (<-chan *Message, error) {
	return s.Resolver.Messages(ctx, after)
}

func (subscription) Refused(_ context.Context, how Failure) (<-chan int32, error) {
	return nil, fail(how)
}

func (subscription) Broken(ctx context.Context) (<-chan int32, error) {
	out := make(chan int32)
	go func() {
		defer close(out)
		select {
		case out <- 1:
			transport.EndWith(ctx, &gqlerror.Error{
				Message: "the cursor is too old", Extensions: map[string]any{"code": "CURSOR_EXPIRED"},
			})
		case <-ctx.Done():
		}
	}()
	return out, nil
}
