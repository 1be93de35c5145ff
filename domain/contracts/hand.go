package contracts

import (
	"context"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/tenancy"
)

// hand gives what is due of a contract's incidents to its new owner or department. Dates of the contract's own are set by
// remind, whoever owns it.
func (s *Service) hand(ctx context.Context, tx *ent.Tx, old, now *ent.Contract) error {
	if same(old.OwnerID, now.OwnerID) && same(old.DepartmentID, now.DepartmentID) {
		return nil
	}
	open, err := tx.Obligation.Query().Where(obligation.ContractID(now.ID), obligation.StateEQ(due.Open),
		obligation.KindIn(due.IncidentNotice, due.IncidentSolution)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the obligations")
	}
	dates := make([]due.Date, len(open))
	for i, o := range open {
		dates[i] = due.Date{
			Kind: o.Kind, SubjectID: o.SubjectID, ContractID: o.ContractID, Title: o.Title, DueOn: o.DueOn, Owner: now.OwnerID, Department: now.DepartmentID,
		}
	}
	return s.Obligations.Set(ctx, tx, dates...)
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
