package deliveries

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/platform/carrier"
	"heyue/platform/egress"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/mask"
)

// Bounds of what is said of an endpoint.
const (
	MaxSecret = 500
	MaxOption = 200
)

// Option is something that a provider wants to know of an endpoint beside its secret.
type Option struct{ Name, Value string }

// EndpointDraft is an endpoint that is to be made.
type EndpointDraft struct {
	Channel     channel.Channel
	Provider    posting.Provider
	Name        string
	URL         *string // left out where the provider's own is meant
	Secret      *string // of the other side; a program's is made here
	Options     []*Option
	Events      []string
	ShownFields []string
	UserID      *publicid.UserID
}

// validate reports everything wrong with the draft at once. An address is https on the internet, or in a network that the
// installation allows; names are judged when they are called.
func (d EndpointDraft) validate(limits Limits) error {
	var c fault.Check
	c.Text("name", d.Name, 1, posting.MaxName)
	spec, ok := carrier.SpecOf(d.Channel, d.Provider)
	c.That(ok && spec.Endpoint, fault.UnknownValue, "channel", "there are no endpoints of %.20s by %.20s", string(d.Channel), string(d.Provider))
	if ok && spec.Endpoint {
		checkURL(&c, otherwise(d.URL, spec.URL), limits)
		checkSecret(&c, d.Secret, spec.Secret)
		checkOptions(&c, d.Options, spec.Options)
	}
	checkEvents(&c, d.Events)
	checkFields(&c, d.ShownFields)
	return c.Err()
}

func checkURL(c *fault.Check, text string, limits Limits) {
	c.Text("url", text, 1, posting.MaxURL)
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		c.Add(fault.Malformed, "url", "an endpoint is an address that begins with https://, without a name and password and without #")
		return
	}
	if err := egress.Callable(u.Scheme, u.Hostname(), limits.Allow); err != nil {
		c.Add(fault.NotAllowed, "url", "%s", err)
	}
}

func checkSecret(c *fault.Check, secret *string, need carrier.Secret) {
	c.OptText("secret", secret, MaxSecret)
	switch has := secret != nil && strings.TrimSpace(*secret) != ""; need {
	case carrier.Required:
		c.That(has, fault.Required, "secret", "the provider needs a secret")
	case carrier.Made, carrier.None:
		c.That(!has, fault.Inconsistent, "secret", "no secret is given for endpoints of this channel")
	case carrier.Optional:
	}
}

func checkOptions(c *fault.Check, options []*Option, wanted []string) {
	seen := map[string]bool{}
	for i, o := range options {
		c.Index("options", i, func(c *fault.Check) {
			c.That(slices.Contains(wanted, o.Name), fault.UnknownValue, "name", "%.40q is no option of this provider", o.Name)
			c.That(!seen[o.Name], fault.Duplicate, "name", "%.40q is there twice", o.Name)
			c.Text("value", o.Value, 1, MaxOption)
		})
		seen[o.Name] = true
	}
	for _, name := range wanted {
		c.That(seen[name], fault.Required, "options", "the provider needs the option %s", name)
	}
}

func checkEvents(c *fault.Check, events []string) {
	seen := map[string]bool{}
	for i, e := range events {
		at := "events." + itoa(i)
		c.That(slices.Contains(posting.Events(), e), fault.UnknownValue, at, "%.40q is no event; there are %s", e, strings.Join(posting.Events(), ", "))
		c.That(!seen[e], fault.Duplicate, at, "%.40s is there twice", e)
		seen[e] = true
	}
}

func checkFields(c *fault.Check, fields []string) {
	for i, f := range fields {
		object, name, _ := strings.Cut(f, ".")
		c.That(mask.Known(mask.Field{Object: object, Name: name}), fault.UnknownValue, "shownFields."+itoa(i), "%.80q is no field that is kept from anybody", f)
	}
}

// EndpointChange alters an endpoint that is still at ExpectedVersion. A nil field stays as it is.
type EndpointChange struct {
	ID              publicid.EndpointID
	ExpectedVersion int
	Name            *string
	URL             *string
	Options         []*Option
	Events          []string
	ShownFields     []string
	Enabled         *bool
}

// validate reports everything wrong with the change at once, for an endpoint of some way.
func (ch EndpointChange) validate(limits Limits, spec carrier.Spec) error {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, posting.MaxName)
	}
	if ch.URL != nil {
		checkURL(&c, strings.TrimSpace(*ch.URL), limits)
	}
	if ch.Options != nil {
		checkOptions(&c, ch.Options, spec.Options)
	}
	checkEvents(&c, ch.Events)
	checkFields(&c, ch.ShownFields)
	return c.Err()
}

// EndpointRotation asks for another secret; the old one signs beside it for OverlapSeconds more.
type EndpointRotation struct {
	ID              publicid.EndpointID
	ExpectedVersion int
	Secret          *string // of the other side; a program's is made here
	OverlapSeconds  int
}

// EndpointTarget is an endpoint at the version that the caller has seen.
type EndpointTarget struct {
	ID              publicid.EndpointID
	ExpectedVersion int
}

// EndpointTest asks for a message that shows whether it arrives.
type EndpointTest struct{ ID publicid.EndpointID }

// EndpointReplay asks for every event after a number again.
type EndpointReplay struct {
	ID    publicid.EndpointID
	After string // the number of an event, as text: it may be larger than the API's whole numbers
}

func (r EndpointReplay) after() (int64, error) {
	n, err := strconv.ParseInt(r.After, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, fault.Malformed, "%.30q is no number of an event", r.After).At("after")
	}
	return n, nil
}

// DeliveryTarget is a delivery.
type DeliveryTarget struct{ ID publicid.DeliveryID }

func optionMap(options []*Option) map[string]string {
	out := make(map[string]string, len(options))
	for _, o := range options {
		out[o.Name] = strings.TrimSpace(o.Value)
	}
	return out
}

// OptionList gives options in the order of their names, for answers.
func OptionList(options map[string]string) []*Option {
	out := make([]*Option, 0, len(options))
	for _, name := range slices.Sorted(maps.Keys(options)) {
		out = append(out, &Option{name, options[name]})
	}
	return out
}

// token is what vendors of robots put into addresses to let in whoever knows it.
var token = regexp.MustCompile(`[A-Za-z0-9_-]{16,}`)

// shownURL is an address as it may be shown: of a robot without what lets in whoever knows it.
func shownURL(c channel.Channel, text string) string {
	if c == channel.Webhook || c == channel.SMS {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.RawQuery = ""
	u.Path = token.ReplaceAllString(u.Path, "…")
	u.RawPath = ""
	shown, err := url.PathUnescape(u.String())
	if err != nil {
		return u.Scheme + "://" + u.Host
	}
	return shown
}

func itoa(i int) string { return strconv.Itoa(i) }
