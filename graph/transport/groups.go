package transport

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// groups are the subscriptions of a server.
type groups struct {
	server *Server
	steps  *crew[*group]
	moves  sync.WaitGroup

	mu   sync.Mutex
	open map[groupKey]*group            // that may be joined
	all  map[string]map[*group]struct{} // by Audience.Scope
}

func newGroups(s *Server) *groups {
	g := &groups{server: s, open: map[groupKey]*group{}, all: map[string]map[*group]struct{}{}}
	g.steps = newCrew(s.options.Executions, func(list []*group) {
		for _, one := range list {
			one.turn()
		}
	})
	return g
}

// Recheck asks again who may get what of the subscriptions of a scope, because rules may have changed: whoever may no longer
// get what they did is told so or goes on with less, whether there is an event or not. It does not wait for that.
func (s *Server) Recheck(scope string) {
	s.groups.mu.Lock()
	defer s.groups.mu.Unlock()
	for g := range s.groups.all[scope] {
		g.recheck.Store(true)
		g.wake()
	}
}

// Subscriptions tells how many subscriptions are open, and how many executions serve them.
func (s *Server) Subscriptions() (open, executions int) {
	s.groups.mu.Lock()
	defer s.groups.mu.Unlock()
	for _, scope := range s.groups.all {
		executions += len(scope)
		for g := range scope {
			open += int(g.alive.Load())
		}
	}
	return open, executions
}

// join puts a member into the group of those who get the same, or begins one. The operation is the member's own; it is
// executed when it begins a group, and dropped otherwise.
func (gs *groups) join(m *member, op *operation, params *graphql.RawParams) {
	a, version, err := gs.audience(m, op)
	if err != nil {
		op.cancel()
		d := &delivery{server: gs.server, response: refusal(gs.server.present.present(op.ctx, err)), over: true}
		var t touched
		m.to.deliver(d, &t)
		t.flush(gs.server)
		m.leave()
		return
	}
	m.version = version
	g, began := gs.enter(m, a, op, params)
	if g == nil { // it has left
		op.cancel()
		return
	}
	m.to.joined(m)
	if began {
		g.begin()
		return
	}
	op.cancel()
	g.wake()
}

func (gs *groups) audience(m *member, op *operation) (a Audience, version int64, err error) {
	o := &gs.server.options
	if o.Audience == nil {
		return a, 0, nil
	}
	if version, err = o.Version(m.ctx); err == nil {
		a, err = o.Audience(m.ctx, op.oc, version)
	}
	return a, version, err
}

// enter finds the group for a member, or makes one, which the caller must begin. There is none for a member who has left.
func (gs *groups) enter(m *member, a Audience, op *operation, params *graphql.RawParams) (_ *group, began bool) {
	key, shared := gs.server.keyOf(op.ctx, a, op.oc)
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if g := gs.open[key]; shared && g != nil && g.enter(m) {
		m.bill.join(g.op.bill)
		return g, false
	}
	g := &group{
		server: gs.server, key: key, shared: shared, scope: a.Scope, same: a.Key, params: params, op: op,
		version: m.version, lead: m,
	}
	op.ctx = pinned(a, op.ctx)
	g.state.Store(groupRunning)
	if !g.enter(m) {
		return nil, false
	}
	if shared {
		gs.open[key] = g
	}
	if gs.all[a.Scope] == nil {
		gs.all[a.Scope] = map[*group]struct{}{}
	}
	gs.all[a.Scope][g] = struct{}{}
	return g, true
}

// unlist lets nobody join a group any more.
func (gs *groups) unlist(g *group) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if gs.open[g.key] == g {
		delete(gs.open, g.key)
	}
}

// forget drops a group that is over.
func (gs *groups) forget(g *group) {
	gs.unlist(g)
	gs.mu.Lock()
	defer gs.mu.Unlock()
	delete(gs.all[g.scope], g)
	if len(gs.all[g.scope]) == 0 {
		delete(gs.all, g.scope)
	}
}

// moved begins a member's subscription anew, as itself, from where its group was. What it has paid for is paid.
func (gs *groups) moved(m *member, params *graphql.RawParams, at string) {
	m.mu.Lock()
	m.group = nil
	m.mu.Unlock()
	gs.moves.Go(func() {
		op, refused := gs.server.engine.again(context.WithValue(m.ctx, resumeKey, at), params, m.bill)
		if op == nil {
			var t touched
			m.to.deliver(&delivery{server: gs.server, response: refused, over: true}, &t)
			t.flush(gs.server)
			m.leave()
			return
		}
		gs.join(m, op, params)
	})
}

// wait returns when nothing of the groups runs any more. All members must have left.
func (gs *groups) wait() {
	gs.moves.Wait()
	gs.steps.wait()
}
