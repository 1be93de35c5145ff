package opaque_test

import (
	"strings"
	"testing"

	"heyue/identity/opaque"
	"heyue/platform/fault"
)

func TestSecretIsFoundByItsDigest(t *testing.T) {
	t.Parallel()
	text, d := opaque.Refresh.New()
	if !strings.HasPrefix(text, "hyr_") || len(text) != 47 {
		t.Fatalf("text %q: want hyr_ and 43 characters", text)
	}
	got, err := opaque.Refresh.Digest(text)
	if err != nil || !got.Equal(d) {
		t.Fatalf("Digest(%q) = %x, %v; want %x", text, got, err, d)
	}
	other, otherDigest := opaque.Refresh.New()
	if other == text || otherDigest.Equal(d) {
		t.Fatal("two secrets are equal")
	}
}

func TestOtherTextIsRefused(t *testing.T) {
	t.Parallel()
	text, _ := opaque.Refresh.New()
	for name, bad := range map[string]string{
		"empty":         "",
		"prefix only":   "hyr_",
		"other kind":    "hya_" + text[4:],
		"no prefix":     text[4:],
		"shorter":       text[:46],
		"longer":        text + "A",
		"alphabet":      text[:10] + "+" + text[11:],
		"upper prefix":  "HYR_" + text[4:],
		"second form":   text[:46] + "_", // 256 bits leave two unused bits; they must be zero
		"line break":    text[:20] + "\n" + text[21:],
		"trailing line": text[:46] + "\n",
	} {
		if _, err := opaque.Refresh.Digest(bad); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: Digest(%q) = %v; want UNAUTHENTICATED", name, bad, err)
		} else if bad != "" && strings.Contains(err.Error(), text[10:20]) {
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		}
	}
}

func TestDigestGoesThroughTheDatabase(t *testing.T) {
	t.Parallel()
	_, d := opaque.Refresh.New()
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
