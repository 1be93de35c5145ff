package ocds

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRunsEndWhereASlowSearchEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		filler := rapid.SliceOfN(rapid.ByteRange(' ', '~'), 0, 40).Draw(t, "filler")
		s := string(filler) + string(rapid.SliceOf(rapid.Byte()).Draw(t, "rest"))
		stop := func(special func(byte) bool) int {
			for i := range len(s) {
				if special(s[i]) {
					return i
				}
			}
			return len(s)
		}
		inner := func(c byte) bool { return strings.IndexByte("\"\\\n", c) >= 0 }
		if got, want := innerRun([]byte(s)), stop(inner); got != want {
			t.Fatalf("innerRun(%q) = %d, want %d", s, got, want)
		}
		if got, want := plainRun(s), stop(func(c byte) bool { return inner(c) || c < ' ' || c >= 0x80 }); got != want {
			t.Fatalf("plainRun(%q) = %d, want %d", s, got, want)
		}
	})
}
