package money

import (
	"math/big"
	"sort"

	"heyue/platform/fault"
)

// MaxShares is the most parts a sum can be divided into: one instalment a month for over eighty years.
const MaxShares = 1000

// Split divides m into n parts that differ by at most one minor unit and add up to m exactly; the larger parts
// come first. It fails with OUT_OF_RANGE unless n is in 1..MaxShares.
func (m Money) Split(n int) ([]Money, error) {
	if n < 1 || n > MaxShares {
		return nil, fault.New(fault.Invalid, fault.OutOfRange, "a sum is divided into 1 to %d parts, not %d", MaxShares, n)
	}
	weights := make([]int64, n)
	for i := range weights {
		weights[i] = 1
	}
	return m.Share(weights)
}

// Share divides m in the proportion of weights, such as 30, 60, 10 for a payment plan in percent. The parts add
// up to m exactly: each is rounded towards zero and the units left over go to the largest remainders, the
// earlier part first among equals. It fails with OUT_OF_RANGE when there are no weights or more than MaxShares,
// when one is negative, or when all are zero.
func (m Money) Share(weights []int64) ([]Money, error) {
	total, err := sumWeights(weights)
	if err != nil {
		return nil, err
	}
	parts := make([]Money, len(weights))
	remainders := make([]*big.Int, len(weights))
	left := m.minor
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(m.minor), big.NewInt(w)), total, new(big.Int))
		parts[i] = Money{q.Int64(), m.currency} // |q| ≤ |m|, so it fits
		remainders[i] = r.Abs(r)
		left -= q.Int64()
	}
	handOut(parts, remainders, left)
	return parts, nil
}

// handOut gives the units that rounding left over, fewer than there are parts, to the largest remainders.
func handOut(parts []Money, remainders []*big.Int, left int64) {
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return remainders[order[a]].Cmp(remainders[order[b]]) > 0 })
	step := int64(1)
	if left < 0 {
		step = -1
	}
	for i := 0; left != 0; i++ {
		parts[order[i]].minor += step
		left -= step
	}
}

func sumWeights(weights []int64) (*big.Int, error) {
	if len(weights) == 0 || len(weights) > MaxShares {
		return nil, fault.New(fault.Invalid, fault.OutOfRange, "a sum is divided into 1 to %d parts, not %d", MaxShares, len(weights))
	}
	total := new(big.Int)
	for i, w := range weights {
		if w < 0 {
			return nil, fault.New(fault.Invalid, fault.OutOfRange, "the weight of part %d is negative", i+1)
		}
		total.Add(total, big.NewInt(w))
	}
	if total.Sign() == 0 {
		return nil, fault.New(fault.Invalid, fault.OutOfRange, "all weights are zero")
	}
	return total, nil
}
