package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// encode writes a response as one line of JSON. A request error has no data member at all; data that
// execution lost to a non-null field is null (GraphQL September 2025, section 7.1).
func encode(r *graphql.Response, maxErrors int) []byte {
	var b bytes.Buffer
	sep := byte('{')
	member := func(name string, value []byte) {
		b.WriteByte(sep)
		sep = ','
		b.WriteString(`"` + name + `":`)
		b.Write(value)
	}
	if len(r.Errors) > 0 {
		member("errors", mustJSON(r.Errors[:min(len(r.Errors), maxErrors)]))
	}
	if len(r.Data) > 0 {
		member("data", oneLine(r.Data))
	}
	if len(r.Extensions) > 0 {
		member("extensions", mustJSON(r.Extensions))
	}
	if sep == '{' {
		return []byte(`{"data":null}`)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// oneLine takes the line breaks out of JSON, where they can only stand between tokens: a line break ends
// a field of an event stream.
func oneLine(data []byte) []byte {
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, data)
}

// mustJSON encodes what this package and hooks put into errors and extensions. A value that cannot be
// encoded is a programming error, and the recover above every transport answers it.
func mustJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}

// statusOf gives the HTTP status of a response in a media type. Executed operations are 200 whatever
// their fields did. For application/json so are documents that cannot be parsed or validated, because
// such clients take other statuses for a broken server.
func (s *Server) statusOf(r *graphql.Response, media string) int {
	if !failed(r) {
		return http.StatusOK
	}
	switch codeOf(r.Errors[0]) {
	case CodeParseFailed, CodeValidationFailed, CodeDocumentNotFound, CodeDocumentNotSupported:
		switch {
		case media == typeJSON:
			return http.StatusOK
		case s.options.InvalidAs422:
			return http.StatusUnprocessableEntity
		}
		return http.StatusBadRequest
	case fault.CodeUnauthenticated:
		return http.StatusUnauthorized
	case fault.CodeForbidden, CodeDocumentNotTrusted:
		return http.StatusForbidden
	case fault.CodeKeyInProgress:
		return http.StatusConflict
	case fault.CodeKeyReused:
		return http.StatusUnprocessableEntity
	case fault.CodeRateLimited:
		return http.StatusTooManyRequests
	case fault.CodeUnavailable:
		return http.StatusServiceUnavailable
	case fault.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// write sends a response and ends the exchange.
func (s *Server) write(w http.ResponseWriter, status int, media string, r *graphql.Response) {
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if failed(r) {
		retryAfter(h, r.Errors[0])
	}
	if c, ok := r.Extensions[costExtension].(*Cost); ok && c.Throttle != nil {
		rateHeaders(h, c.Throttle)
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	body := encode(r, s.options.MaxErrors)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client went away; nobody is left to tell
}

// retryAfter repeats extensions.retryAfter, whole seconds or a duration, as a header.
func retryAfter(h http.Header, e *gqlerror.Error) {
	switch after := e.Extensions["retryAfter"].(type) {
	case int:
		h.Set("Retry-After", strconv.Itoa(after))
	case time.Duration:
		h.Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
}
