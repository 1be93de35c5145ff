package ocds

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// textFlaw is what had to be mended in a text; several may be set.
type textFlaw uint8

const (
	wasLatin textFlaw = 1 << iota
	hadNUL
	hadSurrogate
	hadEscape
)

func (f textFlaw) reason() string {
	var why []string
	for _, w := range []struct {
		bit  textFlaw
		text string
	}{
		{wasLatin, "bytes that are not UTF-8 were read as Windows-1252"},
		{hadNUL, "NUL characters were removed"},
		{hadSurrogate, "half of a surrogate pair was replaced by U+FFFD"},
		{hadEscape, "an unknown escape was kept as it stands"},
	} {
		if f&w.bit != 0 {
			why = append(why, w.text)
		}
	}
	return strings.Join(why, "; ")
}

// repair undoes the escapes of a JSON string and mends what no text column can hold. It never fails.
func repair(s string) (string, textFlaw) {
	var flaw textFlaw
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\':
			n, f := appendEscape(&out, s[i:])
			i, flaw = i+n, flaw|f
		case c == 0:
			i, flaw = i+1, flaw|hadNUL
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				r, flaw = charmap.Windows1252.DecodeByte(c), flaw|wasLatin
			}
			out = utf8.AppendRune(out, r)
			i += n
		}
	}
	return string(out), flaw
}

// simpleEscape returns what a two-character escape stands for.
func simpleEscape(c byte) (byte, bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// appendEscape decodes the escape that s begins with and returns how many bytes it took.
func appendEscape(out *[]byte, s string) (int, textFlaw) {
	if len(s) < 2 {
		*out = append(*out, '\\')
		return 1, hadEscape
	}
	if c, ok := simpleEscape(s[1]); ok {
		*out = append(*out, c)
		return 2, 0
	}
	r, ok := hex4(s)
	if !ok {
		*out = append(*out, '\\')
		return 1, hadEscape
	}
	n, flaw := 6, textFlaw(0)
	if utf16.IsSurrogate(r) {
		low, ok := hex4(s[6:])
		if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
			n = 12
		} else {
			r, flaw = utf8.RuneError, hadSurrogate
		}
	}
	if r == 0 {
		return n, hadNUL
	}
	*out = utf8.AppendRune(*out, r)
	return n, flaw
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 32)
	return rune(v), err == nil
}

// unquote is repair for a string found by the scanner.
func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	s, _ = repair(s)
	return s
}

// fold gives names that people take for the same one form: no case, Latin accents, punctuation or extra spaces.
// Marks of other scripts stay, because there they tell words apart.
func fold(name string) string {
	plain := true
	for i := 0; i < len(name) && plain; i++ {
		plain = name[i] < utf8.RuneSelf
	}
	if !plain {
		name = norm.NFKD.String(name)
	}
	out := make([]byte, 0, len(name))
	gap := false
	for _, r := range name {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && (r < 0x300 || r > 0x36f):
			if gap && len(out) > 0 {
				out = append(out, ' ')
			}
			out, gap = utf8.AppendRune(out, unicode.ToLower(r)), false
		case unicode.IsSpace(r) || r == '-' || r == '/':
			gap = true
		}
	}
	return string(out)
}

// clip cuts s to at most n characters.
func clip(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	count := 0
	for i := range s {
		if count == n {
			return strings.TrimSpace(s[:i]), true
		}
		count++
	}
	return s, false
}
