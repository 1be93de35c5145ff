package alerts

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"time"

	"heyue/ent"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/tracing"
	"heyue/policies"
	"heyue/tenancy"
)

// Defaults of a Scanner.
const (
	DefaultScanBatch = 200         // reminders of one tenant at a time
	DefaultScanPoll  = time.Second // between two looks for work
)

// Scanner turns reminders that are due into alerts. Any number may run, in any number of processes, and any may be
// killed at any moment: a reminder is claimed, its alert, inboxes and event are written and the reminder moves on in
// one transaction, and a unique index on obligation, date version and step stands behind that (realtime.md 5).
type Scanner struct {
	Client     *ent.Client
	System     *sql.DB // sees which tenants have reminders due, and nothing else of them
	Policies   *policies.Engine
	Recipients Recipients
	Outbox     outbox.Writer
	Courier    Courier // carries alerts beyond the inbox; nil for nobody
	Clock      clock.Clock
	Log        *slog.Logger
	Batch      int           // 0: DefaultScanBatch
	Poll       time.Duration // 0: DefaultScanPoll
	// Observe is told of each batch: how late its first reminder was and what became of it; nil for nobody.
	Observe func(late time.Duration, r Report)
}

// Report counts what a scan did.
type Report struct {
	Handled int // reminders that moved on
	Raised  int // alerts made
	Skipped int // steps passed over: overtaken by a later one, or too late to matter
	Unheard int // alerts that nobody could be told of
	Failed  int // tenants that could not be worked on; the next scan tries again
}

func (r *Report) add(o Report) {
	r.Handled += o.Handled
	r.Raised += o.Raised
	r.Skipped += o.Skipped
	r.Unheard += o.Unheard
	r.Failed += o.Failed
}

// Run scans until ctx ends. What fails is logged and tried again.
func (s *Scanner) Run(ctx context.Context) {
	poll := s.Poll
	if poll == 0 {
		poll = DefaultScanPoll
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		report, err := s.ScanOnce(ctx, s.Clock.Now())
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "scan for reminders", "error", err)
		}
		if report.Handled > 0 {
			s.Log.InfoContext(ctx, "reminders handled", "handled", report.Handled, "raised", report.Raised, "skipped", report.Skipped)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// rounds is after how many turns of all tenants newly due ones are looked for.
const rounds = 8

// ScanOnce handles everything that is due at now, however long ago it became so. Tenants take turns of one batch each,
// so that a large one does not keep the others waiting. It fails when the tenants cannot be found or ctx ends; a
// tenant that fails is logged, counted and left for the next scan.
func (s *Scanner) ScanOnce(ctx context.Context, now time.Time) (report Report, err error) {
	ctx, span := tracing.Start(ctx, "scan reminders")
	defer func() { span.End(err) }()
	failed := map[int64]bool{}
	for {
		tenants, err := s.tenantsDue(ctx, now, failed)
		if err != nil || len(tenants) == 0 {
			return report, err
		}
		before := report.Handled + report.Failed
		for range rounds {
			if tenants = s.round(ctx, now, tenants, failed, &report); len(tenants) == 0 {
				break
			}
		}
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		if report.Handled+report.Failed == before {
			return report, nil // other scanners hold all that is left
		}
	}
}

// round gives each tenant one batch and returns those that may have more.
func (s *Scanner) round(ctx context.Context, now time.Time, tenants []int64, failed map[int64]bool, report *Report) []int64 {
	more := tenants[:0]
	for _, tenant := range tenants {
		if ctx.Err() != nil {
			return nil
		}
		r, err := s.batch(tenancy.With(ctx, tenant), now)
		report.add(r)
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.ErrorContext(ctx, "raise alerts", "tenant", tenant, "error", err)
			failed[tenant] = true
			report.Failed++
		case r.Handled == s.batchSize():
			more = append(more, tenant)
		}
	}
	return more
}

func (s *Scanner) batchSize() int {
	if s.Batch == 0 {
		return DefaultScanBatch
	}
	return s.Batch
}

// tenantsDue lists the tenants that have work, from a random place on, so that several scanners begin at different ones.
func (s *Scanner) tenantsDue(ctx context.Context, now time.Time, except map[int64]bool) ([]int64, error) {
	rows, err := s.System.QueryContext(ctx, `SELECT tenant_id FROM reminders WHERE next_at <= $1 GROUP BY tenant_id ORDER BY tenant_id`, now)
	if err != nil {
		return nil, tenancy.Fault(err, "find tenants with reminders due")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	var tenants []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fault.Wrap(err, "find tenants with reminders due")
		}
		if !except[id] {
			tenants = append(tenants, id)
		}
	}
	if n := len(tenants); n > 1 {
		from := rand.IntN(n)
		tenants = append(tenants[from:n:n], tenants[:from]...)
	}
	return tenants, tenancy.Fault(rows.Err(), "find tenants with reminders due")
}
