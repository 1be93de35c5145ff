package order_test

import (
	"testing"

	"heyue/domain/changes/order"
	"heyue/platform/fault"
)

func TestEveryPairOfStateAndEvent(t *testing.T) {
	t.Parallel()
	legal := map[order.State]map[order.Event]order.State{
		order.Draft:    {order.Submit: order.InReview, order.Withdraw: order.Withdrawn},
		order.InReview: {order.Approve: order.Approved, order.Reject: order.Rejected, order.SendBack: order.Draft, order.Withdraw: order.Withdrawn},
	}
	for _, s := range append(order.States(), "LOST") {
		for _, e := range append(order.Events(), "BURN") {
			want := legal[s][e]
			got, err := order.Next(s, e)
			if got != want || (err == nil) != (want != "") {
				t.Errorf("%s and %s: want %q, got %q, %v", s, e, want, got, err)
			}
			if err != nil && fault.KindOf(err) != fault.State {
				t.Errorf("%s and %s: %v", s, e, err)
			}
		}
		if known := s != "LOST"; s.Valid() != known {
			t.Errorf("%s is known: %v", s, s.Valid())
		}
	}
}

func TestOnlyADraftIsWritten(t *testing.T) {
	t.Parallel()
	for _, s := range order.States() {
		if s.MayEdit() != (s == order.Draft) || s.Decided() != (s == order.Approved || s == order.Rejected) {
			t.Errorf("%s: may be edited %v, decided %v", s, s.MayEdit(), s.Decided())
		}
	}
}
