package settlement

import (
	"context"
	"slices"
	"strings"

	"heyue/audit"
	"heyue/domain/settlement/billedit"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/ent/payment"
	"heyue/ent/paymentallocation"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/tenancy"
)

// correct gives an entry as it stands and as it shall stand, with all that it settles spelled out, so that who decides sees
// what will happen. The account is checked as if both were booked.
func (s *Service) correct(ctx context.Context, tx *ent.Tx, a *account, p *ent.Payment, in EntryEdit) (before, after billedit.Entry, err error) {
	shares, err := s.standing(ctx, tx, a, p)
	if err != nil {
		return before, after, err
	}
	before = a.spelled(p, shares)
	after = before
	if in.Amount != nil {
		if after.Amount, err = money.FromDecimal(*in.Amount, a.contract.Currency); err != nil {
			return before, after, fault.All(err)[0].At("amount")
		}
	}
	if in.PaidOn != nil {
		if after.PaidOn, err = a.day(in.PaidOn); err != nil {
			return before, after, err
		}
	}
	if in.Method != nil {
		after.Method = *in.Method
	}
	if in.Reference != nil {
		after.Reference = strings.TrimSpace(*in.Reference)
	}
	if in.Note != nil {
		after.Note = strings.TrimSpace(*in.Note)
	}
	wanted, err := a.reshare(p, shares, in.Allocations, after.Amount.Minor())
	if err != nil {
		return before, after, err
	}
	after.Allocations = a.allocations(wanted)
	if before.Same(after) {
		return before, after, fault.New(fault.Invalid, fault.Inconsistent, "nothing would change").At("paymentId")
	}
	_, err = a.exchange(p, shares, after)
	return before, after, err
}

// standing is what an entry settles of every line, with its sign. WRONG_STATE for what cannot be corrected.
func (s *Service) standing(ctx context.Context, tx *ent.Tx, a *account, p *ent.Payment) ([]int64, error) {
	if p.Kind == plan.ReversalEntry {
		return nil, fault.New(fault.State, fault.WrongState, "a reversal cannot be corrected; record the entry anew")
	}
	gone, err := tx.Payment.Query().Where(payment.ReversalOfID(p.ID)).Exist(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "look for a reversal")
	}
	if gone {
		return nil, reversed()
	}
	rows, err := tx.PaymentAllocation.Query().Where(paymentallocation.PaymentID(p.ID)).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read allocations")
	}
	shares := make([]int64, len(a.lines))
	for _, r := range rows {
		i, ok := a.find(r.PlanLineID)
		if !ok {
			return nil, fault.New(fault.State, fault.WrongState, "an instalment that the entry settled is cancelled")
		}
		shares[i] = r.AmountMinor
	}
	return shares, nil
}

// spelled is an entry with its shares, as positive sums.
func (a *account) spelled(p *ent.Payment, shares []int64) billedit.Entry {
	return billedit.Entry{
		Kind: p.Kind, Amount: a.money(p.AmountMinor * sign(p.Kind)), PaidOn: p.PaidOn, Method: p.Method, Reference: p.Reference, Note: p.Note,
		Allocations: a.allocations(times(shares, sign(p.Kind))),
	}
}

func (a *account) allocations(shares []int64) []billedit.Allocation {
	out := []billedit.Allocation{}
	for i, share := range shares {
		if share != 0 {
			out = append(out, billedit.Allocation{LineID: a.lines[i].ID, Amount: a.money(share)})
		}
	}
	return out
}

// reshare shares the corrected sum out, in positive shares: as the caller says; as it was while the sum is; else by the
// usual rule, over lines as they would stand without the old entry.
func (a *account) reshare(p *ent.Payment, old []int64, named []*Allocation, amount int64) ([]int64, error) {
	if named != nil {
		return a.named(named, amount)
	}
	if amount == p.AmountMinor*sign(p.Kind) {
		return times(old, sign(p.Kind)), nil
	}
	free, onAccount := a.open(), a.onAccount()-p.AmountMinor
	for i := range free {
		free[i].Settled -= old[i]
		onAccount += old[i]
	}
	if p.Kind == plan.RefundEntry {
		shares, _ := plan.NewestFirst(free, onAccount, amount)
		return shares, nil
	}
	return refill(free, amount), nil
}

