package providers

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Bounds of what is said of a provider.
const (
	MaxName    = 100
	MaxIssuer  = 500
	MaxClient  = 500
	MaxDomains = 20
	MaxSubject = 255 // OpenID Connect Core 1.0 section 2: sub is at most 255 ASCII characters
)

// Draft is a provider that is to be registered.
type Draft struct {
	Name         string
	Issuer       string
	ClientID     string
	ClientSecret *string
	Domains      []string
}

// validate reports everything wrong with the draft at once. An issuer is https, or http at this machine with loopback.
func (d Draft) validate(loopback bool) error {
	var c fault.Check
	c.Text("name", d.Name, 1, MaxName)
	c.Text("issuer", d.Issuer, 1, MaxIssuer)
	if d.Issuer != "" && !issuer(d.Issuer, loopback) {
		c.Add(fault.Malformed, "issuer", "an issuer is an address that begins with https://, without ? and #")
	}
	c.Text("clientId", d.ClientID, 1, MaxClient)
	c.OptText("clientSecret", d.ClientSecret, MaxClient)
	checkDomains(&c, d.Domains)
	return c.Err()
}

func issuer(text string, loopback bool) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(text, "#") {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && loopback && err == nil && a.IsLoopback()
}

// Change alters a provider that is still at ExpectedVersion. A nil field stays as it is.
type Change struct {
	ID              publicid.OIDCProviderID
	ExpectedVersion int
	Name            *string
	ClientID        *string
	ClientSecret    *string // an empty text for a public client
	Domains         []string
	Enabled         *bool
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, MaxName)
	}
	if ch.ClientID != nil {
		c.Text("clientId", *ch.ClientID, 1, MaxClient)
	}
	c.OptText("clientSecret", ch.ClientSecret, MaxClient)
	checkDomains(&c, ch.Domains)
	return c.Err()
}

// Binding says that whoever a provider calls by a subject is a user.
type Binding struct {
	UserID         publicid.UserID
	OidcProviderID publicid.OIDCProviderID
	Subject        string
}

// Validate reports what is missing or too long.
func (b Binding) Validate() error {
	var c fault.Check
	c.Text("subject", b.Subject, 1, MaxSubject)
	return c.Err()
}

// Target is an identity.
type Target struct{ ID publicid.ExternalIdentityID }

func checkDomains(c *fault.Check, texts []string) {
	if len(texts) > MaxDomains {
		c.Add(fault.TooLong, "domains", "there are %d domains, at most %d are allowed", len(texts), MaxDomains)
		return
	}
	seen := map[string]bool{}
	for i, d := range domains(texts) {
		at := fmt.Sprintf("domains.%d", i)
		c.That(len(d) <= 253 && strings.Trim(d, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && strings.Contains(d, ".") && !strings.HasPrefix(d, ".") && !strings.HasSuffix(d, "."),
			fault.Malformed, at, "%.50q is not a domain such as example.com", texts[i])
		c.That(!seen[d], fault.Duplicate, at, "%.50s is there twice", d)
		seen[d] = true
	}
}

// domains gives the one spelling of each.
func domains(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = strings.ToLower(strings.TrimSpace(t))
	}
	return out
}
