package tenancy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialer is the network side of one connection. lib/pq dials it once per host it tries, the last of which
// becomes the session, and again, from another goroutine, for every cancel request: those must reach the
// server bare, past the filter of the session.
type dialer struct {
	c       *connector
	session *wire
	done    atomic.Bool // signed in: what is dialled now is a cancel request

	mu      sync.Mutex
	sock    net.Conn
	aborted bool
}

// Dial is part of pq.Dialer; lib/pq prefers DialContext.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is part of pq.Dialer; lib/pq prefers DialContext.
func (d *dialer) DialTimeout(network, address string, t time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects and, if the DSN asks for it, negotiates TLS.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	cancel := d.done.Load()
	var give time.Time
	if cancel { // the context of a statement has ended: from here on nobody waits for long, neither there nor here
		give = time.Now().Add(d.c.opt.CancelGrace) //nolint:forbidigo // the network's deadlines are the system's time
		_ = d.session.SetReadDeadline(give)        // of a connection that was closed meanwhile nobody waits
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, give)
		defer stop()
	}
	sock, err := d.c.opt.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !cancel && !d.watch(sock) {
		_ = sock.Close()
		return nil, context.Canceled
	}
	clear := sock
	if s := d.c.secure; s != nil && network != "unix" {
		if clear, err = s.upgrade(ctx, sock, address); err != nil {
			return nil, errors.Join(err, sock.Close())
		}
	}
	if cancel {
		return clear, clear.SetDeadline(give)
	}
	_, encrypted := clear.(*tls.Conn)
	d.session = newWire(clear, sock, encrypted)
	return d.session, nil
}

// watch lets abort close sock; false means that it came too late.
func (d *dialer) watch(sock net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sock = sock
	return !d.aborted
}

// abort ends a sign-in whose context has ended.
func (d *dialer) abort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aborted = true
	if d.sock != nil {
		_ = d.sock.Close()
	}
}
