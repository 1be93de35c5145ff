package deliveries

import (
	"context"
	"slices"
	"strings"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/ent/endpoint"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// kindRaised is the kind of event that orders are about.
const kindRaised = "alert.raised"

// Send implements alerts.Courier: it turns orders into deliveries in tx. What is in the inbox needs none. A text message
// goes by the tenant's gateway; what is meant for groups or programs, without naming one, to all there are of the channel.
func (s *Service) Send(ctx context.Context, tx *ent.Tx, orders []channel.Order) error {
	var wanted []channel.Order
	ways := map[channel.Channel]bool{}
	for _, o := range orders {
		if o.Channel != channel.InApp {
			wanted = append(wanted, o)
			ways[o.Channel] = o.Channel != channel.Email || ways[o.Channel]
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	there, err := standing(ctx, tx, ways)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	var rows []row
	for _, o := range wanted {
		rows = append(rows, s.rows(o, there, now)...)
	}
	if err := insert(ctx, tx, now, rows); err != nil {
		return err
	}
	s.hurry(tx)
	return nil
}

// standing reads the endpoints that messages by some channels go to.
func standing(ctx context.Context, tx *ent.Tx, ways map[channel.Channel]bool) (map[channel.Channel][]*ent.Endpoint, error) {
	var channels []channel.Channel
	for c, endpoints := range ways {
		if endpoints {
			channels = append(channels, c)
		}
	}
	if len(channels) == 0 {
		return nil, nil
	}
	rows, err := tx.Endpoint.Query().Where(endpoint.ChannelIn(channels...), endpoint.Enabled(true), endpoint.ArchivedAtIsNil()).
		Order(endpoint.ByID()).All(ctx)
	if err != nil {
		return nil, fault.Wrap(err, "read endpoints")
	}
	out := map[channel.Channel][]*ent.Endpoint{}
	for _, e := range rows {
		out[e.Channel] = append(out[e.Channel], e)
	}
	return out, nil
}

// rows are the deliveries of one order. One that has no way at all is there too, dead, so that the log shows it.
func (s *Service) rows(o channel.Order, there map[channel.Channel][]*ent.Endpoint, now time.Time) []row {
	first := row{
		Source: o.Alert.UUID(), Kind: kindRaised, Alert: ptr(o.Alert.UUID()), At: now, Channel: o.Channel, Address: strings.TrimSpace(o.Recipient.Address),
		Name: o.Recipient.Name, Subject: o.Subject.UUID(), Position: now.UnixMicro(), Digest: o.DigestKey, Locale: o.Locale,
		State: posting.Waiting, Reason: posting.NoReason, Next: ptr(later(now, o.NotBefore)), Expires: later(now, o.NotBefore).Add(s.Limits.Life),
	}
	if o.Recipient.User != nil {
		first.User, first.Target = ptr(o.Recipient.User.UUID()), o.Recipient.User.String()
	} else {
		first.Target = strings.ToLower(first.Address)
	}
	switch o.Channel {
	case channel.Email:
		return []row{first}
	case channel.SMS:
		if len(there[o.Channel]) == 0 {
			return []row{first.dead()}
		}
		first.Endpoint = ptr(there[o.Channel][0].ID.UUID())
		return []row{first}
	}
	var out []row
	for _, e := range there[o.Channel] {
		if goesTo(o, e) {
			out = append(out, first.to(e))
		}
	}
	if len(out) == 0 {
		return []row{first.dead()}
	}
	return out
}

// goesTo reports whether an order reaches an endpoint: the one that it names, or with none named every one of its channel
// that has the recipient's eyes or nobody's. A program that hears of every alert by itself hears of none twice.
func goesTo(o channel.Order, e *ent.Endpoint) bool {
	if o.Recipient.User == nil {
		return o.Recipient.Address == e.ID.String()
	}
	return (e.UserID == nil || *e.UserID == *o.Recipient.User) && !slices.Contains(e.Events, kindRaised)
}

// to readdresses a row to an endpoint. Whoever it was for reads it there, with everybody else of the group.
func (r row) to(e *ent.Endpoint) row {
	r.Endpoint, r.Target, r.User, r.Address = ptr(e.ID.UUID()), e.ID.String(), nil, ""
	return r
}

// dead is a row for which there is no way.
func (r row) dead() row {
	r.State, r.Reason, r.Next = posting.Dead, posting.NoWay, nil
	return r
}

// Cancel implements alerts.Courier: what has not gone out of alerts that are moot does not go out any more. A message
// that is being sent at this moment still arrives.
func (s *Service) Cancel(ctx context.Context, tx *ent.Tx, alerts []publicid.AlertID) error {
	err := tx.Delivery.Update().Where(among(delivery.FieldAlertID, alerts), delivery.Kind(kindRaised), delivery.StateEQ(posting.Waiting)).
		SetState(posting.Cancelled).SetReason(posting.Withdrawn).ClearNextAt().ClearLeasedUntil().SetUpdatedAt(s.Clock.Now()).Exec(ctx)
	return fault.Wrap(err, "cancel deliveries")
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func ptr[T any](v T) *T { return &v }
