package changes

import (
	"context"
	"time"

	"heyue/domain/changes/terms"
	"heyue/ent"
	"heyue/ent/contractversion"
	"heyue/ent/termsschedule"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// ledger is a contract's record together with what its rows say, the contract being locked.
type ledger struct {
	contract  *ent.Contract
	live      terms.Sheet
	versions  []*ent.ContractVersion // in their order; none before the first change
	schedule  *ent.TermsSchedule     // nil as long as there are no versions
	today     date.Date
	now       time.Time
	tolerance int // of the payment plan, in basis points
}

// tick is how finely the API tells time: whoever asks what was known at the moment of a version knows of it.
const tick = time.Millisecond

// open reads the record of a contract.
func (s *Service) open(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*ledger, error) {
	here, today, err := tenancy.Local(ctx, tx.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	l := &ledger{contract: c, today: today, tolerance: here.PlanTolerance, now: s.Clock.Now().Truncate(tick)}
	if l.live, err = s.Contracts.Terms(ctx, tx, c); err != nil {
		return nil, err
	}
	l.versions, err = tx.ContractVersion.Query().Where(contractversion.ContractID(c.ID)).Order(contractversion.ByNumber()).All(ctx)
	if err != nil || len(l.versions) == 0 {
		return l, tenancy.Fault(err, "read versions of a contract")
	}
	if last := l.versions[len(l.versions)-1].RecordedAt; !l.now.After(last) {
		l.now = last.Add(tick) // clocks of two machines may differ; the order of the record does not
	}
	l.schedule, err = tx.TermsSchedule.Query().Where(termsschedule.ContractID(c.ID)).Only(ctx)
	return l, tenancy.Fault(err, "read a schedule of terms")
}

// base is what was agreed.
func (l *ledger) base() terms.Sheet {
	if len(l.versions) == 0 {
		return l.live
	}
	return l.versions[0].Content
}

func (l *ledger) entries() []terms.Entry { return entries(l.versions) }

// entries are the changes among versions of one contract.
func entries(versions []*ent.ContractVersion) []terms.Entry {
	var out []terms.Entry
	for _, v := range versions {
		if v.Source != terms.FromContract {
			out = append(out, entry(v))
		}
	}
	return out
}

func entry(v *ent.ContractVersion) terms.Entry {
	return terms.Entry{Number: v.Number, Recorded: v.RecordedAt, On: *v.EffectiveOn, Until: v.Until, Fact: v.Source == terms.FromCorrection, Delta: v.Delta}
}

// drift is what the rows say that the record does not know of yet; zero for nothing.
func (l *ledger) drift() (terms.Delta, error) {
	if len(l.versions) == 0 {
		return terms.Delta{}, nil
	}
	known, err := terms.Replay(l.base(), l.entries(), l.schedule.AppliedOn, l.now)
	return terms.Diff(known, l.live), err
}

// begin puts the contract on record, and what was written since without a change order: a record that follows is about the
// contract as it is.
func (s *Service) begin(ctx context.Context, tx *ent.Tx, l *ledger, record *publicid.ContractChangeID) error {
	if len(l.versions) == 0 {
		return s.found(ctx, tx, l)
	}
	delta, err := l.drift()
	if err != nil || delta.IsZero() {
		return err
	}
	return s.write(ctx, tx, l, version{source: terms.FromCorrection, delta: delta, on: l.today, record: record})
}

// found writes the first version: what was agreed.
func (s *Service) found(ctx context.Context, tx *ent.Tx, l *ledger) (err error) {
	v, err := tx.ContractVersion.Create().SetContractID(l.contract.ID).SetNumber(1).SetSource(terms.FromContract).SetRecordedAt(l.now).
		SetNillableRecordedByID(actor(ctx)).SetDelta(terms.Delta{}).SetContent(l.live).SetDigest(l.live.Digest()).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write the first version of a contract")
	}
	l.versions = append(l.versions, v)
	l.schedule, err = tx.TermsSchedule.Create().SetContractID(l.contract.ID).SetAppliedOn(l.today).Save(ctx)
	return tenancy.Fault(err, "write a schedule of terms")
}

// version is what is put on record.
type version struct {
	source terms.Source
	order  *publicid.ChangeOrderID
	record *publicid.ContractChangeID
	delta  terms.Delta
	on     date.Date
	until  *date.Date
}

// next is the version as an entry behind those there are.
func (l *ledger) next(v version) terms.Entry {
	return terms.Entry{Number: len(l.versions) + 1, Recorded: l.now, On: v.on, Until: v.until, Fact: v.source == terms.FromCorrection, Delta: v.delta}
}

// write adds a version to the record. Its content is what is in force on its first day, or today when that was earlier.
func (s *Service) write(ctx context.Context, tx *ent.Tx, l *ledger, v version) error {
	e := l.next(v)
	day := v.on
	if day.Before(l.today) {
		day = l.today
	}
	content, err := terms.Replay(l.base(), append(l.entries(), e), day, l.now)
	if err != nil {
		return err
	}
	row, err := tx.ContractVersion.Create().SetContractID(l.contract.ID).SetNumber(e.Number).SetSource(v.source).SetNillableChangeOrderID(v.order).
		SetNillableRecordID(v.record).SetEffectiveOn(v.on).SetNillableUntil(v.until).SetRecordedAt(l.now).SetNillableRecordedByID(actor(ctx)).
		SetDelta(v.delta).SetContent(content).SetDigest(content.Digest()).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write a version of a contract")
	}
	l.versions = append(l.versions, row)
	return nil
}

