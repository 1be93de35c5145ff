package given_test

import (
	"slices"
	"testing"

	"heyue/platform/given"
)

func TestWhatIsLeftOutStays(t *testing.T) {
	t.Parallel()
	number, text := 7, "as it was"
	toNumber, toText := func(n int) { number = n }, func(s string) { text = s }
	given.Set(nil, toNumber)
	given.Text(nil, toText)
	if number != 7 || text != "as it was" {
		t.Fatalf("%d, %q", number, text)
	}
	zero, typed := 0, " 合约\t"
	given.Set(&zero, toNumber)
	given.Text(&typed, toText)
	if number != 0 || text != "合约" {
		t.Fatalf("%d, %q", number, text)
	}
}

func TestTheFirstThatIsGivenCounts(t *testing.T) {
	t.Parallel()
	one, two, typed := 1, 2, " 合约\t"
	if got := []int{given.Or[int](), given.Or[int](nil, nil), given.Or(nil, &two, &one), given.Or(&one)}; !slices.Equal(got, []int{0, 0, 2, 1}) {
		t.Errorf("%v", got)
	}
	if given.Trimmed(nil) != "" || given.Trimmed(&typed) != "合约" {
		t.Error("white space is kept")
	}
}
