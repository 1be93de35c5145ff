package keys

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
)

// Bounds of what one key says.
const (
	MaxName        = 100 // characters
	MaxPermissions = 100
	MaxNetworks    = 20
)

// Draft is a key that is to be made.
type Draft struct {
	Name        string
	Permissions []*grant.Line
	Networks    []string
	ExpiresAt   time.Time
}

// Validate reports everything wrong with the draft at once; its end is judged by the clock, in Create.
func (d Draft) Validate() error {
	var c fault.Check
	c.Text("name", d.Name, 1, MaxName)
	c.That(len(d.Permissions) > 0, fault.Required, "permissions", "a key is for at least one permission")
	c.That(len(d.Permissions) <= MaxPermissions, fault.TooLong, "permissions", "a key has at most %d permissions", MaxPermissions)
	seen := map[policies.Permission]bool{}
	for i, l := range d.Permissions[:min(len(d.Permissions), MaxPermissions)] {
		c.Index("permissions", i, func(c *fault.Check) {
			p := policies.Permission{Object: l.Object, Action: l.Action}
			c.That(policies.Known(p), fault.UnknownValue, "action", "there is no permission %.80q", p.String())
			c.That(l.Scope.Rank() > 0, fault.UnknownValue, "scope", "%.20q is no scope", l.Scope)
			c.That(!seen[p], fault.Duplicate, "action", "%.80s is there twice", p)
			seen[p] = true
		})
	}
	networks(&c, d.Networks)
	return c.Err()
}

// Change alters a key that is still at ExpectedVersion. A nil field stays as it is; an empty list of networks lets the
// key be used from anywhere.
type Change struct {
	ID              publicid.APIKeyID
	ExpectedVersion int
	Name            *string
	Networks        []string
	ExpiresAt       *time.Time
}

// Validate reports everything wrong with the change at once.
func (ch Change) Validate() error {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, MaxName)
	}
	networks(&c, ch.Networks)
	return c.Err()
}

// Rotation asks for another secret; the old one is good for OverlapSeconds more.
type Rotation struct {
	ID              publicid.APIKeyID
	ExpectedVersion int
	OverlapSeconds  int
}

// Target is a key at the version that the caller has seen.
type Target struct {
	ID              publicid.APIKeyID
	ExpectedVersion int
}

// networks checks a list and returns the one spelling of each: the network's first address and its length.
func networks(c *fault.Check, texts []string) []string {
	out := []string{}
	if len(texts) > MaxNetworks {
		c.Add(fault.TooLong, "networks", "a key has at most %d networks", MaxNetworks)
		return nil
	}
	seen := map[netip.Prefix]bool{}
	for i, text := range texts {
		at := fmt.Sprintf("networks.%d", i)
		p, err := network(strings.TrimSpace(text))
		switch {
		case err != nil:
			c.Add(fault.Malformed, at, "%.50q is neither an address nor a network such as 203.0.113.0/24", text)
		case seen[p]:
			c.Add(fault.Duplicate, at, "%s is there twice", p)
		default:
			seen[p] = true
			out = append(out, p.String())
		}
	}
	return out
}

func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if p.Addr().Is4In6() { // ::ffff:203.0.113.0/120 is what 203.0.113.0/24 is
		if p.Bits() < 96 {
			return netip.Prefix{}, errMixed
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
