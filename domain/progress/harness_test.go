package progress_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/numbers"
	"heyue/domain/progress"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.Company
	service   *progress.Service
	contracts *contracts.Service
	contract  publicid.ContractID
}

// open makes a contract of Alice's in force, over 100.00, to the end of the year.
func open(t *testing.T) *world {
	t.Helper()
	c := fixture.NewCompany(t)
	owed := alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock}
	w := &world{Company: c, service: &progress.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Clock: c.Clock, Obligations: owed, Lines: progress.DefaultLines,
	}, contracts: &contracts.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Clock: c.Clock, Obligations: owed, Numbers: numbers.Counters{}, Outbox: c.Outbox, Fields: c.Fields, Lister: c.Lister,
	}}
	w.contract = w.agree(t, lifecycle.Active)
	return w
}

// agree makes a contract of Alice's in a status.
func (w *world) agree(t *testing.T, status lifecycle.Status) publicid.ContractID {
	t.Helper()
	alice := fixture.Caller(t, w.Alice).UserID
	ends, id := date.MustParse("2026-12-31"), publicid.NewContractID()
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		ctx := w.Acme.Ctx
		buyer, err := tx.Customer.Create().SetName("云汇").SetCode(id.String()).SetOwnerID(alice).SetDepartmentID(w.City).Save(ctx)
		if err != nil {
			return err
		}
		err = tx.Contract.Create().SetID(id).SetNumber(id.String()).SetTitle("销售合同").SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).
			SetStatus(status).SetCustomerID(buyer.ID).SetAmountMinor(10000).SetCurrency(money.CNY).SetEndsOn(ends).
			SetOwnerID(alice).SetDepartmentID(w.City).Exec(ctx)
		if err != nil || !status.OwesObligations() {
			return err
		}
		return w.service.Obligations.Set(ctx, tx, due.Date{Kind: due.ContractEnd, SubjectID: id.UUID(), ContractID: &id, Title: "销售合同", DueOn: ends, Owner: &alice, Department: &w.City})
	})
	return id
}

// plan adds a line of ten.
func (w *world) plan(t *testing.T, kind work.Kind, on string) *ent.ProgressLine {
	t.Helper()
	made, err := w.service.Add(w.Alice, progress.Addition{ContractID: w.contract, Lines: []*progress.Line{
		{Kind: kind, Title: "货", PlannedOn: date.MustParse(on), PlannedQuantity: money.Whole(10)},
	}})
	fixture.Want(t, "plan a line", err)
	return made[0]
}

func (w *world) record(id publicid.ProgressLineID, quantity string) (*ent.ProgressEntry, error) {
	return w.service.Record(w.Alice, progress.Work{LineID: id, Quantity: money.MustDecimal(quantity)})
}

func (w *world) line(t *testing.T, id publicid.ProgressLineID) *ent.ProgressLine {
	t.Helper()
	l, err := w.Client.ProgressLine.Get(w.Acme.Ctx, id)
	fixture.Want(t, "a line", err)
	return l
}

// due is the open obligation of a line; nil for none.
func (w *world) due(t *testing.T, l *ent.ProgressLine) *ent.Obligation {
	t.Helper()
	o, err := w.Client.Obligation.Query().Where(obligation.KindEQ(l.Kind.Due()), obligation.SubjectID(l.ID.UUID()), obligation.StateEQ(due.Open)).Only(w.Acme.Ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	fixture.Want(t, "an obligation", err)
	return o
}

// source tells a sweep what the contracts owe.
type source struct{ *contracts.Service }

func (s source) Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	return s.Owed(ctx, after, limit)
}

// consistent fails unless every reminder is the right one, and every line's total the sum of its entries.
func (w *world) consistent(t fataler) {
	ctx := w.Acme.Ctx
	found, err := alerts.Sweep{Client: w.Client, Clock: w.Clock}.Run(ctx, source{w.contracts})
	if err != nil {
		t.Fatalf("sweep: %v", err)
	}
	for _, d := range found {
		t.Errorf("%s of %s: %s", d.Kind, d.Subject, d.Problem)
	}
	lines, err := w.Client.ProgressLine.Query().WithEntries().WithContract().All(ctx)
	if err != nil {
		t.Fatalf("read the lines: %v", err)
	}
	open := map[uuid.UUID]bool{}
	for _, l := range lines {
		sum := money.Whole(0)
		for _, e := range l.Edges.Entries {
			sum = sum.Plus(e.Quantity)
		}
		if !sum.Equal(l.ActualQuantity) || sum.Cmp(l.PlannedQuantity) > 0 {
			t.Errorf("a line says %s of %s, its entries %s", l.ActualQuantity, l.PlannedQuantity, sum)
		}
		open[l.ID.UUID()] = l.State.IsOpen() && l.Edges.Contract.Status.OwesObligations()
	}
	// The sweep finds what is missing; what is too much shows here.
	obligations, err := w.Client.Obligation.Query().Where(obligation.KindIn(due.DeliveryDue, due.ServiceDue, due.AcceptanceDue), obligation.StateEQ(due.Open)).All(ctx)
	if err != nil {
		t.Fatalf("read the obligations: %v", err)
	}
	for _, o := range obligations {
		if !open[o.SubjectID] {
			t.Errorf("%s of %s is still asked for", o.Kind, o.SubjectID)
		}
	}
}

type fataler interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}
