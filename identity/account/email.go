package account

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"heyue/platform/fault"
)

// MaxEmail is the longest address in bytes: RFC 5321 section 4.5.3.1.3 allows a path of 256 with its angle brackets.
const MaxEmail = 254

// NormalEmail gives the one spelling under which an address is stored and looked up: compatibility forms unified
// (NFKC), lower case, no white space around it. Two spellings of one address therefore are one user (A2).
func NormalEmail(s string) string {
	return strings.TrimSpace(norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))))
}

// CheckEmail adds to c what is wrong with an address, at field. It judges the form only; whether mail arrives is not
// known. A display name or a comment is no part of an address.
func CheckEmail(c *fault.Check, field, s string) {
	n := NormalEmail(s)
	if n == "" {
		c.Add(fault.Required, field, "an email address is required")
		return
	}
	if len(n) > MaxEmail {
		c.Add(fault.TooLong, field, "an email address has at most %d bytes", MaxEmail)
		return
	}
	at := strings.LastIndexByte(n, '@')
	a, err := mail.ParseAddress(n)
	if err != nil || a.Address != n || at > 64 || !utf8.ValidString(n) {
		c.Add(fault.Malformed, field, "this is not an email address; write it like name@example.com")
	}
}
