package app

import (
	"heyue/domain/contacts"
	"heyue/domain/contracts"
	"heyue/domain/customers"
	"heyue/domain/imports"
	"heyue/domain/service"
	"heyue/domain/settlement"
)

// records are the use cases of what tenants keep.
func (s *Services) records() {
	f := s.foundation
	s.Customers = &customers.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Codes: s.Dictionaries, Numbers: f.numbers,
		Fields: s.Fields, Lister: f.lister, Clock: f.clock,
	}
	s.Contacts = &contacts.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Fields: s.Fields, Lister: f.lister, Clock: f.clock,
	}
	s.Service = &service.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Codes: s.Dictionaries, Fields: s.Fields, Lister: f.lister, Clock: f.clock,
	}
	s.Contracts = &contracts.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Numbers: f.numbers, Obligations: s.obligations,
		Fields: s.Fields, Outbox: s.outbox, Lister: f.lister, Clock: f.clock,
	}
	s.calendar = &contracts.Calendar{
		Contracts: s.Contracts, Tenants: f.directory, Clock: f.clock, Log: f.log,
		Poll: f.cfg.Worker.CalendarPoll, Every: f.cfg.Worker.CalendarEvery, Batch: f.cfg.Worker.CalendarBatch,
	}
	s.Settlement = &settlement.Service{
		Client: f.client, Policies: f.policies, Audit: f.audit, Obligations: s.obligations, Plans: s.Contracts, Lister: f.lister, Clock: f.clock,
	}
	s.ocds = imports.OCDS{
		Client: f.client, Obligations: s.obligations, Audit: f.audit, Sealer: f.vault, Numbers: f.numbers, Clock: f.clock,
		Dates: contracts.DueDates, BatchSize: f.cfg.Import.Batch,
	}
}
