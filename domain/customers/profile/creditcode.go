package profile

import (
	"strings"

	"golang.org/x/text/width"

	"heyue/platform/fault"
)

// creditAlphabet is the 31 signs of a unified social credit code in the order of their values: digits and
// capital letters without I, O, S, V and Z (GB 32100-2015, 4.1).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

const creditLength = 18

// NormalizeCreditCode brings a code as people type or paste it into the stored form: half-width capital letters
// without spaces and hyphens. It does not check the code.
func NormalizeCreditCode(s string) string {
	s = strings.ToUpper(width.Narrow.String(s))
	return strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(s)
}

// ValidCreditCode checks a unified social credit code (统一社会信用代码, GB 32100-2015): 18 signs, of which the
// third to eighth are the digits of the registering authority's division (GB/T 2260) and the last is the check
// sign. It wants the stored form of NormalizeCreditCode and fails with Invalid MALFORMED, saying what is wrong.
//
// The inner check sign of the organisation code (GB 11714, ninth to seventeenth sign) is left alone: the outer
// one covers it, and a code is what its authority issued even where the inner sign is off.
//
//	ValidCreditCode("914403001922038216") // nil
func ValidCreditCode(s string) error {
	if len(s) != creditLength {
		return malformed("a unified social credit code has %d characters, this one %d", creditLength, len([]rune(s)))
	}
	sum, weight := 0, 1
	for i := range creditLength - 1 {
		v := strings.IndexByte(creditAlphabet, s[i])
		if v < 0 {
			return malformed("character %d of the unified social credit code is not allowed; it is a digit or a capital letter other than I, O, S, V, Z", i+1)
		}
		if i >= 2 && i < 8 && v > 9 {
			return malformed("character %d of the unified social credit code belongs to the division code and must be a digit", i+1)
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	if s[creditLength-1] != creditAlphabet[(31-sum%31)%31] {
		return malformed("the check character of the unified social credit code is wrong; probably a character was mistyped")
	}
	return nil
}

func malformed(format string, args ...any) error {
	return fault.New(fault.Invalid, fault.Malformed, format, args...)
}
