package transport

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/graph/transport/cost"
	"heyue/platform/clientip"
	"heyue/platform/clock"
	"heyue/platform/ratelimit"
)

// Options configures [New]. The zero value serves anonymous callers from pages of the same host, without
// introspection. A zero limit means its default.
type Options struct {
	// Authenticate turns a bearer token into a context that knows the caller. It is called for every
	// POST, event stream and websocket that brings a token; without one the request goes on anonymously
	// and resolvers decide. Its error means 401 (websocket: 4403), unless Present gives it a code of
	// another kind, such as UNAVAILABLE. The context that it is given, like that of Renew, has the time of an operation; what
	// it returns has the time of the request.
	Authenticate func(ctx context.Context, bearer string) (context.Context, error)
	// Init is called once when a websocket or an event stream opens, after Authenticate, and says how
	// long it may live. Its error ends the connection as one of Authenticate does.
	Init func(ctx context.Context) (Lease, error)
	// Renew is called for each operation of a websocket and returns its context, made of the one given, with
	// what the caller may do now: a socket lives for hours, in which roles change. Its error is the
	// operation's. Nil: what Authenticate said holds as long as the socket.
	Renew func(ctx context.Context) (context.Context, error)
	// UserKey names the caller for SocketsPerUser; "" or a nil function is not limited.
	UserKey func(ctx context.Context) string
	// Audience tells who a subscription is for, so that receivers who would get the same share one execution; see [Audience].
	// It is asked again whenever Version has grown. Nil: nothing is shared.
	Audience func(ctx context.Context, oc *graphql.OperationContext, version int64) (Audience, error)
	// Version is the version of what decides about audiences, as it is now. It is asked for before each event of a
	// subscription, once for all who share it. It must be there when Audience is.
	Version func(ctx context.Context) (int64, error)
	// Present gives an error the form its caller may see, with extensions.code, or nil for an error it
	// does not know. Those, and what it calls INTERNAL, are logged with all they say and shown as INTERNAL
	// with nothing. It must not change the error.
	Present func(ctx context.Context, err error) *gqlerror.Error
	// Refused is told the code of each document that never became an operation: it did not parse, was too
	// complex or not valid. Nil: nobody is.
	Refused func(ctx context.Context, code string)
	// AllowIntrospection decides per request whether __schema and __type are answered. Nil: never.
	AllowIntrospection func(ctx context.Context) bool
	// EventID gives the id: line of a response on an event stream, or "". Nil: extensions.cursor, when
	// that is a string.
	EventID func(ctx context.Context, response *graphql.Response) string
	// Extensions are added to the executor after the guard, first one outermost.
	Extensions []graphql.HandlerExtension
	// Origins are the pages of other hosts that may use the API, as scheme://host[:port].
	Origins []string
	// InvalidAs422 answers invalid documents with 422 instead of 400, as the 2026 draft of GraphQL over
	// HTTP wants and the graphql-http audits do not yet. It touches application/graphql-response+json only.
	InvalidAs422 bool
	// Document bounds the shape of documents.
	Document Limits
	// Trusted are documents that can be named by their ids.
	Trusted TrustedDocuments
	// Cost bounds what operations cost.
	Cost CostOptions
	// Proxies are the networks whose X-Forwarded-For names the caller. Nil: the peer is the caller.
	Proxies clientip.Proxies
	// PerAddress bounds the requests from one address (of IPv6 from one /64 network), whoever they are from: each POST,
	// opened socket, and operation of a socket is one. Default 1,000 and 200 a second.
	PerAddress ratelimit.Rate
	// Addresses are remembered up to this number. Default 100,000.
	Addresses int
	// MaxBody is the size of a POST body in bytes. Default 1 MiB.
	MaxBody int64
	// MaxErrors is how many errors one response carries at most. Default 20.
	MaxErrors int
	// OperationTimeout is the time a query or mutation has. Default 10 s.
	OperationTimeout time.Duration
	// DocumentCacheBytes is the memory validated documents may take, about. Default 32 MiB.
	DocumentCacheBytes int
	// PassedDocuments is how many hashes of documents that passed the guard are remembered. Default 10,000.
	PassedDocuments int
	// Executions is how many events of subscriptions are executed at a time. Default 16.
	Executions int
	// WriteTimeout is how long one write to an event stream or a websocket may take before its client
	// counts as stalled. Default 10 s.
	WriteTimeout time.Duration
	// KeepAlive is the silence after which an event stream gets a comment. Default 15 s.
	KeepAlive time.Duration
	// DrainJitter is the time over which [Server.Drain] spreads the ends of connections. Default 5 s.
	DrainJitter time.Duration
	// Socket bounds websockets.
	Socket SocketOptions
	// Logger gets panics and errors nobody vouches for. Default slog.Default().
	Logger *slog.Logger
	// Clock tells when a lease has run out. Default the system's.
	Clock clock.Clock
}

