// Package posting names where messages stand on their way and what becomes of them. It is a leaf shared by the tables,
// the deliveries and the API.
package posting

import "slices"

// Bounds of what is kept of messages, in characters.
const (
	MaxName       = 100
	MaxURL        = 2000
	MaxAddress    = 320 // RFC 5321: 64 before the @ and 255 behind it
	MaxProviderID = 200
	MaxTrouble    = 500
	MaxHead       = 1024
	MaxSubject    = 200
	MaxBody       = 5000
)

// State of a delivery.
type State string

// A waiting delivery goes out, or is tried again; the others are as they are, unless somebody replays them.
const (
	Waiting   State = "WAITING"
	Delivered State = "DELIVERED"
	Dead      State = "DEAD"      // given up: a dead letter
	Cancelled State = "CANCELLED" // not wanted any more, or not allowed
)

// Values lists the states for the table's CHECK.
func (State) Values() []string {
	return []string{string(Waiting), string(Delivered), string(Dead), string(Cancelled)}
}

// Reason says why a delivery was given up, or an endpoint disabled.
type Reason string

// Reasons.
const (
	NoReason   Reason = "NONE"
	Expired    Reason = "EXPIRED"     // tried until its time was over
	Refused    Reason = "REFUSED"     // the other side says that trying again is of no use
	Gone       Reason = "GONE"        // the endpoint says that it is no more (410)
	NoWay      Reason = "NO_WAY"      // there is no address, no gateway or no mail server for it
	Withdrawn  Reason = "WITHDRAWN"   // the alert is moot
	NotAllowed Reason = "NOT_ALLOWED" // the recipient may not see what it is about
	NotWanted  Reason = "NOT_WANTED"  // the recipient does not want it by this channel
	Failing    Reason = "FAILING"     // an endpoint that has failed for days
	ByHand     Reason = "BY_HAND"     // somebody disabled it
)

// Values lists the reasons for the tables' CHECK.
func (Reason) Values() []string {
	return []string{
		string(NoReason), string(Expired), string(Refused), string(Gone), string(NoWay), string(Withdrawn), string(NotAllowed),
		string(NotWanted), string(Failing), string(ByHand),
	}
}

// Result of a try.
type Result string

// Results of a try.
const (
	Accepted Result = "ACCEPTED" // the other side has it
	Later    Result = "LATER"    // it could not take it now
	Rejected Result = "REJECTED" // it will not take it
)

// Values lists the results for the table's CHECK.
func (Result) Values() []string { return []string{string(Accepted), string(Later), string(Rejected)} }

// Provider is whose protocol an endpoint speaks where a channel has several.
type Provider string

// Providers of text messages; the other channels are Plain.
const (
	Plain   Provider = "PLAIN"   // the channel's own way; for SMS a gateway of the tenant's, over HTTP
	Aliyun  Provider = "ALIYUN"  // 阿里云短信服务
	Tencent Provider = "TENCENT" // 腾讯云短信
)

// Values lists the providers for the table's CHECK.
func (Provider) Values() []string { return []string{string(Plain), string(Aliyun), string(Tencent)} }

// Valid reports whether p is a provider of this product.
func (p Provider) Valid() bool { return slices.Contains(p.Values(), string(p)) }

// MessageKind is what a message says in words, and so which template it is written from.
type MessageKind string

// Kinds of messages.
const (
	AlertMessage  MessageKind = "ALERT"       // one alert
	DigestMessage MessageKind = "DIGEST"      // several at once
	DigestItem    MessageKind = "DIGEST_ITEM" // one of them
)

// Values lists the kinds for the table's CHECK.
func (MessageKind) Values() []string {
	return []string{string(AlertMessage), string(DigestMessage), string(DigestItem)}
}

// Kinds of events that are not the outbox's.
const EventTest = "endpoint.test" // somebody wants to see a message arrive

// Events lists the kinds of outbox events that endpoints may be told of.
func Events() []string {
	return []string{"alert.raised", "alert.withdrawn", "alert.acknowledged", "contract.moved", "contract.change_moved"}
}
