package contracts

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"entgo.io/ent/dialect/sql"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/tenants/standing"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/predicate"
	"heyue/ent/termsschedule"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Defaults of a Calendar.
const (
	DefaultCalendarPoll  = time.Minute
	DefaultCalendarEvery = time.Hour
	DefaultCalendarBatch = 200
)

// Tenants lists who there is; see tenancy.Directory.
type Tenants interface {
	List(ctx context.Context) ([]tenancy.Listing, error)
}

// Calendar takes the steps that days bring: a signed contract takes effect, a suspension ends, a term ends or goes on (E8,
// HR14), an approved change begins, a temporary one is taken back (G2). Days are the tenant's own. Any number may run: each
// contract moves in a transaction of its own, under a lock that others skip, and what has moved is not looked for again.
// After a pause everything that was missed is made up for.
type Calendar struct {
	Contracts *Service
	Tenants   Tenants
	Clock     clock.Clock
	Log       *slog.Logger
	Poll      time.Duration // between two looks at the clock; 0: DefaultCalendarPoll
	Every     time.Duration // a tenant is looked at this often within a day, for dates that were moved; 0: DefaultCalendarEvery
	Batch     int           // contracts that are looked for at a time; 0: DefaultCalendarBatch

	next map[int64]time.Time // when a tenant is looked at again; used by Run alone
}

// Passed counts what a look at a tenant did.
type Passed struct {
	Moved   int // contracts that took steps
	Refused int // contracts that may not: their approval is void
	Failed  int // contracts that could not be moved; tried again
}

// Run works until ctx ends. What fails is logged and tried again.
func (l *Calendar) Run(ctx context.Context) {
	tick := time.NewTicker(cmp.Or(l.Poll, DefaultCalendarPoll))
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := l.Once(ctx); err != nil && ctx.Err() == nil {
			l.Log.ErrorContext(ctx, "look at the calendar", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Once looks at every active tenant whose day has changed or that was not looked at for Every.
func (l *Calendar) Once(ctx context.Context) error {
	tenants, err := l.Tenants.List(ctx)
	if err != nil {
		return err
	}
	if l.next == nil {
		l.next = map[int64]time.Time{}
	}
	now := l.Clock.Now()
	for _, t := range tenants {
		if t.Standing != standing.Active || now.Before(l.next[t.TenantID]) { // who is suspended is made up for later
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		passed, again, err := l.Pass(tenancy.With(ctx, t.TenantID))
		switch {
		case err != nil && ctx.Err() == nil:
			l.Log.ErrorContext(ctx, "move contracts with the calendar", "tenant", t.TenantID, "error", err)
			continue
		case passed.Failed == 0:
			l.next[t.TenantID] = again
		}
		if passed.Moved+passed.Refused+passed.Failed > 0 {
			l.Log.InfoContext(ctx, "contracts moved with the calendar", "tenant", t.TenantID,
				"moved", passed.Moved, "refused", passed.Refused, "failed", passed.Failed)
		}
	}
	return nil
}

// Pass takes every step that has come for the context's tenant and tells when to look again: at its next midnight, or after
// Every.
func (l *Calendar) Pass(ctx context.Context) (Passed, time.Time, error) {
	var done Passed
	s := l.Contracts
	t, err := s.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return done, time.Time{}, tenancy.Fault(err, "read the tenant's settings")
	}
	zone, err := t.Settings.Zone()
	if err != nil {
		return done, time.Time{}, fault.Wrap(err, "read the tenant's zone")
	}
	now := l.Clock.Now()
	today := date.In(now, zone)
	again := now.Add(cmp.Or(l.Every, DefaultCalendarEvery))
	if midnight := today.AddDays(1).Start(zone); midnight.Before(again) {
		again = midnight
	}
	batch := cmp.Or(l.Batch, DefaultCalendarBatch)
	var after publicid.ContractID
	for {
		ids, err := s.Client.Contract.Query().Where(moving(today), contract.IDGT(after)).Order(contract.ByID()).Limit(batch).IDs(ctx)
		if err != nil {
			return done, again, tenancy.Fault(err, "find contracts that the calendar moves")
		}
		for _, id := range ids {
			l.move(ctx, id, today, &done)
		}
		if len(ids) < batch || ctx.Err() != nil {
			return done, again, ctx.Err()
		}
		after = ids[len(ids)-1]
	}
}

func (l *Calendar) move(ctx context.Context, id publicid.ContractID, today date.Date, done *Passed) {
	moved := false
	err := tenancy.Write(ctx, l.Contracts.Client, func(tx *ent.Tx) error {
		c, err := tx.Contract.Query().Where(contract.ID(id), moving(today)).ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil // another one has it, or has done it
		}
		if err != nil {
			return tenancy.Fault(err, "lock a contract")
		}
		moved = true
		_, err = l.Contracts.advance(ctx, tx, c, today)
		return err
	})
	switch {
	case err == nil && moved:
		done.Moved++
	case err == nil:
	case fault.KindOf(err) == fault.State:
		done.Refused++
		l.Log.WarnContext(ctx, "a contract stays where it is", "contract", id, "reason", err)
	default:
		done.Failed++
		l.Log.ErrorContext(ctx, "move a contract with the calendar", "contract", id, "error", err)
	}
}

// moving are the contracts that lifecycle.Term.ByDate has an event for, and those whose terms change, told by the database.
func moving(today date.Date) predicate.Contract {
	return contract.And(contract.ArchivedAtIsNil(), contract.Or(
		contract.And(contract.StatusEQ(lifecycle.Signed), contract.Or(contract.EffectiveOnIsNil(), contract.EffectiveOnLTE(today))),
		contract.And(contract.StatusEQ(lifecycle.Suspended), contract.SuspendedUntilLT(today)),
		contract.And(contract.StatusIn(lifecycle.Active, lifecycle.Suspended), contract.EndsOnLT(today),
			contract.Or(contract.RenewalNEQ(lifecycle.Evergreen), contract.OptedOutOnNotNil())),
		contract.And(contract.StatusIn(lifecycle.Signed, lifecycle.Active, lifecycle.Suspended), termsDue(today)),
	))
}

// termsDue are the contracts whose terms change by themselves by today: a change begins, or a temporary one is over.
func termsDue(today date.Date) predicate.Contract {
	return func(s *sql.Selector) {
		t := sql.Table(termsschedule.Table)
		s.Where(sql.In(s.C(contract.FieldID), sql.Select(t.C(termsschedule.FieldContractID)).From(t).Where(sql.LTE(t.C(termsschedule.FieldNextOn), today))))
	}
}
