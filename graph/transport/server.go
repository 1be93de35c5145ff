package transport

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/clientip"
	"heyue/platform/fault"
	"heyue/platform/ratelimit"
)

const allowedMethods = "POST, OPTIONS"

// Server serves one GraphQL endpoint over every transport. It is an http.Handler, safe for concurrent use.
type Server struct {
	options Options
	exec    *executor.Executor
	engine  *engine
	present *presenter
	origins origins
	slots   *slots // of users
	seats   *slots // of users, for event streams
	places  *slots // of addresses

	addresses *ratelimit.Local

	groups    *groups
	pens      *crew[*socket]
	wheel     *wheel
	normals   *lru[string, string]
	ack, ping []byte // frames that are the same for everybody

	transports []graphql.Transport

	mu       sync.Mutex
	draining chan struct{} // closed by Drain
	drained  bool
	streams  sync.WaitGroup // open websockets and event streams
}

var _ http.Handler = (*Server)(nil)

// New wires the executor, the guard and the transports for a schema. It takes @defer out of es.Schema().
// The error names the option that cannot be used.
func New(es graphql.ExecutableSchema, options Options) (*Server, error) {
	o := options.withDefaults()
	allowed, err := newOrigins(o.Origins)
	if err != nil {
		return nil, fmt.Errorf("graphql transport: %w", err)
	}
	dropDefer(es)
	known, err := newTrusted(o.Trusted, es.Schema())
	if err != nil {
		return nil, fmt.Errorf("graphql transport: %w", err)
	}
	p := &presenter{known: o.Present, log: o.Logger}
	exec := executor.New(es)
	exec.SetErrorPresenter(p.present)
	exec.SetRecoverFunc(p.recovered)
	exec.SetParserTokenLimit(o.Document.Tokens)
	exec.SetDisableSuggestion(true)
	exec.SetDefaultRulesFn(quietRules)
	exec.SetQueryCache(documents{newLRU[string, *ast.QueryDocument](o.DocumentCacheBytes)})
	exec.Use(&guard{
		limits:     o.Document,
		introspect: o.AllowIntrospection,
		passed:     newLRU[[sha256.Size]byte, verdict](o.PassedDocuments),
	})
	for _, extension := range o.Extensions {
		exec.Use(extension)
	}
	s := &Server{
		options: o,
		exec:    exec,
		engine:  &engine{exec: exec, present: p, refused: o.Refused, timeout: o.OperationTimeout, charges: &charges{o.Cost, o.Logger}, trusted: known},
		present: p,
		origins: allowed,
		slots:   newSlots(o.Socket.PerUser),
		seats:   newSlots(o.Socket.PerUser * o.Socket.Operations),
		places:  newSlots(o.Socket.PerAddress),

		addresses: ratelimit.NewLocal(o.Clock, o.Addresses),
		draining:  make(chan struct{}),
	}
	s.groups = newGroups(s)
	s.pens = newPens()
	s.wheel = newWheel(tick(o.Socket))
	s.normals = newLRU[string, string](normalBytes)
	s.ack, s.ping = textFrame("connection_ack", "", nil), textFrame("ping", "", nil)
	s.transports = []graphql.Transport{sockets{s}, requests{s}}
	return s, nil
}

// ServeHTTP gives the request its id and the transport that speaks for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID(r)
	w.Header().Set(requestIDHeader, id)
	address := s.options.Proxies.Of(r)
	r = r.WithContext(clientip.With(WithRequestID(r.Context(), id), address))
	defer s.recover(w, r)
	if !s.origins.admits(r) {
		s.refuse(w, r, http.StatusForbidden, fault.CodeForbidden, "this origin may not use the API")
		return
	}
	s.origins.answer(w, r)
	if level, ok := s.visit(r.Context()); !ok {
		tooManyRequests(w.Header(), level)
		s.refuse(w, r, http.StatusTooManyRequests, fault.CodeRateLimited, tooManyText)
		return
	}
	for _, t := range s.transports {
		if t.Supports(r) {
			t.Do(w, r, s.exec)
			return
		}
	}
	if r.Method == http.MethodOptions {
		s.origins.preflight(w, r)
		return
	}
	w.Header().Set("Allow", allowedMethods)
	s.refuse(w, r, http.StatusMethodNotAllowed, fault.CodeBadRequest, "use POST")
}

// recover answers a panic outside of any operation. The aborting panic of net/http goes on.
func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	response := s.engine.panicked(r.Context(), p)
	s.write(w, http.StatusInternalServerError, typeJSON, response)
}

// refuse answers a request that never became GraphQL.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, code fault.Code, text string) {
	media := negotiate(r.Header.Values("Accept")).json
	if media == "" {
		media = typeJSON
	}
	response := &graphql.Response{Errors: s.present.list(r.Context(), coded(code, "%s", text))}
	s.write(w, status, media, response)
}

// enter counts a stream in, unless the server is draining.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drained {
		return false
	}
	s.streams.Add(1)
	return true
}

// Drain refuses new websockets and event streams and ends those there are, spread over
// Options.DrainJitter so that clients do not all come back at once: websockets with 1012, event streams
// without complete, both of which clients answer by reconnecting. It returns when all have ended, or
// with ctx's error. It may be called more than once.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	if !s.drained {
		s.drained = true
		close(s.draining)
		s.wheel.each(func(p *pin) { p.owner.drain(jitter(s.options.DrainJitter)) })
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.streams.Wait()
		s.groups.wait()
		s.pens.wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("graphql transport: connections still open: %w", ctx.Err())
	}
}
