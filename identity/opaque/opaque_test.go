package opaque_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"heyue/identity/opaque"
	"heyue/platform/fault"
)

func TestSecretIsFoundByItsDigest(t *testing.T) {
	t.Parallel()
	for _, tenant := range []int64{1, 42, math.MaxInt64} {
		text, d := opaque.Refresh.New(tenant)
		if want := "hyr_" + strconv.FormatInt(tenant, 10) + "_"; !strings.HasPrefix(text, want) || len(text) != len(want)+43 {
			t.Fatalf("text %q: want %s and 43 characters", text, want)
		}
		got, d2, err := opaque.Refresh.Parse(text)
		if err != nil || got != tenant || !d2.Equal(d) {
			t.Fatalf("Parse(%q) = %d, %x, %v; want %d, %x", text, got, d2, err, tenant, d)
		}
		other, otherDigest := opaque.Refresh.New(tenant)
		if other == text || otherDigest.Equal(d) {
			t.Fatal("two secrets are equal")
		}
	}
}

func TestOtherTextIsRefused(t *testing.T) {
	t.Parallel()
	text, _ := opaque.Refresh.New(7) // hyr_7_ and the body
	body := text[6:]
	for name, bad := range map[string]string{
		"empty":         "",
		"prefix only":   "hyr_",
		"no tenant":     "hyr_" + body,
		"empty tenant":  "hyr__" + body,
		"tenant zero":   "hyr_0_" + body,
		"negative":      "hyr_-7_" + body,
		"plus":          "hyr_+7_" + body,
		"leading zero":  "hyr_07_" + body,
		"blank":         "hyr_ 7_" + body,
		"too large":     "hyr_9223372036854775808_" + body,
		"huge":          "hyr_" + strings.Repeat("7", 4096) + "_" + body,
		"other kind":    "hya_7_" + body,
		"no prefix":     "7_" + body,
		"shorter":       text[:len(text)-1],
		"longer":        text + "A",
		"alphabet":      text[:10] + "+" + text[11:],
		"upper prefix":  "HYR_7_" + body,
		"second form":   text[:len(text)-1] + "_", // 256 bits leave two unused bits; they must be zero
		"line break":    text[:20] + "\n" + text[21:],
		"trailing line": text[:len(text)-1] + "\n",
	} {
		if _, _, err := opaque.Refresh.Parse(bad); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: Parse(%q) = %v; want UNAUTHENTICATED", name, bad, err)
		} else if bad != "" && strings.Contains(err.Error(), body[5:15]) {
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		}
	}
}

// TestOtherTenantsNumberMakesAnotherSecret: who changes the number looks for a digest that nobody ever stored.
func TestOtherTenantsNumberMakesAnotherSecret(t *testing.T) {
	t.Parallel()
	text, d := opaque.Refresh.New(7)
	tenant, moved, err := opaque.Refresh.Parse("hyr_8_" + text[6:])
	if err != nil || tenant != 8 || moved.Equal(d) {
		t.Fatalf("tenant %d, %v, the same digest: %v", tenant, err, moved.Equal(d))
	}
}

func TestDigestGoesThroughTheDatabase(t *testing.T) {
	t.Parallel()
	_, d := opaque.Refresh.New(7)
	v, err := d.Value()
	if err != nil {
		t.Fatal(err)
	}
	var back opaque.Digest
	if err := back.Scan(v); err != nil || back != d {
		t.Fatalf("Scan(Value) = %x, %v; want %x", back, err, d)
	}
	for _, bad := range []any{nil, "text", []byte{1, 2, 3}} {
		if err := back.Scan(bad); err == nil {
			t.Errorf("Scan(%v) succeeded", bad)
		}
	}
}

// FuzzParse: what is read as a secret has one spelling, which names its tenant.
func FuzzParse(f *testing.F) {
	text, _ := opaque.Refresh.New(42)
	for _, s := range []string{text, "", "hyr_", "hyr_0_" + text[7:], "hyr_042_" + text[7:], text + "=", text[:20] + "\n" + text[20:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tenant, d, err := opaque.Refresh.Parse(s)
		if err != nil {
			if fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if !strings.HasPrefix(s, "hyr_"+strconv.FormatInt(tenant, 10)+"_") || d.Equal(opaque.Digest{}) {
			t.Errorf("%q is tenant %d's", s, tenant)
		}
	})
}
