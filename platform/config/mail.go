package config

import (
	"log/slog"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
)

// SMTPURL is a mail server: smtps:// encrypts from the first byte, smtp:// by STARTTLS, which it insists on, and
// smtp+plain:// not at all, for a server on the same machine. It prints itself without its password; Reveal gives all of it.
type SMTPURL string

// Mailbox is who a mail comes from: an address, with or without a name.
type Mailbox string

// WebURL is where people reach a web page of ours; https, or http on the way to a developer's machine.
type WebURL string

// Reveal returns the URL with its password, for opening connections only.
func (u SMTPURL) Reveal() string { return string(u) }

// String masks passwords.
func (u SMTPURL) String() string { return maskURL(string(u)) }

// GoString masks the value for %#v.
func (u SMTPURL) GoString() string { return strconv.Quote(u.String()) }

// MarshalText masks the value in JSON.
func (u SMTPURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue masks the value in logs.
func (u SMTPURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

func parseSMTPURL(s string) (any, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" && u.Scheme != "smtp+plain" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errValue
	}
	return SMTPURL(s), nil
}

func parseMailbox(s string) (any, error) {
	if _, err := mail.ParseAddress(s); err != nil {
		return nil, errValue
	}
	return Mailbox(s), nil
}

func parseWebURL(s string) (any, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errValue
	}
	return WebURL(strings.TrimRight(s, "/")), nil
}
