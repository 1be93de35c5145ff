package outbox

import (
	"context"
	"fmt"
	"slices"

	"heyue/platform/fault"
	"heyue/tenancy"
)

// Subscription is one consumer of one tenant's events on one topic. Next is for one goroutine at a time; Position and
// Close are for any.
type Subscription struct {
	hub   *Hub
	tail  *tail
	topic string
	ready chan struct{} // holds one token while the queue or err has something new
	bell  func()        // rung at the same time; nil for nobody. Under the tail's lock, as all that follows below

	// Under the tail's lock.
	seen    int64    // everything up to here has been handed out or was not for this topic
	found   []*Entry // read from the table, to be handed out; none once live
	through int64    // up to where found was read
	live    bool     // the tail fills the queue
	queue   []*Entry
	most    int // entries that the queue may hold
	err     error
	closed  bool
}

// SlowError ends a subscription whose consumer did not keep up. Nothing is lost: it may resume after At.
type SlowError struct{ At Position }

// Error tells where to resume.
func (e *SlowError) Error() string {
	return fmt.Sprintf("outbox: the consumer is too slow; it has had events up to %d", e.At.Seq)
}

// Subscribe follows the events of ctx's tenant on a topic, "" for all of them, that come after a position; nil for
// those that come from now on. It first makes sure of being told of new events and then reads what lies between, so
// that there is no gap. It fails with CURSOR_EXPIRED when events after the position are no longer kept, or the
// position is of another epoch. Close the subscription at the end; ctx does not bind it.
func (h *Hub) Subscribe(ctx context.Context, topic string, after *Position) (*Subscription, error) {
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	t := h.enter(tenant)
	s := &Subscription{hub: h, tail: t, topic: topic, ready: make(chan struct{}, 1)}
	if err := s.begin(ctx, after); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Subscription) begin(ctx context.Context, after *Position) error {
	if err := s.tail.start(ctx, s.hub); err != nil {
		return err
	}
	s.seen = s.tail.head.Load()
	if after != nil {
		if after.Epoch != s.tail.epoch {
			return Expired()
		}
		if err := s.known(ctx, after.Seq); err != nil {
			return err
		}
		s.seen = after.Seq
	}
	return s.advance(ctx)
}

// known refuses a number that the tenant has never had. One that only this process has not heard of yet is fine.
func (s *Subscription) known(ctx context.Context, seq int64) error {
	if seq <= s.tail.head.Load() {
		return nil
	}
	head, err := s.hub.o.Reader.Head(ctx)
	if err == nil && seq > head {
		return Expired()
	}
	return err
}

// advance joins the tail, or reads the next page of the table.
func (s *Subscription) advance(ctx context.Context) error {
	if s.tail.join(s) {
		return nil
	}
	events, err := s.hub.o.Reader.Read(tenancy.With(ctx, s.tail.tenant), s.Position().Seq, s.hub.o.Page)
	if err != nil {
		return err
	}
	if len(events) == 0 { // the tail has had more events than there are
		return Expired()
	}
	entries := s.hub.entries(events)
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	for _, e := range entries {
		if s.wants(e) {
			s.found = append(s.found, e)
		}
	}
	if s.through = *events[len(events)-1].Seq; len(s.found) == 0 {
		s.seen = s.through
	}
	return nil
}

// Notify takes what to ring when Poll may have something, from then on. It is rung under a lock and must neither wait nor call
// back.
func (s *Subscription) Notify(ring func()) {
	s.tail.mu.Lock()
	s.bell = ring
	s.tail.mu.Unlock()
	ring() // for what there is already
}

// Poll is Next without waiting for events that are still to come: none, and no error, when there are none now.
func (s *Subscription) Poll(ctx context.Context) ([]*Entry, error) {
	for {
		entries, live, err := s.take()
		if len(entries) > 0 || err != nil || live {
			return entries, err
		}
		if err := s.advance(ctx); err != nil {
			return nil, err
		}
	}
}

// CaughtUp reports whether everything that was there when the subscription began has been handed out.
func (s *Subscription) CaughtUp() bool {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	return s.live && len(s.queue) == 0
}

// Next waits for events and returns all that are there, oldest first, each once. It ends with ctx's error, which may
// be a deadline: the subscription stays good. Any other error is its end: a *SlowError, CURSOR_EXPIRED, or UNAVAILABLE.
func (s *Subscription) Next(ctx context.Context) ([]*Entry, error) {
	for {
		if entries, err := s.Poll(ctx); len(entries) > 0 || err != nil {
			return entries, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ready:
		}
	}
}

// take hands out what is there.
func (s *Subscription) take() (entries []*Entry, live bool, err error) {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	switch {
	case s.err != nil:
		return nil, false, s.err
	case len(s.found) > 0:
		entries, s.found, s.seen = s.found, nil, s.through
	case len(s.queue) > 0:
		entries, s.queue = s.queue, nil
		s.seen = *entries[len(entries)-1].Event.Seq
		s.most = s.hub.o.Queue
	}
	return entries, s.live, nil
}

// Position is where to resume if the subscription ended now: behind everything that Next has returned. A quiet
// subscription moves on with its tenant.
func (s *Subscription) Position() Position {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	return s.position()
}

func (s *Subscription) position() Position {
	p := Position{s.tail.epoch, s.seen}
	if s.live && len(s.queue) == 0 {
		p.Seq = max(p.Seq, s.tail.head.Load())
	}
	return p
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.tail.mu.Lock()
	first := !s.closed
	s.closed = true
	s.tail.remove(s)
	s.fail(fault.New(fault.Internal, fault.CodeInternal, "the subscription is closed"))
	s.tail.mu.Unlock()
	if first {
		s.hub.leave(s.tail)
	}
}

// wants reports whether e is for this subscription and new to it; the tail's lock is held, as in all that follow.
func (s *Subscription) wants(e *Entry) bool {
	return *e.Event.Seq > s.seen && (s.topic == "" || slices.Contains(e.topics, s.topic))
}

// start makes the subscription live, with what it lacks of the ring.
func (s *Subscription) start(lacks []*Entry) {
	for _, e := range lacks {
		if s.wants(e) {
			s.queue = append(s.queue, e)
		}
	}
	s.live, s.most = true, len(s.queue)+s.hub.o.Queue
}

// put queues an entry, or ends the subscription when the queue is full.
func (s *Subscription) put(e *Entry) {
	n := len(s.queue)
	switch {
	case *e.Event.Seq <= s.seen, n > 0 && s.queue[n-1] == e: // of another process's hub, or of two of our topics
	case n >= s.most:
		s.tail.remove(s)
		s.fail(&SlowError{s.position()})
	default:
		s.queue = append(s.queue, e)
		s.ring()
	}
}

// fail ends the subscription; the first error stays.
func (s *Subscription) fail(err error) {
	if s.err != nil {
		return
	}
	s.seen = s.position().Seq
	s.err, s.live, s.queue, s.found = err, false, nil, nil
	s.ring()
}

func (s *Subscription) ring() {
	if s.bell != nil {
		s.bell()
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
}
