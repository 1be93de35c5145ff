package channel

import (
	"time"

	"heyue/platform/publicid"
)

// Addressee is whom an order is for: a user of the tenant, or somebody outside of it. Exactly one of User and Address is
// set.
type Addressee struct {
	User    *publicid.UserID
	Address string // of the order's channel: a mail address, a telephone number, the id of an endpoint
	Name    string // of whoever is at Address; may be empty
}

// Order asks for an alert to reach somebody by one channel, from some instant on. Whoever orders has decided that they
// are to be told; whether they may still be told is asked again when the message goes out.
type Order struct {
	Alert     publicid.AlertID
	Recipient Addressee
	Channel   Channel
	// NotBefore is when it may go out at the earliest: the end of somebody's quiet hours, or the hour of a digest. The
	// zero time is at once.
	NotBefore time.Time
	// DigestKey joins what goes to one recipient by one channel at one NotBefore into one message; "" for a message of its own.
	DigestKey string
	Locale    string                // of the message; "" for the recipient's own, else the tenant's
	Subject   publicid.ObligationID // what it is about: messages about one subject arrive in the order of their alerts
}
