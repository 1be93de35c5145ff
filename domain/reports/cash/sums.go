package cash

import (
	"math/big"
)

// Figures are the money of one period in minor units of one currency. They are exact however many sums they hold.
type Figures struct {
	In, Out, Net, Cumulative *big.Int
}

// Flow is what comes in and goes out in each period of a forecast.
type Flow struct{ in, out []*big.Int }

// NewFlow is a flow of nothing.
func NewFlow(periods int) *Flow {
	f := &Flow{make([]*big.Int, periods), make([]*big.Int, periods)}
	for i := range periods {
		f.in[i], f.out[i] = new(big.Int), new(big.Int)
	}
	return f
}

// Add counts a sum in a period; a negative one takes it out again.
func (f *Flow) Add(period int, incoming bool, minor int64) {
	at := f.out
	if incoming {
		at = f.in
	}
	at[period].Add(at[period], big.NewInt(minor))
}

// Clone is a flow that can be changed without changing f.
func (f *Flow) Clone() *Flow {
	out := NewFlow(len(f.in))
	for i := range f.in {
		out.in[i].Set(f.in[i])
		out.out[i].Set(f.out[i])
	}
	return out
}

// Figures gives every period with what has come together up to its end.
func (f *Flow) Figures() []Figures {
	out, sum := make([]Figures, len(f.in)), new(big.Int)
	for i := range f.in {
		net := new(big.Int).Sub(f.in[i], f.out[i])
		sum.Add(sum, net)
		out[i] = Figures{In: new(big.Int).Set(f.in[i]), Out: new(big.Int).Set(f.out[i]), Net: net, Cumulative: new(big.Int).Set(sum)}
	}
	return out
}

// Minus is the difference of two figures.
func (f Figures) Minus(o Figures) Figures {
	sub := func(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
	return Figures{sub(f.In, o.In), sub(f.Out, o.Out), sub(f.Net, o.Net), sub(f.Cumulative, o.Cumulative)}
}
