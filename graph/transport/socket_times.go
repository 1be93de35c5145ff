package transport

import "time"

// begin puts a socket on the wheel with the time in which it must have signed in.
func (k *socket) begin() {
	k.mu.Lock()
	k.pin.owner = k
	k.times.init = k.server.wheel.now() + k.server.options.Socket.InitTimeout
	k.rest()
	k.mu.Unlock()
	select {
	case <-k.server.draining: // which has not seen this one
		k.drain(jitter(k.server.options.DrainJitter))
	default:
	}
}

// admit turns the initialisation's deadline into the lease's.
func (k *socket) admit(l Lease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.server.wheel.now()
	k.times.init = 0
	k.times.ping = now + k.server.options.Socket.PingInterval
	if !l.Expires.IsZero() {
		k.times.expiry = now + max(l.Expires.Sub(k.server.options.Clock.Now()), 1)
	}
	k.rest()
}

// drain gives the socket a moment to end at.
func (k *socket) drain(after time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.times.drain == 0 {
		k.times.drain = k.server.wheel.now() + max(after, 1)
		k.rest()
	}
}

// rest goes back to the wheel until the next moment; mu is held.
func (k *socket) rest() {
	t := &k.times
	next := time.Duration(0)
	for _, at := range []time.Duration{t.init, t.ping, t.pong, t.expiry, t.drain} {
		if at > 0 && (next == 0 || at < next) {
			next = at
		}
	}
	if next > 0 && !k.ended {
		k.server.wheel.set(&k.pin, next)
	}
}

// due does what a moment has come for: it ends the socket, or asks the client for a sign of life.
func (k *socket) due(now time.Duration) {
	k.mu.Lock()
	how, ping := k.moment(now)
	if how == nil {
		k.rest()
	}
	k.mu.Unlock()
	if ping {
		how = k.put(k.server.ping)
	}
	if how != nil {
		k.end(*how)
	}
}

// moment looks at each of the times; mu is held.
func (k *socket) moment(now time.Duration) (how *closing, ping bool) {
	t := &k.times
	past := func(at time.Duration) bool { return at > 0 && at <= now }
	switch {
	case past(t.drain):
		return &closing{closeServerRestart, "Service restart"}, false
	case past(t.init):
		return &closing{closeInitTimeout, "Connection initialisation timeout"}, false
	case past(t.expiry):
		return &closing{closeForbidden, "Session expired"}, false
	case past(t.pong):
		if t.pong = 0; k.heard.Load() == t.heard {
			return &closing{closeTryAgainLater, "No answer to ping"}, false
		}
	}
	if !past(t.ping) {
		return nil, false
	}
	t.ping = now + k.server.options.Socket.PingInterval
	if t.pong == 0 { // from the first ping that is not answered
		t.pong, t.heard = now+k.server.options.Socket.PongTimeout, k.heard.Load()
	}
	return nil, true
}

// tick is how exactly a server keeps the times of its sockets.
func tick(o SocketOptions) time.Duration {
	shortest := min(o.InitTimeout, o.PingInterval, o.PongTimeout)
	return min(max(shortest/100, time.Millisecond), 100*time.Millisecond)
}
