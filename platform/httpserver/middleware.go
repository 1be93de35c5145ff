package httpserver

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"heyue/platform/clock"
	"heyue/platform/logging"
)

const requestIDHeader = "X-Request-Id"

// RequestID gives every request an id: in its context (logging.RequestID), in every log line, in the X-Request-Id that
// handlers see and in the answer's. A caller's own id is kept when it is 8 to 64 letters, digits, dots, dashes or underscores, so that one
// id can follow a request through several systems.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !plain(id) {
			id = uuid.NewString()
		}
		r.Header.Set(requestIDHeader, id)
		w.Header().Set(requestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(logging.WithRequest(r.Context(), id)))
	})
}

func plain(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Recover turns a panic into an answer 500 and a log line with the stack. http.ErrAbortHandler passes through: it asks
// for the connection to be cut.
func Recover(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			log.Error("panic while answering a request", "panic", p, "stack", string(debug.Stack()),
				"requestId", w.Header().Get(requestIDHeader))
			http.Error(w, "internal error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// readDeadline bounds the reading of a body. http.Server.ReadTimeout would do the same and then, because the deadline
// stays when the body has ended, cancel the context of every event stream that lives longer.
func readDeadline(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			c := http.NewResponseController(w)
			_ = c.SetReadDeadline(clock.System{}.Now().Add(limit)) // fails only on a writer without a connection, as in tests
			r.Body = &timedBody{ReadCloser: r.Body, control: c}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody lifts the deadline when the body has ended.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read reads on, up to the deadline.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
