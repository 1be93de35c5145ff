package contracts_test

import (
	"context"
	"testing"

	"heyue/domain/alerts"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	mil "heyue/ent/milestone"
	"heyue/ent/obligation"
	"heyue/platform/money"
	"heyue/tests/fixture"
)

type dates struct{ service *contracts.Service }

func (d dates) Dates(ctx context.Context, after *due.Date, limit int) ([]due.Date, error) {
	return d.service.Owed(ctx, after, limit)
}

// TestTheSweepKnowsEveryDate has a contract for each reason to remind and each not to: what should be reminded of is what
// is, and when one of them is lost the sweep tells.
func TestTheSweepKnowsEveryDate(t *testing.T) {
	t.Parallel()
	w := open(t)
	renewing := func(r lifecycle.Renewal) contracts.Draft {
		d := w.twoParties()
		d.NoticeDays, d.Renewal = ptr(30), &r
		if r == lifecycle.Automatic {
			d.RenewalMonths = ptr(12)
		}
		if r == lifecycle.Evergreen {
			d.EndsOn = nil
		}
		return d
	}
	waiting := w.twoParties()
	waiting.Milestones = []*contracts.Milestone{{Title: "验收", DueOn: day("2026-09-01")}}
	w.create(t, w.twoParties())                // a draft reminds nobody
	w.signed(t, renewing(lifecycle.Evergreen)) // nor does what goes on until notice comes
	w.signed(t, renewing(lifecycle.Automatic))
	agreed := w.signed(t, renewing(lifecycle.FixedTerm))
	suspended := w.signed(t, renewing(lifecycle.FixedTerm))
	planned := w.signed(t, waiting)
	w.signed(t, renewing(lifecycle.FixedTerm))
	agreed, suspended, planned = w.on(t, agreed, "2026-07-01"), w.now(t, suspended.ID), w.now(t, planned.ID)
	then(t, "agree", w.service.AgreeRenewal, w.Manager, contracts.Declaration{ID: agreed.ID, ExpectedVersion: agreed.Version, DeclaredBy: "双方"})
	then(t, "suspend", w.service.Suspend, w.Manager, contracts.Ending{ID: suspended.ID, ExpectedVersion: suspended.Version, Reason: "停工", Until: day("2026-08-31")})
	start := w.twoParties()
	start.EffectiveOn, start.PaymentPlan = day("2026-10-01"), []*contracts.Instalment{{DueOn: *day("2026-10-01"), Amount: money.Whole(100)}}
	w.signed(t, start)
	w.awaits(t, planned)

	sweep := alerts.Sweep{Client: w.Client, Clock: w.Clock, Page: 2}
	found, err := sweep.Run(w.Acme.Ctx, dates{w.service})
	if err != nil || len(found) != 0 {
		t.Fatalf("the sweep finds %v, %v", found, err)
	}
	for _, kind := range []due.Kind{due.ContractEnd, due.ContractStart, due.MilestoneDue, due.OptOutNotice, due.PaymentDue, due.RenewalDecision, due.SuspensionEnd} {
		one, err := w.Client.Obligation.Query().Where(obligation.KindEQ(kind), obligation.StateEQ(due.Open)).First(w.Acme.Ctx)
		fixture.Want(t, "an obligation of "+string(kind), err)
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
			return alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}.Cancel(w.Acme.Ctx, tx, kind, one.SubjectID)
		})
		found, err := sweep.Run(w.Acme.Ctx, dates{w.service})
		if err != nil || len(found) != 1 || found[0].Kind != kind || found[0].Subject != one.SubjectID {
			t.Errorf("without %s the sweep finds %v, %v", kind, found, err)
		}
		w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
			return alerts.Obligations{Outbox: w.Outbox, Clock: w.Clock}.Reopen(w.Acme.Ctx, tx, kind, one.SubjectID)
		})
	}
}

// awaits gives a contract an instalment that waits for its milestone: its day is only expected, and not reminded of.
func (w world) awaits(t *testing.T, c *ent.Contract) {
	t.Helper()
	m, err := w.Client.Milestone.Query().Where(mil.ContractID(c.ID)).Only(w.Acme.Ctx)
	fixture.Want(t, "the milestone", err)
	w.Write(t, w.Acme.Ctx, func(tx *ent.Tx) error {
		return tx.PaymentPlanLine.Create().SetContractID(c.ID).SetPosition(0).SetDueOn(*m.DueOn).SetAmountMinor(10000).SetCurrency(money.CNY).
			SetMilestoneID(m.ID).SetAwaiting(true).Exec(w.Acme.Ctx)
	})
}
