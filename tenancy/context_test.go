package tenancy_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/tenancy"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	if id, ok := tenancy.From(t.Context()); ok || id != 0 {
		t.Errorf("an empty context acts for %d, %t", id, ok)
	}
	ctx := tenancy.With(t.Context(), 7)
	if id, ok := tenancy.From(ctx); !ok || id != 7 {
		t.Errorf("got %d, %t, want 7", id, ok)
	}
	for _, none := range []int64{0, -1} {
		if id, ok := tenancy.From(tenancy.With(ctx, none)); ok {
			t.Errorf("tenant %d over 7 gives %d", none, id)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	ctx := tenancy.With(t.Context(), 7)
	for want, parts := range map[string][]string{
		"t:{7}":                nil,
		"t:{7}:session:abc":    {"session", "abc"},
		"t:{7}:a%3Ab:":         {"a:b", ""},
		"t:{7}:%7B8%7D:%2A%25": {"{8}", "*%"},
		"t:{7}:合约":             {"合约"},
		"t:{7}:a%20b%0A%7F":    {"a b\n\x7f"},
	} {
		if got, err := tenancy.Key(ctx, parts...); got != want || err != nil {
			t.Errorf("Key(%q) = %q, %v, want %q", parts, got, err, want)
		}
	}
	if _, err := tenancy.Key(t.Context(), "a"); !errors.Is(err, tenancy.ErrNoTenant) {
		t.Errorf("without tenant: %v", err)
	}
}

func TestKeysDifferWhenPartsDo(t *testing.T) {
	t.Parallel()
	part := rapid.OneOf(rapid.String(), rapid.StringMatching(`[:{}%a]{0,4}`))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(part).Draw(t, "a"), rapid.SliceOf(part).Draw(t, "b")
		x, y := rapid.Int64Range(1, 3).Draw(t, "x"), rapid.Int64Range(1, 3).Draw(t, "y")
		ka, _ := tenancy.Key(tenancy.With(t.Context(), x), a...)
		kb, _ := tenancy.Key(tenancy.With(t.Context(), y), b...)
		same := x == y && len(a) == len(b) && strings.Join(a, "\x00/") == strings.Join(b, "\x00/")
		if same != (ka == kb) {
			t.Fatalf("%d %q → %q, %d %q → %q", x, a, ka, y, b, kb)
		}
	})
}
