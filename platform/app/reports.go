package app

import "heyue/domain/reports"

// reports count and sum over contracts.
func (s *Services) reports() {
	f, r := s.foundation, s.cfg.Report
	s.Reports = &reports.Service{
		Client: f.client, Contracts: s.Contracts, Lister: f.lister, Clock: f.clock,
		Limits: reports.Limits{Rows: r.Rows, Days: r.Days, Buckets: r.Buckets, Shifts: r.Shifts},
	}
}
