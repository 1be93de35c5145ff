package resolver

import (
	"context"
	"encoding/json"

	"heyue/domain/alerts"
	"heyue/graph/transport"
)

// follow is a feed of alert events as a subscription, until the client leaves or the feed ends; the reason of an end is the
// stream's last word.
func (s Services) follow(ctx context.Context, after *string, filter *alerts.Filter) (<-chan *alerts.Event, error) {
	if at := Resumed(ctx); at != "" {
		after = &at
	}
	feed, err := s.Alerts.Events(ctx, after, filter)
	if err != nil {
		return nil, err
	}
	return transport.Follow(ctx, feed), nil
}

// Resumed is where a subscription goes on, when that is not for its argument to say: where this server has got to with it,
// or where a reconnected client says it stopped, by Last-Event-ID of an event stream, or by resume.cursor in the payload of a
// websocket's connection_init. Clients repeat their old variables when they reconnect and renew only these, so they take the
// place of the argument.
func Resumed(ctx context.Context) string {
	if at := transport.Resume(ctx); at != "" {
		return at
	}
	if id := transport.LastEventID(ctx); id != "" {
		return id
	}
	var payload struct {
		Resume struct{ Cursor string }
	}
	if json.Unmarshal(transport.InitPayload(ctx), &payload) != nil {
		return ""
	}
	return payload.Resume.Cursor
}
