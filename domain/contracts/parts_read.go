package contracts

import (
	"context"

	"heyue/ent"
	"heyue/ent/contractchange"
	"heyue/ent/contractline"
	"heyue/ent/contractparty"
	"heyue/ent/documentreference"
	mil "heyue/ent/milestone"
	"heyue/ent/payment"
	"heyue/ent/paymentplanline"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// The parts of contracts are read for many contracts at once, ids in any order, so that a list with its parts costs one
// query a part. Callers pass contracts they were given by this service: whoever sees a contract sees its parts.

// PartiesOf returns the parties of the given contracts in their order.
func (s *Service) PartiesOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ContractParty, error) {
	rows, err := s.Client.ContractParty.Query().Where(contractparty.ContractIDIn(ids...)).Order(byPosition).All(ctx)
	return rows, tenancy.Fault(err, "read parties")
}

// LinesOf returns the lines of the given contracts in their order.
func (s *Service) LinesOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ContractLine, error) {
	rows, err := s.Client.ContractLine.Query().Where(contractline.ContractIDIn(ids...)).Order(byPosition).All(ctx)
	return rows, tenancy.Fault(err, "read lines")
}

// PlanOf returns the payment plans of the given contracts in their order.
func (s *Service) PlanOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.PaymentPlanLine, error) {
	rows, err := s.Client.PaymentPlanLine.Query().Where(paymentplanline.ContractIDIn(ids...)).Order(byPosition).All(ctx)
	return rows, tenancy.Fault(err, "read payment plans")
}

// PaymentsOf returns the payments of the given contracts, oldest first.
func (s *Service) PaymentsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.Payment, error) {
	rows, err := s.Client.Payment.Query().Where(payment.ContractIDIn(ids...)).Order(paymentOrder).All(ctx)
	return rows, tenancy.Fault(err, "read payments")
}

// MilestonesOf returns the milestones of the given contracts by due date, those without one last.
func (s *Service) MilestonesOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.Milestone, error) {
	rows, err := s.Client.Milestone.Query().Where(mil.ContractIDIn(ids...)).Order(milestoneOrder).All(ctx)
	return rows, tenancy.Fault(err, "read milestones")
}

// DocumentsOf returns the documents of the given contracts.
func (s *Service) DocumentsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.DocumentReference, error) {
	rows, err := s.Client.DocumentReference.Query().Where(documentreference.ContractIDIn(ids...)).Order(byID).All(ctx)
	return rows, tenancy.Fault(err, "read documents")
}

// ChangesOf returns the recorded changes of the given contracts, oldest first.
func (s *Service) ChangesOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ContractChange, error) {
	rows, err := s.Client.ContractChange.Query().Where(contractchange.ContractIDIn(ids...)).Order(changeOrder).All(ctx)
	return rows, tenancy.Fault(err, "read changes")
}

// ChangesByIDs returns recorded changes in no order.
func (s *Service) ChangesByIDs(ctx context.Context, ids []publicid.ContractChangeID) ([]*ent.ContractChange, error) {
	rows, err := s.Client.ContractChange.Query().Where(contractchange.IDIn(ids...)).All(ctx)
	return rows, tenancy.Fault(err, "read changes")
}
