package transport

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// eventsATurn is how many events a group executes before others have their turn.
const eventsATurn = 64

// begin starts the execution for the first member and, in the goroutine of its subscribe, carries it on as far as it goes.
func (g *group) begin() {
	g.safely(func() bool {
		g.op.start()
		g.base = g.op.ctx
		g.source = g.op.run.source
		if g.source == nil || g.op.over {
			g.close()
			g.blocks.Store(true)
			g.block()
			return false
		}
		if !g.source.joinable() {
			g.close()
		}
		g.rung.Store(true)
		g.source.notify(g.ring)
		return false
	})
	g.turn()
}

// close lets nobody join any more.
func (g *group) close() {
	if g.shared {
		g.server.groups.unlist(g)
	}
}

// block is the life of a subscription whose resolver has a channel of its own: it is waited for here.
func (g *group) block() {
	for !g.over {
		g.gather()
		g.admit()
		if g.alive.Load() <= 0 {
			g.op.cancel()
		}
		if g.op.ctx.Err() != nil || g.wait() {
			g.hand(g.members, g.op.next())
		}
	}
}

// wait returns when it has been waited for room, or whether there is some.
func (g *group) wait() bool {
	room := make(chan struct{})
	if g.roomy(sync.OnceFunc(func() { close(room) })) {
		return true
	}
	select {
	case <-room:
	case <-g.op.ctx.Done():
	}
	return false // look again
}

// roomy reports whether anybody has room for an event; if not, call is called when somebody has. A group goes at the pace of
// its fastest member; the others have their queues.
func (g *group) roomy(call func()) bool {
	for _, list := range [][]*member{g.members, g.fresh} {
		for _, m := range list {
			if m.left.Load() || m.to.roomy(call) {
				return true
			}
		}
	}
	return len(g.members)+len(g.fresh) == 0
}

// admit makes newcomers members like the others.
func (g *group) admit() { g.members, g.fresh = append(g.members, g.fresh...), nil }

// step does what there is to do and reports whether there is more.
func (g *group) step() (more bool) {
	if g.over {
		return false
	}
	g.gather()
	if len(g.members)+len(g.fresh) == 0 {
		g.empty()
		return false
	}
	rung, left := g.rung.Swap(false), eventsATurn
	for {
		ready := rung && g.source.ready(g.op.ctx)
		if g.agree(ready); g.over {
			return false
		}
		if g.op.given == 0 { // the first event greets everybody
			g.admit()
		}
		if !ready {
			break
		}
		if left = g.drain(left); g.over || g.paused {
			return false
		}
		if left == 0 {
			g.rung.Store(true)
			return true
		}
	}
	if len(g.fresh) > 0 {
		g.greet()
	}
	return false
}

// drain executes what the source has, until it has no more, nobody has room, or left events have been executed. It returns how
// many of those are left.
func (g *group) drain(left int) int {
	g.paused = false
	for ; left > 0; left-- {
		if g.paused = !g.roomy(g.ring); g.paused {
			return left
		}
		got, err := g.source.advance(g.op.ctx)
		if err == nil && !got {
			return left
		}
		if err != nil {
			g.fail(err)
			return left
		}
		if !g.hand(g.members, g.op.next()) {
			return left
		}
		if g.op.given == 1 {
			g.admit()
		}
	}
	return 0
}

// fail ends the group as the source says.
func (g *group) fail(err error) {
	g.op.run.end(err)
	g.source.close()
	g.hand(g.members, g.op.next())
}

// greet tells newcomers where the stream is, after which they are members like the others.
func (g *group) greet() {
	got, err := g.source.greet(g.op.ctx)
	if err != nil {
		g.fail(err)
		return
	}
	if !got || g.hand(g.fresh, g.op.next()) {
		g.admit()
	}
}

// hand gives members a response and reports whether more may follow; when not, all are told. One of them pays for it, each in
// turn.
func (g *group) hand(to []*member, response *graphql.Response) bool {
	d := &delivery{server: g.server, response: response, ctx: g.op.ctx}
	if response == nil || failed(response) {
		g.end(d)
		return false
	}
	if len(to) == 0 {
		return true
	}
	g.payer++
	payer := to[g.payer%len(to)]
	payer.bill.event(payer.ctx, response)
	g.give(to, d)
	return true
}

// agree makes sure that all members are of one audience by the rules as they are now, before anything is executed for them.
// Who is not any more goes on in another group, from where this one is. It asks once for all of them, and about each only
// when rules have changed. What is executed then has happened before it asked.
func (g *group) agree(ready bool) {
	o := &g.server.options
	again := g.recheck.Swap(false)
	if o.Audience == nil || !(ready || again || len(g.fresh) > 0) {
		return
	}
	version, err := o.Version(g.anybody().ctx)
	if err != nil {
		g.fail(err)
		return
	}
	if version != g.version || g.lead.left.Load() {
		g.lead = nil
		g.members = g.sift(g.members, version)
	}
	g.fresh = g.sift(g.fresh, version)
	g.version = version
	if len(g.members)+len(g.fresh) == 0 {
		g.empty()
	}
}

func (g *group) anybody() *member {
	if len(g.members) > 0 {
		return g.members[0]
	}
	return g.fresh[0]
}

// sift keeps those who are of the group's audience at a version, and moves the others; nobody is asked about twice. Where
// nobody leads, the first who stays does.
func (g *group) sift(members []*member, version int64) []*member {
	kept := members[:0]
	for _, m := range members {
		if m.version == version && g.lead != nil {
			kept = append(kept, m)
			continue
		}
		a, err := g.server.options.Audience(m.ctx, g.op.oc, version)
		if err != nil || a.Key != g.same || a.Scope != g.scope {
			g.move(m)
			continue
		}
		m.version = version
		if g.lead == nil {
			g.lead = m
			g.op.ctx = pinned(a, g.base)
		}
		kept = append(kept, m)
	}
	clear(members[len(kept):])
	return kept
}

// pinned is a context for executions under an audience's decision.
func pinned(a Audience, ctx context.Context) context.Context {
	if a.Pin == nil {
		return ctx
	}
	return a.Pin(ctx)
}

// move lets a member go on elsewhere, from where this group is.
func (g *group) move(m *member) {
	at := ""
	if g.source != nil {
		at = g.source.at(g.op.ctx)
	}
	g.alive.Add(-1)
	g.server.groups.moved(m, g.params, at)
}

// refusal is a response with one error.
func refusal(e *gqlerror.Error) *graphql.Response { return &graphql.Response{Errors: gqlerror.List{e}} }
