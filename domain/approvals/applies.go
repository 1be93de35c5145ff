package approvals

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/tenancy"
)

// Applies reports whether one of the tenant's own flows fits a subject as it is now. Owners that have another way to decide
// ask before they submit: without a flow of the tenant's the shipped one would ask the head of the department.
func (s *Service) Applies(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) (bool, error) {
	owner, err := s.subject(kind)
	if err != nil {
		return false, err
	}
	matter, err := owner.Matter(ctx, tx, id)
	if err != nil {
		return false, err
	}
	_, all, err := candidates(ctx, tx, kind, nil)
	if err != nil || len(all) == 0 {
		return false, err
	}
	people, err := peopleOf(ctx, tx)
	if err != nil {
		return false, err
	}
	matter.Facts.Departments = people.Above(matter.DepartmentID)
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return false, tenancy.Fault(err, "read the tenant's rates")
	}
	index, _, _ := flow.Choose(all, matter.Facts, tenant.Settings.Convert)
	return index >= 0, nil
}
