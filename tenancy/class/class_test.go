package class_test

import (
	"testing"

	"pgregory.net/rapid"

	"heyue/tenancy/class"
)

func TestWaysToWriteTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form class.Form
		a, b string
		same bool
	}{
		{class.Number, "138 0013-8000", "+86 13800138000", true},
		{class.Number, "0086 138 0013 8000", "13800138000", true},
		{class.Number, "010-88886666", "(010) 8888 6666", true},
		{class.Number, "8610", "10", false},
		{class.Number, "13800138000", "13800138001", false},
		{class.Number, "Reception", "reception ", true},
		{class.Number, "reception", "", false},
		{class.Handle, " Li@Acme.example", "li@acme.example", true},
		{class.Handle, "li@acme.example", "li@acme.example.cn", false},
	} {
		if got := c.form.Alike(c.a) == c.form.Alike(c.b); got != c.same {
			t.Errorf("%s: %q and %q are alike: %t, want %t", c.form, c.a, c.b, got, c.same)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom([]class.Form{class.Number, class.Handle}).Draw(t, "form")
		v := rapid.StringMatching(`[ 0-9A-Za-z+@.()-]{0,20}`).Draw(t, "value")
		if once := form.Alike(v); form.Alike(once) != once {
			t.Fatalf("%q is %q, and that is %q", v, once, form.Alike(once))
		}
	})
}

func TestWhatMoves(t *testing.T) {
	t.Parallel()
	for c, want := range map[class.Class]bool{class.Business: true, class.Personal: true, class.Journal: true, class.Credential: false, class.Transient: false, "": false} {
		if c.Moves() != want || c.Valid() != (c != "") {
			t.Errorf("%q moves: %t", c, c.Moves())
		}
	}
}
