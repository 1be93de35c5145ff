package app

import (
	"context"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contacts"
	"heyue/domain/contracts"
	"heyue/domain/customers"
	"heyue/domain/imports"
	"heyue/domain/service"
	"heyue/ent"
)

// records are the use cases of what tenants keep.
func (s *Services) records() {
	f := s.foundation
	s.Customers = &customers.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Codes: s.Dictionaries, Numbers: f.numbers,
		Lister: f.lister, Clock: f.clock,
	}
	s.Contacts = &contacts.Service{Client: f.client, Policies: f.policies, Audit: f.audit, Lister: f.lister, Clock: f.clock}
	s.Service = &service.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Codes: s.Dictionaries, Lister: f.lister, Clock: f.clock,
	}
	s.Contracts = &contracts.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Numbers: f.numbers, Obligations: dueDates{s.obligations},
		Lister: f.lister, Clock: f.clock,
	}
	s.ocds = imports.OCDS{
		Client: f.client, Obligations: dueDates{s.obligations}, Audit: f.audit, Numbers: f.numbers, Clock: f.clock,
	}
}

// dueDates hands the contracts' dates to the reminders, in the type that the reminders have for them.
type dueDates struct{ alerts.Obligations }

// Import makes or changes the obligations of what was taken over from elsewhere, as part of tx.
func (d dueDates) Import(ctx context.Context, tx *ent.Tx, dates ...due.Date) error {
	return d.Obligations.Import(ctx, tx, translate(dates)...)
}

// Set makes or changes the obligations of dates as part of tx.
func (d dueDates) Set(ctx context.Context, tx *ent.Tx, dates ...due.Date) error {
	return d.Obligations.Set(ctx, tx, translate(dates)...)
}

func translate(dates []due.Date) []alerts.Date {
	out := make([]alerts.Date, len(dates))
	for i, one := range dates {
		out[i] = alerts.Date(one)
	}
	return out
}
