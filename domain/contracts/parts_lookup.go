package contracts

import (
	"context"

	"heyue/ent"
	mil "heyue/ent/milestone"
	"heyue/ent/payment"
	"heyue/ent/predicate"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Payment returns a payment of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Payment(ctx context.Context, id publicid.PaymentID) (*ent.Payment, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	p, err := s.Client.Payment.Query().Where(payment.ID(id), payment.HasContractWith(predicate.Contract(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return p, tenancy.Fault(err, "look up a payment")
}

// Milestone returns a milestone of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Milestone(ctx context.Context, id publicid.MilestoneID) (*ent.Milestone, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	m, err := s.Client.Milestone.Query().Where(mil.ID(id), mil.HasContractWith(predicate.Contract(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return m, tenancy.Fault(err, "look up a milestone")
}
