// Package imports takes over what other systems and publishers know of customers and contracts (T5). [OCDS] brings in
// Open Contracting files as package ocds reads them; [Rows] is the bulk path to the tables that imports and the demo
// data share. Besides the owners of those tables it is the only writer of them: an import makes thousands of whole
// contracts at once, which no use case that serves one caller could do in time.
//
// An import is idempotent. import_sources remembers which row each source object became and what the source said then:
//
//	process  ocid        → the process's hash; equal to the stored one: nothing to do
//	party    key         → customer; the same organisation in every file of a publisher
//	mention  source id   → customer; what one process said of it
//	contract source id   → contract
//
// The parts of a contract need no such row: their id is made of the contract's and of their source id (see derived), so
// that the same part always meets its own row. A hash is kept a field and a list; on another run only what the source
// has changed since is written, and what people have edited here meanwhile stays theirs.
package imports

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/ocds"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Numbers gives out numbers without gaps; see package numbers.
type Numbers interface {
	Take(ctx context.Context, tx *ent.Tx, kind, period string, n int) (first int64, err error)
}

// Obligations keeps due dates and their reminders inside the caller's transaction; see package alerts.
type Obligations interface {
	Import(ctx context.Context, tx *ent.Tx, dates ...due.Date) error
	Meet(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Cancel(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
	Reopen(ctx context.Context, tx *ent.Tx, kind due.Kind, subjects ...uuid.UUID) error
}

// Processes is where contracting processes come from: an ocds.Reader. Next ends with io.EOF.
type Processes interface {
	Next() (ocds.Process, error)
}

// OCDS imports open contracting data.
type OCDS struct {
	Client      *ent.Client
	Obligations Obligations
	Audit       audit.Recorder
	Sealer      Sealer
	Numbers     Numbers
	Clock       clock.Clock
	// Dates tells what of a contract falls due, as for those that are entered by hand: contracts.DueDates.
	Dates func(c *ent.Contract, agreed bool, milestones []*ent.Milestone, instalments []*ent.PaymentPlanLine, work []*ent.ProgressLine) []due.Date

	// Owner and Department answer for what is new; both may be nil. They must exist in the tenant.
	Owner      *publicid.UserID
	Department *publicid.DepartmentID

	BatchSize int // processes written in one transaction; 200 when zero
}

// DefaultBatchSize is how many processes are written in one transaction unless told otherwise: enough to make the cost
// of a transaction small, few enough that nobody waits long for the counters of numbers.
const DefaultBatchSize = 200

// Watch follows an import. Either function may be nil. Both are called by the goroutine that runs the import, after
// each batch.
type Watch struct {
	// Problems gets what could not be taken over as it is, in the order of the input; see ErrorFile. An error ends
	// the import.
	Problems func([]ocds.Problem) error
	// Progress gets the figures so far.
	Progress func(Summary)
}

// Tally counts rows of one kind.
type Tally struct{ Created, Changed int }

// Summary is what an import did.
type Summary struct {
	Processes int // read, with an ocid
	Unchanged int // of these, those that the last import had seen just so
	Failed    int // of these, those that could not be written; each is among the problems
	Customers Tally
	Contacts  Tally
	Contracts Tally
	Payments  int // added, reversals included
	Problems  map[ocds.Severity]int
}

// Run imports everything that in gives into the tenant of ctx, as the system or as the caller of ctx. Each process is
// written whole or not at all, many of them in a transaction: a run that is cut off leaves whole processes, and running
// again completes it. Bad data is no error but a problem, and stops nothing else. Errors are faults: those of in and of
// watch, UNAVAILABLE when the database cannot be reached or ctx ends, and INTERNAL.
func (o OCDS) Run(ctx context.Context, in Processes, watch Watch) (Summary, error) {
	sum := Summary{Problems: map[ocds.Severity]int{}}
	here, err := o.local(ctx)
	if err != nil {
		return sum, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	batches, failed := o.read(ctx, in, here)
	here.young = true
	for batch := range batches {
		before := sum.Customers.Created
		if err := o.importBatch(ctx, here, batch, &sum); err != nil {
			return sum, err
		}
		here.young = sum.Contracts.Created < settledPlans || sum.Customers.Created < settledPlans && sum.Customers.Created > before
		if err := watch.tell(batch, &sum); err != nil {
			return sum, err
		}
	}
	if err := ctx.Err(); err != nil {
		return sum, tenancy.Fault(err, "import")
	}
	return sum, <-failed
}

// read maps processes while others are being written. The channel of batches is closed at the end; then failed tells
// how it ended.
func (o OCDS) read(ctx context.Context, in Processes, here local) (<-chan []*draft, <-chan error) {
	batches, failed := make(chan []*draft, 1), make(chan error, 1)
	size := o.BatchSize
	if size <= 0 {
		size = DefaultBatchSize
	}
	go func() {
		defer close(batches)
		for {
			batch, err := fill(in, here, size)
			if len(batch) > 0 {
				select {
				case batches <- batch:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				failed <- fault.Wrap(err, "read the input")
				return
			}
		}
	}()
	return batches, failed
}

func fill(in Processes, here local, size int) ([]*draft, error) {
	batch := make([]*draft, 0, size)
	for len(batch) < size {
		p, err := in.Next()
		if err != nil {
			return batch, err
		}
		batch = append(batch, newDraft(&p, here))
	}
	return batch, nil
}

// importBatch writes a batch, and when that fails its processes one by one, so that only the bad one is left out.
func (o OCDS) importBatch(ctx context.Context, here local, batch []*draft, sum *Summary) error {
	here.today = date.In(o.Clock.Now(), here.zone)
	err := o.write(ctx, here, batch, sum)
	if err == nil {
		return nil
	}
	for _, d := range batch {
		if !d.process() {
			continue
		}
		if ctx.Err() != nil || fault.KindOf(err) == fault.Unavailable {
			return tenancy.Fault(err, "import")
		}
		if err = o.write(ctx, here, []*draft{d}, sum); err != nil && ctx.Err() == nil && fault.KindOf(err) != fault.Unavailable {
			sum.Failed++
			d.note("$", ocds.Skipped, "could not be written: %s", reason(err))
		}
	}
	if ctx.Err() != nil || err != nil && fault.KindOf(err) == fault.Unavailable {
		return tenancy.Fault(err, "import")
	}
	return nil
}

// reason says why a process was refused, in words that may be shown: the rule of the database that it broke.
func reason(err error) string {
	if name, ok := tenancy.CheckViolation(err); ok {
		return "it breaks the rule " + name
	}
	if name, ok := tenancy.UniqueViolation(err); ok {
		return "it repeats what must be unique: " + name
	}
	if name, ok := tenancy.ForeignKeyViolation(err); ok {
		return "it refers to what is not there: " + name
	}
	var refused *pq.Error
	if errors.As(err, &refused) {
		return fmt.Sprintf("the database refused it: SQLSTATE %s %s %s", refused.Code, refused.Table, refused.Column)
	}
	return "it cannot be imported"
}

// tell passes on what a batch came to.
func (w Watch) tell(batch []*draft, sum *Summary) error {
	var problems []ocds.Problem
	for _, d := range batch {
		if d.process() {
			sum.Processes++
		}
		problems = append(append(problems, d.source.Problems...), d.problems...)
	}
	for _, p := range problems {
		sum.Problems[p.Severity] += p.Count
	}
	if w.Problems != nil && len(problems) > 0 {
		if err := w.Problems(problems); err != nil {
			return fault.Wrap(err, "write the problems")
		}
	}
	if w.Progress != nil {
		w.Progress(*sum)
	}
	return nil
}

// Plans that PostgreSQL makes for foreign keys while a table is nearly empty, and nobody has analyzed it, may take any
// index that begins with the tenant, and it keeps them for the session: each key check would then walk through all
// contracts of the tenant. So the first thousand contracts of a run, and customers while they grow, are written with
// plans made for each check.
const (
	settledPlans = 1000
	freshPlans   = `SET LOCAL plan_cache_mode = force_custom_plan`
)

// write is one transaction. sum changes only when it commits.
func (o OCDS) write(ctx context.Context, here local, batch []*draft, sum *Summary) error {
	var w *writer
	err := tenancy.Write(ctx, o.Client, func(tx *ent.Tx) error {
		if here.young {
			if _, err := tx.ExecContext(ctx, freshPlans); err != nil {
				return tenancy.Fault(err, "prepare an import")
			}
		}
		w = &writer{OCDS: o, tx: tx, here: here, now: o.Clock.Now()}
		return w.run(ctx, batch)
	})
	if err != nil {
		return err
	}
	w.done.addTo(sum)
	for _, d := range batch {
		d.problems = append(d.problems, w.found[d]...)
	}
	return nil
}

func (s Summary) addTo(sum *Summary) {
	sum.Unchanged += s.Unchanged
	sum.Payments += s.Payments
	for _, t := range []struct{ to, more *Tally }{{&sum.Customers, &s.Customers}, {&sum.Contacts, &s.Contacts}, {&sum.Contracts, &s.Contracts}} {
		t.to.Created += t.more.Created
		t.to.Changed += t.more.Changed
	}
}

func (o OCDS) local(ctx context.Context) (local, error) {
	t, err := o.Client.Tenant.Query().Only(ctx)
	if err != nil {
		return local{}, tenancy.Fault(err, "read the tenant's settings")
	}
	return localOf(t.Settings, o.Clock)
}

func localOf(s settings.Settings, c clock.Clock) (local, error) {
	zone, err := s.Zone()
	if err != nil {
		return local{}, fault.Wrap(err, "read the tenant's zone")
	}
	return local{Settings: s, zone: zone, today: date.In(c.Now(), zone)}, nil
}
