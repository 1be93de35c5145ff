package transport

import (
	"context"
	"time"

	"github.com/coder/websocket"
)

// graceShare is the part of the write timeout that a blocked write still has when its socket ends: a
// client that reads at all then learns why, one that does not is cut off.
const graceShare = 10

// keep writes what is queued, sends pings, and ends the socket when a deadline passes, the lease is over
// or the server drains. When the socket ends it closes the connection, which ends the reader.
func (k *socket) keep() {
	w := k.watch()
	defer w.stop()
	for {
		how, over := k.wait(w)
		if over {
			k.end(how)
			break
		}
	}
	<-k.ended
	defer k.stopWrites()
	if k.how.code == 0 || k.how.code != closeTryAgainLater && !k.flush() {
		_ = k.conn.CloseNow()
		return
	}
	_ = k.conn.Close(websocket.StatusCode(k.how.code), k.how.reason)
}

// watches are the keeper's timers and signals; a nil channel never fires.
type watches struct {
	init, ping, pong, drain *time.Timer // all but init are stopped until they are wanted
	expiry                  <-chan time.Time
	opened                  <-chan Lease
	revoked, draining       <-chan struct{}
	stopExpiry              func()
	heard                   uint64 // messages read when the ping was sent
	waiting                 bool   // for an answer to it
}

func (k *socket) watch() *watches {
	w := &watches{
		init:       time.NewTimer(k.server.options.Socket.InitTimeout),
		ping:       stoppedTimer(),
		pong:       stoppedTimer(),
		drain:      stoppedTimer(),
		opened:     k.opened,
		draining:   k.server.draining,
		stopExpiry: func() {},
	}
	return w
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

func (w *watches) stop() {
	for _, t := range []*time.Timer{w.init, w.ping, w.pong, w.drain} {
		t.Stop()
	}
	w.stopExpiry()
}

// wait handles one event and says whether, and how, the socket is over.
func (k *socket) wait(w *watches) (closing, bool) {
	select {
	case <-k.ended:
		return k.how, true
	case <-k.out.wake:
		if !k.flush() {
			return closing{closeTryAgainLater, "Too slow"}, true
		}
	case lease := <-w.opened:
		k.admit(w, lease)
	case <-w.ping.C:
		return k.ping(w)
	case <-w.pong.C:
		return k.alive(w)
	case <-w.init.C:
		return closing{closeInitTimeout, "Connection initialisation timeout"}, true
	case <-w.expiry:
		return closing{closeForbidden, "Session expired"}, true
	case <-w.revoked:
		return closing{closeForbidden, "Session ended"}, true
	case <-w.draining:
		w.draining = nil
		w.drain.Reset(jitter(k.server.options.DrainJitter))
	case <-w.drain.C:
		return closing{closeServerRestart, "Service restart"}, true
	}
	return closing{}, false
}

// admit turns the initialisation's deadline into the lease's.
func (k *socket) admit(w *watches, lease Lease) {
	w.init.Stop()
	w.opened, w.revoked = nil, lease.Done
	w.expiry, w.stopExpiry = k.server.expiry(lease)
	w.ping.Reset(k.server.options.Socket.PingInterval)
}

// ping asks the client for a sign of life, for which it has the pong timeout from the first unanswered ping.
func (k *socket) ping(w *watches) (closing, bool) {
	w.ping.Reset(k.server.options.Socket.PingInterval)
	if !w.waiting {
		w.waiting, w.heard = true, k.heard.Load()
		w.pong.Reset(k.server.options.Socket.PongTimeout)
	}
	if full := k.put(frame("ping", "", nil)); full != nil {
		return *full, true
	}
	return closing{}, false
}

// alive ends a socket that has sent nothing of any kind since the ping.
func (k *socket) alive(w *watches) (closing, bool) {
	w.waiting = false
	if k.heard.Load() == w.heard {
		return closing{closeTryAgainLater, "No answer to ping"}, true
	}
	return closing{}, false
}

// flush writes all that is queued. Each frame has the write timeout, and less once the socket has ended.
func (k *socket) flush() bool {
	for frame := k.out.pop(); frame != nil; frame = k.out.pop() {
		ctx, cancel := context.WithTimeout(k.writes, k.server.options.WriteTimeout)
		err := k.conn.Write(ctx, websocket.MessageText, frame)
		cancel()
		if err != nil {
			return false
		}
	}
	return true
}