// CostOptions bounds what operations cost, in the points of package cost. A zero field means its default.
type CostOptions struct {
	// Points that one operation may ask for at most. Default 1,000.
	Points int
	// Nodes are the objects that one operation may ask for at most. Default 10,000.
	Nodes int
	// Pages is how many rows the API's connections have. Default 20 and 100.
	Pages cost.Pages
	// Limiter has the budgets that Buckets names for the caller; nil, or no bucket, is a budget without end. When the
	// limiter fails, the operation is carried out: budgets guard others, they are not worth an outage.
	Limiter ratelimit.Limiter
	Buckets func(ctx context.Context) []ratelimit.Bucket
	// Quiet leaves extensions.cost and the RateLimit headers out of answers.
	Quiet bool
}

// SocketOptions bounds websockets. A zero field means its default.
type SocketOptions struct {
	// InitTimeout is the time until connection_init must have come and been accepted; after it 4408. Default 10 s.
	InitTimeout time.Duration
	// PingInterval is the time between pings from the server. Default 25 s.
	PingInterval time.Duration
	// PongTimeout is how long a client may be silent after a ping; after it 1013. Default 10 s.
	PongTimeout time.Duration
	// MaxMessage is the size of a message from a client in bytes; above it 1009. Default 1 MiB.
	MaxMessage int64
	// Operations one socket may have running; further ones get an error. Default 20.
	Operations int
	// PerUser is how many sockets one user may have open in this process; above it 1013. As many event streams as those
	// sockets may have operations; above it 429. Default 10.
	PerUser int
	// PerAddress is how many sockets and event streams one address may have open in this process, signed in or not;
	// above it 429. Default 1,000.
	PerAddress int
	// QueueFrames and QueueBytes bound what waits to be written; above either 1013. Defaults 256 and 1 MiB.
	QueueFrames int
	QueueBytes  int
}

// Lease is how long a websocket or an event stream may live. The zero value is for ever.
type Lease struct {
	// Context replaces the caller's context when it is not nil.
	Context context.Context
	// Expires is when the session or token ends; zero never. A websocket is then closed with 4403.
	Expires time.Time
	// Ended ends the connection the same way when the session is revoked: it calls then once that is so, from any goroutine
	// and without waiting for it, and returns what makes it forget. Nil: never.
	Ended func(then func()) (forget func())
}

func (o Options) withDefaults() Options {
	o.Document = o.Document.withDefaults()
	o.Socket = o.Socket.withDefaults()
	o.Cost.Points = cmp.Or(o.Cost.Points, 1000)
	o.Cost.Nodes = cmp.Or(o.Cost.Nodes, 10_000)
	o.Cost.Pages = cmp.Or(o.Cost.Pages, cost.Pages{Usual: 20, Most: 100})
	o.PerAddress = cmp.Or(o.PerAddress, ratelimit.Rate{Maximum: 1000, PerSecond: 200})
	o.Addresses = cmp.Or(o.Addresses, 100_000)
	o.MaxBody = cmp.Or(o.MaxBody, 1<<20)
	o.MaxErrors = cmp.Or(o.MaxErrors, 20)
	o.OperationTimeout = cmp.Or(o.OperationTimeout, 10*time.Second)
	o.DocumentCacheBytes = cmp.Or(o.DocumentCacheBytes, 32<<20)
	o.PassedDocuments = cmp.Or(o.PassedDocuments, 10_000)
	o.Executions = cmp.Or(o.Executions, 16)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	o.KeepAlive = cmp.Or(o.KeepAlive, 15*time.Second)
	o.DrainJitter = cmp.Or(o.DrainJitter, 5*time.Second)
	if o.EventID == nil {
		o.EventID = cursorExtension
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	return o
}

func (o SocketOptions) withDefaults() SocketOptions {
	o.InitTimeout = cmp.Or(o.InitTimeout, 10*time.Second)
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PongTimeout = cmp.Or(o.PongTimeout, 10*time.Second)
	o.MaxMessage = cmp.Or(o.MaxMessage, 1<<20)
	o.Operations = cmp.Or(o.Operations, 20)
	o.PerUser = cmp.Or(o.PerUser, 10)
	o.PerAddress = cmp.Or(o.PerAddress, 1000)
	o.QueueFrames = cmp.Or(o.QueueFrames, 256)
	o.QueueBytes = cmp.Or(o.QueueBytes, 1<<20)
	return o
}

// cursorExtension is the default of Options.EventID.
func cursorExtension(_ context.Context, response *graphql.Response) string {
	cursor, _ := response.Extensions["cursor"].(string)
	return cursor
}
