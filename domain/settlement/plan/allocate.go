package plan

// Open is what a line still takes or could give back, in minor units of the contract's currency.
type Open struct{ Planned, Settled int64 }

// OldestFirst shares out money that came over lines in the order in which they fall due, each up to its planned sum. The
// shares have the order of the lines; left is what no line takes: money on account.
func OldestFirst(lines []Open, amount int64) (shares []int64, left int64) {
	shares, left = make([]int64, len(lines)), amount
	for i, l := range lines {
		take := max(min(left, l.Planned-l.Settled), 0)
		shares[i], left = take, left-take
	}
	return shares, left
}

// NewestFirst takes money that goes back off what is on account first, and then off the lines from the last one that was
// settled. The shares have the order of the lines; left is what nobody has to give.
func NewestFirst(lines []Open, onAccount, amount int64) (shares []int64, left int64) {
	shares = make([]int64, len(lines))
	left = amount - max(min(onAccount, amount), 0)
	for i := len(lines) - 1; i >= 0; i-- {
		take := min(left, lines[i].Settled)
		shares[i], left = take, left-take
	}
	return shares, left
}
