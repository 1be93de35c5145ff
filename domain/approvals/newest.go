package approvals

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/policies"
	"heyue/tenancy"
)

// NewestOf returns the newest approval of each of the given subjects of a kind that the caller may see; none when they may
// see no approvals at all.
func (s *Service) NewestOf(ctx context.Context, kind flow.Kind, subjects []uuid.UUID) ([]*ent.Approval, error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, unlessDenied(err)
	}
	rows, err := s.Client.Approval.Query().Where(approval.KindEQ(kind), approval.SubjectIDIn(subjects...), visible(access)).
		Order(approval.BySubmittedAt(sql.OrderDesc()), approval.ByID(sql.OrderDesc())).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read approvals")
	}
	var newest []*ent.Approval
	seen := map[uuid.UUID]bool{}
	for _, a := range rows {
		if !seen[a.SubjectID] {
			seen[a.SubjectID] = true
			newest = append(newest, a)
		}
	}
	return newest, nil
}
