package transport

import (
	"crypto/rand"
	"net/http"
	"strings"
)

const (
	requestIDHeader = "X-Request-Id"
	maxRequestID    = 128
)

// requestID takes over the id a proxy or client gave when it is short and plain (it goes to logs and
// headers), or makes one of 130 random bits.
func requestID(r *http.Request) string {
	id := r.Header.Get(requestIDHeader)
	if id != "" && len(id) <= maxRequestID && strings.IndexFunc(id, oddInID) < 0 {
		return id
	}
	return rand.Text()
}

func oddInID(r rune) bool {
	plain := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	return !plain && !strings.ContainsRune("-_.:/+=", r)
}
