// Package alerts reminds people of what falls due (J1–J4, HR2, HR10, HR11). Contracts and settlements tell
// [Obligations] their dates inside their own transactions; a [Scanner] turns the steps of each date's ladder into
// alerts, each exactly once; an [Inbox] shows a user the own ones; a [Stream] delivers what happens to them.
//
// Whoever moves a date or settles it withdraws what is pending about it in the same transaction.
package alerts

import (
	"heyue/ent"
	"heyue/outbox"
	"heyue/platform/publicid"
	"heyue/policies"
)

// Kinds of outbox events of this package. Their subject is the alert and their payload a Notice.
const (
	EventRaised       = "alert.raised"
	EventWithdrawn    = "alert.withdrawn"
	EventRead         = "alert.read"
	EventAcknowledged = "alert.acknowledged"
	EventSnoozed      = "alert.snoozed"
	EventWoken        = "alert.woken"
	EventAssigned     = "alert.assigned"
)

// Notice is the payload of every event of this package: which alert, and whose inboxes it concerns. What the alert
// says is read when the event is delivered, so that an event can never show what its reader may no longer see.
type Notice struct {
	Alert      publicid.AlertID  `json:"alert"`
	Recipients []publicid.UserID `json:"recipients"`
}

// readSubject is the permission to read what an obligation is about. All kinds there are stand in contracts; owner
// and department of an obligation are the contract's.
var readSubject = policies.ContractRead

func event(kind string, alert publicid.AlertID, recipients ...publicid.UserID) outbox.Event {
	return outbox.Event{Kind: kind, Subject: alert.UUID(), Payload: Notice{alert, recipients}}
}

// recipientsOf gives the users whose inbox an alert is in; the edge must be loaded.
func recipientsOf(a *ent.Alert) []publicid.UserID {
	users := make([]publicid.UserID, len(a.Edges.Recipients))
	for i, r := range a.Edges.Recipients {
		users[i] = r.UserID
	}
	return users
}
