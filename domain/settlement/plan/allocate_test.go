package plan

import (
	"testing"

	"pgregory.net/rapid"
)

func drawLines(t *rapid.T) []Open {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Open {
		planned := rapid.Int64Range(1, 1000).Draw(t, "planned")
		return Open{planned, rapid.Int64Range(0, planned+50).Draw(t, "settled")}
	}), 0, 8).Draw(t, "lines")
}

// TestOldestFirstFillsInOrder: nothing is lost or made, no line takes more than is open, and a line takes nothing before
// those ahead of it are full.
func TestOldestFirstFillsInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines, amount := drawLines(t), rapid.Int64Range(1, 5000).Draw(t, "amount")
		shares, left := OldestFirst(lines, amount)
		sum, full := left, true
		for i, s := range shares {
			sum += s
			if s < 0 || s > 0 && (!full || lines[i].Settled+s > lines[i].Planned) {
				t.Fatalf("share %d is %d of %+v", i, s, lines[i])
			}
			full = full && lines[i].Settled+s >= lines[i].Planned
		}
		if sum != amount || left < 0 || left > 0 && !full {
			t.Fatalf("%d of %d shared, %d left", sum, amount, left)
		}
	})
}

// TestNewestFirstEmptiesFromTheEnd: what is on account goes first, then the last lines.
func TestNewestFirstEmptiesFromTheEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines, amount := drawLines(t), rapid.Int64Range(1, 5000).Draw(t, "amount")
		account := rapid.Int64Range(0, 500).Draw(t, "account")
		shares, left := NewestFirst(lines, account, amount)
		sum, empty := left+min(account, amount), true
		for i := len(shares) - 1; i >= 0; i-- {
			s := shares[i]
			sum += s
			if s < 0 || s > lines[i].Settled || s > 0 && !empty {
				t.Fatalf("share %d is %d of %+v", i, s, lines[i])
			}
			empty = empty && s == lines[i].Settled
		}
		if sum != amount || left < 0 || left > 0 && !empty {
			t.Fatalf("%d of %d shared, %d left", sum, amount, left)
		}
	})
}
