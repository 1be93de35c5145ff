package app

import (
	"heyue/domain/alerts"
	"heyue/domain/deliveries"
	"heyue/platform/carrier"
	"heyue/platform/config"
	"heyue/platform/egress"
	"heyue/platform/secret"
)

// deliveries is how alerts and events reach mailboxes, programs, telephones and groups. It comes before what raises
// alerts; its worker, which reads them, after.
func (s *Services) deliveries(roles Roles) error {
	f := s.foundation
	limits := deliveryLimits(f.cfg.Delivery)
	box := secret.NewBox(f.secret.Derive(secret.Endpoints, secret.Size))
	owed := alerts.Obligations{Outbox: s.outbox, Clock: f.clock}
	s.Deliveries = &deliveries.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Reminders: owed, Box: box, Lister: f.lister, Clock: f.clock, Limits: limits,
	}
	sender, err := mailSender(f.cfg.Mail)
	if err != nil {
		return err
	}
	s.calls = egress.New(egress.Options{Timeout: f.cfg.Delivery.Timeout, Allow: limits.Allow})
	fleet := carrier.New(carrier.Deps{HTTP: s.calls, Answer: int64(f.cfg.Delivery.Answer), Mail: sender, Clock: f.clock})
	s.deliverer = deliveries.NewWorker(deliveries.WorkerOptions{
		Client: f.client, System: f.system, Policies: f.policies, Alerts: &alerts.Inbox{Client: f.client, Policies: f.policies}, Reminders: owed, Carrier: fleet,
		Box: box, Clock: f.clock, Log: f.log, Metrics: f.measures, Limits: limits, Site: string(f.cfg.Mail.Site),
	})
	if roles.Worker {
		s.Deliveries.Committed = s.deliverer.Wake
	}
	return nil
}

// deliveryLimits are the bounds as the settings give them.
func deliveryLimits(c config.Delivery) deliveries.Limits {
	return deliveries.Limits{
		Workers: c.Workers, PerTenant: c.PerTenant, PerEndpoint: c.PerEndpoint, Rate: c.Rate, RobotRate: c.RobotRate, Digest: c.Digest, Feed: c.Feed,
		Endpoints: c.Endpoints, Poll: c.Poll, Lease: c.Lease, Wait: c.Wait, WaitMost: c.WaitMost, Life: c.Life, Failures: c.Failures, Open: c.Open,
		OpenMost: c.OpenMost, DisableAfter: c.DisableAfter, Keep: c.Keep, Overlap: c.Overlap, Allow: c.Allow,
	}
}
