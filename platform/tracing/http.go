package tracing

import (
	"bufio"
	"net"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
)

// HTTP follows requests on a route. A socket or an event stream is one span from its beginning to its end; what is asked
// for on it has spans of its own below.
func (t *Tracer) HTTP(route string, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := t.Follow(r.Context(), propagation.HeaderCarrier(r.Header), method(r.Method)+" "+route,
			attribute.String("http.request.method", method(r.Method)), attribute.String("http.route", route))
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			span.Set(attribute.Int("http.response.status_code", seen.code))
			if seen.code >= http.StatusInternalServerError {
				span.Fail(http.StatusText(seen.code))
			}
			span.End(nil)
		}()
		next.ServeHTTP(seen, r.WithContext(ctx))
	})
}

// method is one that HTTP knows; callers may write anything there.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}

// status remembers the code of an answer. Unwrap lets http.ResponseController find what the server offers.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader notes the code.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Flush sends what was written.
func (s *status) Flush() {
	_ = http.NewResponseController(s.ResponseWriter).Flush() // a writer that cannot flush sends when it is done
}

// Hijack gives the connection to a socket.
func (s *status) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.code = http.StatusSwitchingProtocols
	return http.NewResponseController(s.ResponseWriter).Hijack()
}

// Unwrap gives the server's own writer.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
