package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/secret"
)

// TestABoxOpensOnlyWhatItSealedForThePlace whatever is in it.
func TestABoxOpensOnlyWhatItSealedForThePlace(t *testing.T) {
	t.Parallel()
	box, other := secret.NewBox(bytes.Repeat([]byte{1}, 32)), secret.NewBox(bytes.Repeat([]byte{2}, 32))
	rapid.Check(t, func(t *rapid.T) {
		plain, place := rapid.SliceOf(rapid.Byte()).Draw(t, "plain"), rapid.String().Draw(t, "place")
		sealed := box.Seal(plain, place)
		if got, err := box.Open(sealed, place); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %x, %v", got, err)
		}
		if bytes.Equal(sealed, box.Seal(plain, place)) {
			t.Fatal("two seals are equal")
		}
		spoilt := bytes.Clone(sealed)
		spoilt[rapid.IntRange(0, len(spoilt)-1).Draw(t, "at")] ^= 1
		for name, try := range map[string]func() ([]byte, error){
			"another place": func() ([]byte, error) { return box.Open(sealed, place+"x") },
			"another key":   func() ([]byte, error) { return other.Open(sealed, place) },
			"a bit flipped": func() ([]byte, error) { return box.Open(spoilt, place) },
			"cut short":     func() ([]byte, error) { return box.Open(sealed[:5], place) },
		} {
			if got, err := try(); !errors.Is(err, secret.ErrSealed) || got != nil {
				t.Fatalf("%s: %x, %v", name, got, err)
			}
		}
	})
}
