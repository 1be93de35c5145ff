package password

import (
	_ "embed" // the list of common passwords
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"heyue/platform/fault"
)

// retryAfter is what a caller is told when every slot stays taken.
const retryAfter = time.Second

// Policy is what a new password must be. It follows NIST SP 800-63B section 5.1.1.2: length counts, composition
// rules (a digit, a capital …) do not, well-known passwords and the user's own particulars are refused.
type Policy struct {
	MinLength int // characters, not bytes
	MaxLength int // characters; only there to bound the work
}

// DefaultPolicy wants 8 to 128 characters.
func DefaultPolicy() Policy { return Policy{MinLength: 8, MaxLength: 128} }

//go:embed common.txt
var commonText string

// Check adds to c what is wrong with password, at field. own are words of the user that must not be the password:
// name, e-mail address, company. The faults never repeat the password.
func (p Policy) Check(c *fault.Check, field, password string, own ...string) {
	n := utf8.RuneCountInString(password)
	switch {
	case password == "":
		c.Add(fault.Required, field, "a password is required")
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		c.Add(fault.Malformed, field, "a password is text without control characters")
	case n < p.MinLength:
		c.Add(fault.TooShort, field, "a password needs at least %d characters", p.MinLength)
	case n > p.MaxLength:
		c.Add(fault.TooLong, field, "a password has at most %d characters", p.MaxLength)
	case guessable(string(canonical(password)), own):
		c.Add(fault.NotAllowed, field, "this password is among the first that anyone would try; choose another")
	}
}

// guessable reports whether password is a common one, one character or a run repeated, or a word of the user's
// with at most three characters around it.
func guessable(password string, own []string) bool {
	low := strings.ToLower(password)
	for word := range strings.FieldsSeq(commonText) {
		if low == word {
			return true
		}
	}
	return monotonous(low) || aboutUser(low, own)
}

// monotonous finds aaaaaaaa, abcdefgh and 87654321: every step between neighbours is the same small one.
func monotonous(s string) bool {
	r := []rune(s)
	if len(r) < 2 {
		return true
	}
	step := r[1] - r[0]
	if step < -1 || step > 1 {
		return false
	}
	for i := 1; i < len(r); i++ {
		if r[i]-r[i-1] != step {
			return false
		}
	}
	return true
}

// spare is how many characters around a user's own word still leave it guessable.
const spare = 3

func aboutUser(low string, own []string) bool {
	for _, word := range own {
		local, _, _ := strings.Cut(word, "@")
		for _, w := range []string{word, local} {
			w = strings.ToLower(strings.TrimSpace(w))
			if utf8.RuneCountInString(w) >= 3 && strings.Contains(low, w) &&
				utf8.RuneCountInString(low)-utf8.RuneCountInString(w) <= spare {
				return true
			}
		}
	}
	return false
}
