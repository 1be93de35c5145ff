package app

import (
	"time"

	"heyue/audit"
	"heyue/domain/alerts"
	"heyue/outbox"
	"heyue/platform/page"
	"heyue/platform/secret"
)

// events joins what happens after a commit. A relay lives in worker processes only; where there is none, Redis carries
// the wake-up to one, and where Redis is down its poll finds the work.
func (s *Services) events(roles Roles) error {
	f := s.foundation
	positions, err := page.NewSealer([64]byte(f.secret.Derive(secret.EventCursors, 64)))
	if err != nil {
		return err
	}
	s.doorbell = outbox.NewDoorbell(f.redis.Commands, f.log)
	bounds := f.cfg.Event
	hub := f.hubOptions()
	hub.Rules = func(tenant int64) { s.watcher.Wake(tenant) }
	s.hub = outbox.NewHub(hub)
	f.policies.Changed = func(tenant int64) {
		s.watcher.Wake(tenant)
		s.doorbell.Rules(tenant)
	}
	s.relay = &outbox.Relay{
		Client: f.client, System: f.system, Messages: f.redis.Messages, Log: f.log,
		Batch: bounds.RelayBatch, Workers: bounds.RelayWorkers, Poll: bounds.Poll,
		Forget:  f.cfg.Worker.RetentionBatch,
		Observe: func(oldest time.Time) { f.measures.Numbered(f.clock.Now().Sub(oldest)) },
		Numbered: func(tenant, last int64) {
			s.hub.Wake(tenant, last)
			s.deliverer.Wake()
			s.doorbell.Numbered(tenant, last)
		},
	}
	s.outbox = outbox.Writer{Clock: f.clock, Committed: s.doorbell.Relay}
	if roles.Worker {
		s.outbox.Committed = s.relay.Wake
	}
	if err := s.deliveries(roles); err != nil {
		return err
	}
	s.obligations = alerts.Obligations{Outbox: s.outbox, Courier: s.Deliveries, Clock: f.clock}
	s.scanner = &alerts.Scanner{
		Client: f.client, System: f.system, Policies: f.policies, Recipients: alerts.Staff{}, Outbox: s.outbox, Courier: s.Deliveries,
		Clock: f.clock, Log: f.log, Batch: f.cfg.Worker.ReminderBatch, Poll: f.cfg.Worker.ReminderPoll,
		Observe: func(late time.Duration, r alerts.Report) { f.measures.Scanned(late, r.Raised, r.Skipped, r.Unheard) },
	}
	s.Inbox = &alerts.Inbox{Client: f.client, Policies: f.policies, Audit: f.audit, Outbox: s.outbox, Courier: s.Deliveries, Clock: f.clock, Lister: f.lister}
	s.waker = &alerts.Waker{Client: f.client, System: f.system, Outbox: s.outbox, Clock: f.clock, Log: f.log, Batch: f.cfg.Worker.ReminderBatch}
	s.AlertEvents = &alerts.Stream{
		Client: f.client, Policies: f.policies, Hub: s.hub, Sealer: positions, Clock: f.clock, Every: bounds.Position,
	}
	s.sealer = &audit.Sealer{
		Client: f.client, System: f.system, Clock: f.clock, Log: f.log,
		Batch: f.cfg.Worker.SealBatch, Poll: f.cfg.Worker.SealPoll,
	}
	return nil
}

// hubOptions are the bounds of the hub as the settings give them, and what it works with.
func (f *foundation) hubOptions() outbox.HubOptions {
	bounds := f.cfg.Event
	return outbox.HubOptions{
		Reader: outbox.Reader{Client: f.client}, System: f.system, Messages: f.redis.Messages, Log: f.log, Index: alerts.Index,
		Ring: bounds.Recent, Queue: bounds.Queue, Page: bounds.Page, Workers: bounds.Readers,
		Poll: bounds.Poll, Linger: bounds.Linger,
	}
}
