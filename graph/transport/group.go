package transport

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// member is one receiver of a subscription.
type member struct {
	to      sink
	ctx     context.Context // the receiver's own: who they are
	bill    *bill
	version int64 // of the rules that their audience was told by
	left    atomic.Bool

	mu    sync.Mutex
	group *group // nil while the member is on its way to another one
}

// leave ends a membership. It may be called more than once.
func (m *member) leave() {
	m.mu.Lock()
	g := m.group
	first := m.left.CompareAndSwap(false, true)
	m.mu.Unlock()
	if !first {
		return
	}
	m.bill.close(m.ctx, true)
	if g != nil {
		g.lose()
	}
}

// group is one execution of a subscription and all who get what comes of it. One goroutine at a time runs it, which alone
// touches what is not marked otherwise; while nothing happens there is none.
type group struct {
	server *Server
	key    groupKey
	shared bool   // others may join
	scope  string // for Recheck
	params *graphql.RawParams
	op     *operation
	base   context.Context // of the operation as it was begun
	same   string          // Audience.Key of all members
	source driven          // nil: the resolver's channel is waited for

	members []*member
	fresh   []*member // who have not been told where the stream is
	version int64     // of the rules that all members are of one audience by
	lead    *member   // whose identity executions have
	payer   int       // who pays for the next event
	paused  bool      // nobody has room

	state   atomic.Int32
	rung    atomic.Bool // the source has something
	recheck atomic.Bool // rules may have changed
	alive   atomic.Int32
	blocks  atomic.Bool // it waits in a goroutine of its own

	mu        sync.Mutex // for what follows
	newcomers []*member
	over      bool
}

// The states of a group.
const (
	groupIdle int32 = iota
	groupQueued
	groupRunning
	groupAgain // and there is more
)

// wake gives the group a turn.
func (g *group) wake() {
	for {
		switch state := g.state.Load(); state {
		case groupIdle:
			if g.state.CompareAndSwap(state, groupQueued) {
				g.server.groups.steps.add(g)
				return
			}
		case groupRunning:
			if g.state.CompareAndSwap(state, groupAgain) {
				return
			}
		default:
			return
		}
	}
}

// ring is what the source rings.
func (g *group) ring() {
	g.rung.Store(true)
	g.wake()
}

// lose notes that a member has left.
func (g *group) lose() {
	if g.alive.Add(-1) <= 0 && g.blocks.Load() {
		g.op.cancel()
	}
	g.wake()
}

// turn runs the group until there is nothing more to do.
func (g *group) turn() {
	g.state.Store(groupRunning)
	for {
		if g.safely(g.step) {
			g.state.Store(groupQueued)
			g.server.groups.steps.add(g) // others have their turn first
			return
		}
		if g.state.CompareAndSwap(groupRunning, groupIdle) {
			return
		}
		g.state.Store(groupRunning)
	}
}

// safely ends the group by an error when a hook panics.
func (g *group) safely(do func() bool) (more bool) {
	defer func() {
		if p := recover(); p != nil {
			more = false
			g.end(&delivery{server: g.server, response: g.server.engine.panicked(g.op.ctx, p)})
		}
	}()
	return do()
}

// gather takes in who has come and takes out who has left.
func (g *group) gather() {
	g.mu.Lock()
	g.fresh, g.newcomers = append(g.fresh, g.newcomers...), nil
	g.mu.Unlock()
	gone := func(m *member) bool { return m.left.Load() }
	for _, list := range []*[]*member{&g.members, &g.fresh} {
		if slices.ContainsFunc(*list, gone) {
			*list = slices.DeleteFunc(*list, gone)
		}
		if len(*list) == 0 {
			*list = nil
		}
	}
}

// enter adds a newcomer; false when the group is over, or the newcomer has left already.
func (g *group) enter(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if g.over || m.left.Load() {
		return false
	}
	g.alive.Add(1)
	m.group = g
	g.newcomers = append(g.newcomers, m)
	return true
}

// empty ends a group that nobody is in, unless somebody has come.
func (g *group) empty() {
	g.mu.Lock()
	if len(g.newcomers) > 0 || g.over {
		g.mu.Unlock()
		return
	}
	g.over = true
	g.mu.Unlock()
	g.finish()
}

// end tells everybody that it is over, and why.
func (g *group) end(d *delivery) {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		return
	}
	g.over = true
	all := slices.Concat(g.members, g.fresh, g.newcomers)
	g.newcomers = nil
	g.mu.Unlock()
	g.finish()
	d.over = true
	g.give(all, d)
	for _, m := range all {
		m.leave()
	}
}

// finish gives up what the group holds.
func (g *group) finish() {
	g.server.groups.forget(g)
	if g.op != nil {
		g.op.cancel()
	}
	if g.source != nil {
		g.source.close()
	}
	g.members, g.fresh = nil, nil
}

// give hands a delivery to members.
func (g *group) give(to []*member, d *delivery) {
	var t touched
	for _, m := range to {
		m.to.deliver(d, &t)
	}
	t.flush(g.server)
}
