package profile

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/platform/fault"
)

// published are codes that well-known companies print on their own web pages.
var published = []string{
	"914403001922038216", "91330100799655058B", "9144030071526726XG", "91110000802100433B",
}

func TestPublishedCreditCodes(t *testing.T) {
	t.Parallel()
	for _, s := range published {
		if err := ValidCreditCode(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestCreditCodeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                     "18 characters",
		"91440300192203821":    "18 characters",
		"9144030019220382160":  "18 characters",
		"914403001922038217":   "check character",
		"91440300I922038216":   "character 9",
		"91440300i922038216":   "character 9",
		"914A03001922038216":   "division code",
		"\x00\x00440300192203": "18 characters",
		"华华华华华华":               "character 1 ",
	} {
		err := ValidCreditCode(s)
		if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want something about %q", s, err, want)
		}
	}
}

// TestEveryMistypedCharacterIsFound: the check character finds any one wrong character and any two neighbours
// exchanged, which is what it is for.
func TestEveryMistypedCharacterIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(published).Draw(t, "code")
		i := rapid.IntRange(0, creditLength-1).Draw(t, "position")
		c := creditAlphabet[rapid.IntRange(0, 30).Draw(t, "sign")]
		typed := s[:i] + string(c) + s[i+1:]
		if err := ValidCreditCode(typed); (err == nil) != (typed == s) {
			t.Fatalf("%s typed as %s: %v", s, typed, err)
		}
		if i > 0 {
			swapped := s[:i-1] + s[i:i+1] + s[i-1:i] + s[i+1:]
			if err := ValidCreditCode(swapped); (err == nil) != (swapped == s) {
				t.Fatalf("%s typed as %s: %v", s, swapped, err)
			}
		}
	})
}

func TestNormalizeCreditCode(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"9144030071526726xg", " 91440300-71526726-XG ", "９１４４０３００７１５２６７２６ＸＧ", "9144 0300 7152 6726 XG"} {
		if got := NormalizeCreditCode(s); got != "9144030071526726XG" {
			t.Errorf("%q became %q", s, got)
		}
	}
}
