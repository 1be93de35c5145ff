package account_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/identity/account"
	"heyue/platform/fault"
)

func TestNormalEmail(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"li.wei@example.com":     "li.wei@example.com",
		" Li.Wei@Example.COM\n":  "li.wei@example.com",
		"ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ":         "li@example.com",
		"李伟@例子.公司":               "李伟@例子.公司",
		"e\u0301ric@example.com": "\u00e9ric@example.com",
		"\u212Aim@example.com":   "kim@example.com", // the Kelvin sign
	}
	for in, want := range tests {
		if got := account.NormalEmail(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// TestNormalEmailHasOneSpelling: normalising twice changes nothing, or a user could be stored under a name that no
// sign-in asks for.
func TestNormalEmailHasOneSpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once := account.NormalEmail(s)
		if twice := account.NormalEmail(once); twice != once {
			t.Fatalf("%q gives %q, and that gives %q", s, once, twice)
		}
	})
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	tests := map[string]fault.Code{
		"li@example.com":                         "",
		"LI+tag@例子.公司":                           "",
		"  li@example.com ":                      "",
		"":                                       fault.Required,
		"   ":                                    fault.Required,
		"li":                                     fault.Malformed,
		"li@":                                    fault.Malformed,
		"@example.com":                           fault.Malformed,
		"li@a@b":                                 fault.Malformed,
		"Li Wei <li@example.com>":                fault.Malformed,
		"li@example.com, wei@example.com":        fault.Malformed,
		"li\x00@example.com":                     fault.Malformed,
		strings.Repeat("l", 65) + "@example.com": fault.Malformed,
		"li@" + strings.Repeat("example.", 40) + "com": fault.TooLong,
	}
	for in, code := range tests {
		var c fault.Check
		account.CheckEmail(&c, "email", in)
		got := fault.Code("")
		if all := fault.All(c.Err()); len(all) > 0 {
			got = all[0].Code
		}
		if got != code {
			t.Errorf("%q: %q, want %q", in, got, code)
		}
	}
}
