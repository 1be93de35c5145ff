package progress

import (
	"context"

	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/progressentry"
	"heyue/ent/progressline"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Line returns a progress line of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Line(ctx context.Context, id publicid.ProgressLineID) (*ent.ProgressLine, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	l, err := s.Client.ProgressLine.Query().Where(progressline.ID(id), progressline.HasContractWith(access.Where)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return l, tenancy.Fault(err, "look up a progress line")
}

// Entry returns a progress entry of a contract that the caller may see; nil when there is none. Needs contract:read.
func (s *Service) Entry(ctx context.Context, id publicid.ProgressEntryID) (*ent.ProgressEntry, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	e, err := s.Client.ProgressEntry.Query().
		Where(progressentry.ID(id), progressentry.HasLineWith(progressline.HasContractWith(access.Where))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return e, tenancy.Fault(err, "look up a progress entry")
}

// What follows is read for many at once. Callers pass what they were given by this service or the contracts': whoever sees
// a contract sees its progress.

// LinesOf returns the progress lines of the given contracts by planned day, cancelled ones too.
func (s *Service) LinesOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ProgressLine, error) {
	rows, err := s.Client.ProgressLine.Query().Where(listing.AnyOf(progressline.FieldContractID, ids)).
		Order(ent.Asc(progressline.FieldPlannedOn, progressline.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "read progress lines")
}

// LinesByID returns the given progress lines, in no order.
func (s *Service) LinesByID(ctx context.Context, ids []publicid.ProgressLineID) ([]*ent.ProgressLine, error) {
	rows, err := s.Client.ProgressLine.Query().Where(listing.AnyOf(progressline.FieldID, ids)).All(ctx)
	return rows, tenancy.Fault(err, "read progress lines")
}

// EntriesOf returns the entries of the given lines, oldest first.
func (s *Service) EntriesOf(ctx context.Context, ids []publicid.ProgressLineID) ([]*ent.ProgressEntry, error) {
	rows, err := s.Client.ProgressEntry.Query().Where(listing.AnyOf(progressentry.FieldLineID, ids)).
		Order(ent.Asc(progressentry.FieldHappenedOn, progressentry.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "read progress entries")
}

// Overdue says of each line whether it should have been done by now: it is open, its day has passed in the tenant's zone, and
// its contract is one whose dates stand.
func (s *Service) Overdue(ctx context.Context, lines []*ent.ProgressLine) (map[publicid.ProgressLineID]bool, error) {
	today, err := s.today(ctx, s.Client.Tenant)
	if err != nil {
		return nil, err
	}
	ids := make([]publicid.ContractID, len(lines))
	for i, l := range lines {
		ids[i] = l.ContractID
	}
	rows, err := s.Client.Contract.Query().Where(listing.AnyOf(contract.FieldID, ids)).
		Select(contract.FieldID, contract.FieldStatus, contract.FieldArchivedAt).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read where contracts stand")
	}
	stands := make(map[publicid.ContractID]bool, len(rows))
	for _, c := range rows {
		stands[c.ID] = standsFor(c)
	}
	out := make(map[publicid.ProgressLineID]bool, len(lines))
	for _, l := range lines {
		out[l.ID] = stands[l.ContractID] && l.State.IsOpen() && l.PlannedOn.Before(today)
	}
	return out, nil
}

// standsFor reports whether a contract's dates stand, so that one that has passed is overdue.
func standsFor(c *ent.Contract) bool { return c.Status.OwesObligations() && c.ArchivedAt == nil }

// part is a line as the reckoning of completion wants it.
func part(l *ent.ProgressLine) work.Part {
	return work.Part{Kind: l.Kind, State: l.State, Planned: l.PlannedQuantity, Actual: l.ActualQuantity, Weight: l.Weight}
}

// Percent is how much of a line is done, cut off after two decimals.
func Percent(l *ent.ProgressLine) money.Decimal { return part(l).Percent() }
