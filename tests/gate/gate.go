//go:build unix

// Package gate stands between the product and PostgreSQL in tests, and breaks what passes through it.
package gate

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Gate can break what passes through it. To whoever is behind it a server that was restarted and one that is gone look like
// this.
type Gate struct {
	listener     net.Listener
	network, far string
	turned       string // the directory, or host and port, to be named in place of the server's

	mu    sync.Mutex
	shut  bool
	held  chan struct{} // closed when what is held back may go on; nil while nothing is
	conns map[net.Conn]bool
	done  sync.WaitGroup
}

// Before puts a gate before the server that an address names, a folder of sockets or host and port.
func Before(t testing.TB, address string) *Gate {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{network: "tcp", far: u.Host, conns: map[net.Conn]bool{}}
	near := "127.0.0.1:0"
	if host := u.Query().Get("host"); strings.HasPrefix(host, "/") {
		dir, err := os.MkdirTemp("", "heyue-gate-") // the test's own folder has too long a name for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		name := ".s.PGSQL." + u.Query().Get("port")
		g.network, g.far, g.turned, near = "unix", filepath.Join(host, name), dir, filepath.Join(dir, name)
	}
	var config net.ListenConfig
	if g.listener, err = config.Listen(t.Context(), g.network, near); err != nil {
		t.Fatal(err)
	}
	if g.turned == "" {
		g.turned = g.listener.Addr().String()
	}
	g.done.Go(func() { g.accept(t) })
	t.Cleanup(func() {
		_ = g.listener.Close()
		g.Close()
		g.Release()
		g.done.Wait()
	})
	return g
}

// Through is an address that leads through the gate.
func (g *Gate) Through(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if g.network == "tcp" {
		u.Host = g.turned
		return u.String()
	}
	q := u.Query()
	q.Set("host", g.turned)
	u.RawQuery = q.Encode()
	return u.String()
}

func (g *Gate) accept(t testing.TB) {
	for {
		near, err := g.listener.Accept()
		if err != nil {
			return
		}
		var dialer net.Dialer
		far, err := dialer.DialContext(t.Context(), g.network, g.far)
		if err != nil {
			_ = near.Close()
			continue
		}
		if !g.admit(near, far) {
			continue
		}
		for from, to := range map[net.Conn]net.Conn{near: far, far: near} {
			g.done.Go(func() { g.pass(from, to) })
		}
	}
}

func (g *Gate) admit(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		if g.shut {
			_ = c.Close()
			continue
		}
		g.conns[c] = true
	}
	return !g.shut
}

// pass carries bytes over until either end is closed.
func (g *Gate) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.wait()
		if n > 0 {
			_, werr := to.Write(buffer[:n])
			if err == nil {
				err = werr
			}
		}
		if err != nil && (!errors.Is(err, io.EOF) || n == 0) {
			_ = from.Close()
			_ = to.Close()
			return
		}
	}
}

// Hold lets nothing through and breaks nothing: a server that hangs.
func (g *Gate) Hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = make(chan struct{})
}

// Release lets everything go on that was held back.
func (g *Gate) Release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

func (g *Gate) wait() {
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held != nil {
		<-held
	}
}

// Close breaks all connections and lets no new ones through.
func (g *Gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for c := range g.conns {
		_ = c.Close()
	}
	clear(g.conns)
}

func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}
