package contracts

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/alerts/due"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/progressline"
	"heyue/platform/publicid"
)

// workDates are what is to be delivered, served and accepted. The progress package writes these lines and keeps their
// reminders while the contract stands; here they are read when the contract itself begins, resumes or changes hands.
func workDates(c *ent.Contract, lines []*ent.ProgressLine) (out []due.Date) {
	for _, l := range lines {
		if l.State.IsOpen() {
			out = append(out, due.Date{Kind: l.Kind.Due(), SubjectID: l.ID.UUID(), Title: work.Title(c.Title, l.Title), DueOn: l.PlannedOn})
		}
	}
	return out
}

// workDue gives what is open of one kind of progress, for a sweep.
func (s *Service) workDue(kind work.Kind) func(context.Context, uuid.UUID, int) ([]due.Date, error) {
	return func(ctx context.Context, after uuid.UUID, limit int) ([]due.Date, error) {
		rows, err := s.Client.ProgressLine.Query().Where(progressline.KindEQ(kind), progressline.StateIn(work.Open()...),
			progressline.IDGT(publicid.ProgressLineID(after)), progressline.HasContractWith(owing()...)).
			Order(progressline.ByID()).Limit(limit).All(ctx)
		out := make([]due.Date, len(rows))
		for i, l := range rows {
			out[i] = due.Date{Kind: kind.Due(), SubjectID: l.ID.UUID(), DueOn: l.PlannedOn}
		}
		return out, err
	}
}
