package httpserver_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"heyue/platform/httpserver"
)

// TestConnectionsAreBounded sees each limit of a connection bite: those of time end it.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	const whole = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct {
		limits httpserver.Limits
		send   string
		want   string // the status line; "" when it depends on how far the header came
	}{
		"header that stalls":      {httpserver.Limits{ReadHeader: time.Millisecond}, "GET / HTTP/1.1\r\nHos", ""},
		"idle after an answer":    {httpserver.Limits{Idle: time.Millisecond}, whole, "HTTP/1.1 204 No Content"},
		"header of the size":      {httpserver.Limits{HeaderBytes: 1 << 10, Idle: time.Millisecond}, padded(4 << 10), "HTTP/1.1 204 No Content"},
		"header above the size":   {httpserver.Limits{HeaderBytes: 1 << 10}, padded(8 << 10), "HTTP/1.1 431 Request Header Fields Too Large"},
		"header of default size":  {httpserver.Limits{Idle: time.Millisecond}, padded(32 << 10), "HTTP/1.1 204 No Content"},
		"header above by default": {httpserver.Limits{}, padded(40 << 10), "HTTP/1.1 431 Request Header Fields Too Large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
				func(o *httpserver.Options) { o.Limits = c.limits })
			conn, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = fmt.Fprint(conn, c.send) // the server may hang up before it has taken all
			answer := bufio.NewReader(conn)
			line, err := answer.ReadString('\n')
			if c.want != "" && strings.TrimSpace(line) != c.want || err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("got %q, %v", line, err)
			}
			_, _ = io.Copy(io.Discard, answer) // ends with the connection, or the test never does
			if err := r.finish(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// padded is a request whose header has about so many bytes.
func padded(size int) string {
	return "GET / HTTP/1.1\r\nHost: x\r\nX-Padding: " + strings.Repeat("x", size-50) + "\r\n\r\n"
}