// refill shares money out oldest first, after what was given back of lines meanwhile is covered: without the old entry less
// than nothing would be settled of them.
func refill(free []plan.Open, amount int64) []int64 {
	owed := make([]int64, len(free))
	for i := range free {
		owed[i] = min(max(-free[i].Settled, 0), amount)
		free[i].Settled += owed[i]
		amount -= owed[i]
	}
	shares, _ := plan.OldestFirst(free, amount)
	for i := range shares {
		shares[i] += owed[i]
	}
	return shares
}

// swap is an entry that takes another's place: both as they are booked, and what that moves.
type swap struct {
	out, in entry
	amount  int64
	shares  []int64
	allowed int64
}

// exchange works out what it moves to reverse an entry and book it anew as it shall stand. Only the difference must keep
// the account within its bounds: OUT_OF_RANGE at amount; NOT_FOUND for an instalment that is gone.
func (a *account) exchange(p *ent.Payment, old []int64, e billedit.Entry) (x swap, err error) {
	shares := make([]int64, len(a.lines))
	for _, al := range e.Allocations {
		i, ok := a.find(al.LineID)
		if !ok {
			return x, fault.NoSuch("payment plan line", "allocations")
		}
		shares[i] = al.Amount.Minor() * sign(e.Kind)
	}
	x.out = entry{
		kind: plan.ReversalEntry, amount: -p.AmountMinor, paidOn: a.today, method: p.Method, reference: p.Reference, reversalOf: &p.ID, shares: negated(old),
	}
	x.in = entry{
		kind: e.Kind, amount: e.Amount.Minor() * sign(e.Kind), paidOn: e.PaidOn, method: e.Method, reference: e.Reference, note: e.Note, shares: shares,
	}
	x.amount, x.shares = x.in.amount+x.out.amount, make([]int64, len(shares))
	left := a.onAccount() + x.amount
	for i, l := range a.lines {
		x.shares[i] = shares[i] - old[i]
		left -= x.shares[i]
		if x.shares[i] == 0 {
			continue
		}
		if _, _, err := a.booked(l, x.shares[i]); err != nil {
			return x, err
		}
	}
	if left < 0 {
		return x, amountFault("the instalments would be settled by %s more than there is", a.money(-left))
	}
	x.allowed, err = a.within(entry{amount: x.amount})
	return x, err
}

// reenter reverses an entry and books it as was agreed. Both entries are written before the totals move by their
// difference, which alone must keep within the bounds; the reminders follow.
func (s *Service) reenter(ctx context.Context, tx *ent.Tx, a *account, e *ent.BillEdit) error {
	p, err := tx.Payment.Get(ctx, *e.PaymentID)
	if err != nil {
		return tenancy.Fault(err, "load an entry")
	}
	old, err := s.standing(ctx, tx, a, p)
	if err != nil {
		return err
	}
	x, err := a.exchange(p, old, *e.After.Entry)
	if err != nil {
		return overtaken(err)
	}
	x.out.note = e.Reason
	for _, write := range []struct {
		action string
		entry  entry
	}{{"reverse", x.out}, {"record", x.in}} {
		made, err := s.insert(ctx, tx, a, write.entry)
		if err != nil {
			return err
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: write.action, Object: "payment", ID: made.ID.UUID(), After: made}); err != nil {
			return err
		}
	}
	return s.shift(ctx, tx, a, x.amount, x.shares, x.allowed)
}

// sign is that by which an entry of a kind moves the totals.
func sign(k plan.EntryKind) int64 {
	if k == plan.RefundEntry {
		return -1
	}
	return 1
}

func times(shares []int64, by int64) []int64 {
	out := slices.Clone(shares)
	for i := range out {
		out[i] *= by
	}
	return out
}
