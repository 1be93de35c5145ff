package work

import (
	"math/big"

	"heyue/platform/money"
)

// Part is a line as the reckoning of completion needs it.
type Part struct {
	Kind            Kind
	State           State
	Planned, Actual money.Decimal
	Weight          int
}

// Percent is how much of one part is done, cut off after two decimals: 100 means all of it (I2).
func (p Part) Percent() money.Decimal { return money.Truncate(percent(p.done()), 2) }

// done is the share that is done, from 0 to 1. A part without a plan has nothing to do, so nothing is done of it.
func (p Part) done() *big.Rat {
	if p.Planned.Sign() <= 0 || p.Actual.Sign() <= 0 {
		return new(big.Rat)
	}
	if p.Actual.Cmp(p.Planned) >= 0 {
		return big.NewRat(1, 1)
	}
	return new(big.Rat).Quo(p.Actual.Rat(), p.Planned.Rat())
}

// Complete is how much of all parts is done, each counting by its weight and cancelled ones not at all, cut off after two
// decimals; ok is false when there is nothing to do. It is 100 only when everything is done (I2, HR13).
func Complete(parts []Part) (done money.Decimal, ok bool) {
	sum, weights := new(big.Rat), int64(0)
	for _, p := range parts {
		if p.State == Cancelled {
			continue
		}
		w := int64(max(p.Weight, 1))
		weights += w
		sum.Add(sum, new(big.Rat).Mul(p.done(), big.NewRat(w, 1)))
	}
	if weights == 0 {
		return money.Decimal{}, false
	}
	return money.Truncate(percent(sum.Quo(sum, big.NewRat(weights, 1))), 2), true
}

// Share is how much part is of whole in percent, cut off after two decimals and at most 100; ok is false when whole is
// nothing.
func Share(part, whole int64) (percentage money.Decimal, ok bool) {
	if whole <= 0 {
		return money.Decimal{}, false
	}
	return money.Truncate(percent(big.NewRat(min(max(part, 0), whole), whole)), 2), true
}

func percent(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, big.NewRat(100, 1)) }

// Weights spreads [MaxWeight] over lines by what each is worth, at least 1 for each: goods that make up half of a contract's
// worth are half of its progress. Lines without worth count alike.
func Weights(worth []int64) []int {
	total := new(big.Int)
	for _, w := range worth {
		total.Add(total, big.NewInt(max(w, 0)))
	}
	out := make([]int, len(worth))
	for i, w := range worth {
		out[i] = 1
		if total.Sign() > 0 {
			n := new(big.Int).Mul(big.NewInt(max(w, 0)), big.NewInt(MaxWeight))
			out[i] = max(int(n.Quo(n, total).Int64()), 1)
		}
	}
	return out
}
