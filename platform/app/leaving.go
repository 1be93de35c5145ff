package app

import (
	"heyue/domain/staff"
	"heyue/domain/staff/leaving"
)

// leaving tells the users' administration what somebody who leaves may hold. It comes when everything else is there.
func (s *Services) leaving() {
	s.Users.Estates = []staff.Estate{
		{Kind: leaving.Customers, Held: s.Customers.Held, HandOver: s.Customers.HandOver},
		{Kind: leaving.Contracts, Held: s.Contracts.Held, HandOver: s.Contracts.HandOver},
		{Kind: leaving.ServiceRecords, Held: s.Service.Held, HandOver: s.Service.HandOver},
		{Kind: leaving.Delegations, Held: s.Approvals.HeldDelegations, HandOver: s.Approvals.HandOverDelegations},
		{Kind: leaving.ApprovalTasks, Held: s.Approvals.HeldTasks, HandOver: s.Approvals.HandOverTasks},
		{Kind: leaving.DueDates, Held: s.Inbox.Held, HandOver: s.obligations.HandOver},
	}
}
