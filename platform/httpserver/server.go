// Package httpserver runs the two listeners of the product, one for callers and one for operators, and stops them
// without cutting anybody off.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits bound one connection. There is no bound on writing an answer: event streams last for hours, and an operation
// has its own deadline.
type Limits struct {
	ReadHeader  time.Duration // from the first byte to the end of the header
	Read        time.Duration // from the end of the header to the end of the body
	Idle        time.Duration // between two requests
	HeaderBytes int
}

// DefaultLimits suit an API whose bodies have at most a few MiB.
func DefaultLimits() Limits {
	return Limits{ReadHeader: 5 * time.Second, Read: 30 * time.Second, Idle: 2 * time.Minute, HeaderBytes: 32 << 10}
}

// Options are what a Server needs. InternalAddr, Health and Log must be set.
type Options struct {
	Addr         string       // host:port for callers
	InternalAddr string       // host:port for operators
	Public       http.Handler // everything that callers may reach; nil for a process that serves operators only
	Metrics      http.Handler // served at /metrics of the internal address; nil leaves it out
	Health       *Health      // served at /livez and /readyz of the internal address
	Limits       Limits       // zero fields take the default
	DrainDelay   time.Duration
	Grace        time.Duration // zero means no time: what still runs is cut off
	// OnDrain runs once when the server stops taking connections. It tells sockets, which the HTTP server does not
	// know, to close; its context ends with the grace.
	OnDrain func(context.Context)
	Log     *slog.Logger
	After   func(time.Duration) <-chan time.Time // time.After when nil
}

// Server is two bound listeners, or the one for operators.
type Server struct {
	o                Options
	public, internal *http.Server
	pl, il           net.Listener       // pl is nil without callers
	cancel           context.CancelFunc // ends the context of requests that outlive the grace
}

// Listen binds both addresses, so that the caller knows before Run whether they are free. The error is one line with
// the address. A Server that has been made must be run or closed.
func Listen(o Options) (*Server, error) {
	o.fill()
	base, cancel := context.WithCancel(context.Background())
	s := &Server{o: o, cancel: cancel}
	var (
		listener net.ListenConfig
		err      error
	)
	if o.Public != nil {
		if s.pl, err = listener.Listen(base, "tcp", o.Addr); err != nil {
			cancel()
			return nil, fmt.Errorf("cannot listen for callers: %w", err)
		}
		s.public = s.server(base, Recover(o.Log, RequestID(readDeadline(o.Limits.Read, o.Public))))
	}
	if s.il, err = listener.Listen(base, "tcp", o.InternalAddr); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot listen for operators: %w", err), s.Close())
	}
	s.internal = s.server(base, s.internalMux())
	return s, nil
}

func (o *Options) fill() {
	d := DefaultLimits()
	if o.Limits.ReadHeader == 0 {
		o.Limits.ReadHeader = d.ReadHeader
	}
	if o.Limits.Read == 0 {
		o.Limits.Read = d.Read
	}
	if o.Limits.Idle == 0 {
		o.Limits.Idle = d.Idle
	}
	if o.Limits.HeaderBytes == 0 {
		o.Limits.HeaderBytes = d.HeaderBytes
	}
	if o.After == nil {
		o.After = time.After
	}
}

func (s *Server) server(base context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: s.o.Limits.ReadHeader,
		IdleTimeout:       s.o.Limits.Idle,
		MaxHeaderBytes:    s.o.Limits.HeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(s.o.Log.Handler(), slog.LevelWarn),
	}
}

func (s *Server) internalMux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.o.Health.Live)
	mux.HandleFunc("GET /readyz", s.o.Health.Ready)
	if s.o.Metrics != nil {
		mux.Handle("GET /metrics", s.o.Metrics)
	}
	return mux
}

// Addr is where callers are served, with the port that was given out when the address named port 0; "" when none are.
func (s *Server) Addr() string {
	if s.pl == nil {
		return ""
	}
	return s.pl.Addr().String()
}

// InternalAddr is where operators are served.
func (s *Server) InternalAddr() string { return s.il.Addr().String() }

// Close frees the addresses of a Server that is not run.
func (s *Server) Close() error {
	s.cancel()
	var errs []error
	for _, l := range []net.Listener{s.pl, s.il} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends and then stops in order: it reports itself not ready, goes on serving for DrainDelay so
// that load balancers notice, takes no more connections, gives what runs Grace to finish, and closes the internal
// address last, so that the stop can be watched. It returns nil after a clean stop, an error when requests had to be
// cut off, and at once when a listener fails. Closing hurry skips the delay; it may be nil.
func (s *Server) Run(ctx context.Context, hurry <-chan struct{}) error {
	failed := make(chan error, 2)
	var wg sync.WaitGroup
	serve := func(srv *http.Server, l net.Listener) {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("listener %s failed: %w", l.Addr(), err)
		}
	}
	if s.public != nil {
		wg.Go(func() { serve(s.public, s.pl) })
	}
	wg.Go(func() { serve(s.internal, s.il) })
	var err error
	select {
	case <-ctx.Done():
		s.delay(hurry)
	case err = <-failed:
	}
	err = errors.Join(err, s.stop())
	wg.Wait()
	return err
}

func (s *Server) delay(hurry <-chan struct{}) {
	s.o.Health.Drain()
	s.o.Log.Info("stopping: not ready any more", "delay", s.o.DrainDelay, "grace", s.o.Grace)
	select {
	case <-s.o.After(s.o.DrainDelay):
	case <-hurry:
	}
}

// stop gives what runs the grace and cuts off what still runs then.
func (s *Server) stop() error {
	s.o.Health.Drain()
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Grace)
	defer cancel()
	var wg sync.WaitGroup
	if s.o.OnDrain != nil {
		wg.Go(func() { s.o.OnDrain(ctx) })
	}
	var err error
	if s.public != nil {
		err = s.public.Shutdown(ctx)
	}
	s.cancel()
	if err != nil {
		err = errors.Join(fmt.Errorf("requests still ran after %v and were cut off", s.o.Grace), s.public.Close())
	}
	wg.Wait()
	return errors.Join(err, s.internal.Close())
}
