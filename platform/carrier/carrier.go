// Package carrier brings messages to where they are for: one file a channel, each behind the same interface. It knows
// protocols and signatures, and nothing of tenants, alerts or queues. A channel is added as one file and one line of
// Specs.
package carrier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/platform/clock"
	"heyue/platform/mail"
)

// Message is what is to arrive, in all the forms that channels want.
type Message struct {
	ID      string // tells messages apart; the same one again is the same message
	At      time.Time
	Subject string
	Text    string
	HTML    string
	Params  []Param // what a provider's own template is filled with
	Body    []byte  // JSON for programs
}

// Param is a named value, in the order of the provider's template.
type Param struct{ Name, Value string }

// Target is where to.
type Target struct {
	Address string            // of a person: a mail address, a telephone number
	Name    string            // of the person; may be empty
	URL     string            // of an endpoint
	Secrets []string          // of the endpoint, those that are good now, newest first
	Options map[string]string // what the provider wants to know beside them
}

// Receipt is what the other side answered.
type Receipt struct {
	Status int    // the answer's number; 0: there was none
	Head   string // how it begins
	ID     string // what the other side calls the message
}

// Carrier carries one message at a time. An error is a *Failure. It is safe for concurrent use.
type Carrier interface {
	Carry(ctx context.Context, t Target, m Message) (Receipt, error)
}

// Failure says why a message was not taken. Its text holds nothing of the message and no secret.
type Failure struct {
	Result  posting.Result // Later or Rejected
	Gone    bool           // the endpoint says that it is no more
	Wait    time.Duration  // that the other side asks for before the next try; 0: it does not say
	Trouble string
	cause   error
}

// Error implements error.
func (f *Failure) Error() string { return f.Trouble }

// Unwrap returns what it came from.
func (f *Failure) Unwrap() error { return f.cause }

func later(trouble string, args ...any) *Failure {
	return &Failure{Result: posting.Later, Trouble: fmt.Sprintf(trouble, args...)}
}

func rejected(trouble string, args ...any) *Failure {
	return &Failure{Result: posting.Rejected, Trouble: fmt.Sprintf(trouble, args...)}
}

// Secret says where the secret of an endpoint comes from.
type Secret int

// Where a secret comes from.
const (
	None     Secret = iota
	Made            // by us; the other side is given it
	Optional        // by the other side, if it wants signatures
	Required        // by the other side
)

// Spec describes a channel, or one provider of it, to whoever registers endpoints.
type Spec struct {
	Channel  channel.Channel
	Provider posting.Provider
	Endpoint bool // needs one; else messages go to addresses
	Person   bool // messages are for one person's address
	Robot    bool // messages are for a group, which its vendor keeps from too many
	Secret   Secret
	Most     int      // characters of a text that the other side takes; 0: any
	URL      string   // where the provider is, unless the endpoint says otherwise
	Options  []string // all needed
	make     func(Deps) Carrier
}

// Deps are what carriers work with.
type Deps struct {
	HTTP   *http.Client // of package egress
	Answer int64        // bytes of an answer that are read
	Mail   mail.Sender  // nil: no mail is sent
	Clock  clock.Clock
}

// Specs lists every way there is.
func Specs() []Spec {
	return []Spec{email(), webhook(), gateway(), aliyun(), tencent(), wecom(), dingtalk(), feishu()}
}

// SpecOf finds a way; false when there is none.
func SpecOf(c channel.Channel, p posting.Provider) (Spec, bool) {
	for _, s := range Specs() {
		if s.Channel == c && s.Provider == p {
			return s, true
		}
	}
	return Spec{}, false
}

// Fleet is a carrier of every way.
type Fleet struct{ by map[way]Carrier }

type way struct {
	channel  channel.Channel
	provider posting.Provider
}

// New makes a carrier of every way.
func New(d Deps) Fleet {
	f := Fleet{map[way]Carrier{}}
	for _, s := range Specs() {
		if c := s.make(d); c != nil {
			f.by[way{s.Channel, s.Provider}] = c
		}
	}
	return f
}

// errNoCarrier is what a message fails with for which this installation has no way.
var errNoCarrier = errors.New("carrier: this installation has no way for it")

// Carry carries a message by a way.
func (f Fleet) Carry(ctx context.Context, c channel.Channel, p posting.Provider, t Target, m Message) (Receipt, error) {
	by, ok := f.by[way{c, p}]
	if !ok {
		return Receipt{}, &Failure{Result: posting.Rejected, Trouble: "this installation has no way for it", cause: errNoCarrier}
	}
	return by.Carry(ctx, t, m)
}