// apply brings the contract's rows to the terms that are in force today, and notes when these change next.
func (s *Service) apply(ctx context.Context, tx *ent.Tx, l *ledger, approved bool) error {
	to, err := terms.Replay(l.base(), l.entries(), l.today, l.now)
	if err != nil {
		return err
	}
	if !to.Equal(l.live) {
		if l.contract, err = s.Contracts.Amend(ctx, tx, l.contract, to, approved); err != nil {
			return err
		}
		l.live = to
	}
	update := tx.TermsSchedule.UpdateOne(l.schedule).SetAppliedOn(l.today)
	if next := terms.Next(l.entries(), l.today); next != nil {
		update.SetNextOn(*next)
	} else {
		update.ClearNextOn()
	}
	l.schedule, err = update.Save(ctx)
	return tenancy.Fault(err, "write a schedule of terms")
}

// Keep puts on record what a locked contract says now where that is not on record yet; contracts call it around whatever
// they write without a change order. A contract that never bound anybody has no record. Faults are INTERNAL or UNAVAILABLE.
func (s *Service) Keep(ctx context.Context, tx *ent.Tx, c *ent.Contract, record *publicid.ContractChangeID) error {
	if !c.Status.MayAmend() {
		return nil
	}
	l, err := s.open(ctx, tx, c)
	if err != nil {
		return err
	}
	return s.begin(ctx, tx, l, record)
}

// Advance brings the rows of a locked contract to the terms of today where a change begins or a temporary one ends; the
// calendar calls it before the steps of a contract's life, which may hang on them. A contract that does not bind stays as it
// is. Faults are those of contracts.Amend: what money was booked on meanwhile cannot be taken back by the calendar.
func (s *Service) Advance(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*ent.Contract, error) {
	schedule, err := tx.TermsSchedule.Query().Where(termsschedule.ContractID(c.ID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return c, nil
	case err != nil:
		return nil, tenancy.Fault(err, "read a schedule of terms")
	case schedule.NextOn == nil || c.ArchivedAt != nil || !c.Status.IsBinding():
		return c, nil
	}
	l, err := s.open(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	if schedule.NextOn.After(l.today) {
		return c, nil
	}
	if err := s.begin(ctx, tx, l, nil); err != nil {
		return nil, err
	}
	if err := s.apply(ctx, tx, l, false); err != nil {
		return nil, flat(err)
	}
	return l.contract, nil
}

// actor is who acts; nil for the calendar.
func actor(ctx context.Context) *publicid.UserID {
	caller, ok := identity.Signed(ctx)
	if !ok {
		return nil
	}
	return &caller.UserID
}
