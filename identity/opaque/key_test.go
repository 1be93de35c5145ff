package opaque_test

import (
	"strings"
	"testing"

	"heyue/identity/opaque"
	"heyue/platform/fault"
)

func TestAKeySaysWhereItBelongs(t *testing.T) {
	t.Parallel()
	prefix, text, digest := opaque.NewKey(4711)
	tenant, found, again, err := opaque.ParseKey(text)
	if err != nil || tenant != 4711 || found != prefix || !again.Equal(digest) || !opaque.IsKey(text) {
		t.Errorf("%s: %d, %s, %v", text, tenant, found, err)
	}
	other, second := opaque.Rekey(4711, prefix)
	if _, found, again, err = opaque.ParseKey(other); err != nil || found != prefix || again.Equal(digest) || !again.Equal(second) {
		t.Errorf("another secret: %s, %v", found, err)
	}
	if got := opaque.DigestOf(digest.Hex()); !got.Equal(digest) {
		t.Errorf("%x", got)
	}
	for _, bad := range []string{"", "x", digest.Hex() + "00", strings.Repeat("z", 64)} {
		if got := opaque.DigestOf(bad); !got.Equal(opaque.Digest{}) {
			t.Errorf("%q is %x", bad, got)
		}
	}
}

// FuzzParseKey looks for texts that are taken for keys and are not the one spelling of them.
func FuzzParseKey(f *testing.F) {
	_, text, _ := opaque.NewKey(7)
	for _, seed := range []string{text, text + "A", text[:60], "hyk_", "hyk_0_", strings.ToUpper(text), "hyk_-7" + text[5:], "hyk_07" + text[5:], strings.Replace(text, "_", "\n", 2)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tenant, prefix, digest, err := opaque.ParseKey(text)
		if err != nil {
			if fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, same, other, err := opaque.ParseKey(text)
		if tenant < 1 || len(prefix) != 12 || err != nil || again != tenant || same != prefix || !other.Equal(digest) || !digest.Equal(opaque.Sum(text)) {
			t.Errorf("%q is taken for a key: %d %s", text, tenant, prefix)
		}
	})
}
