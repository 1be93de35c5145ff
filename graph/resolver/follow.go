package resolver

import (
	"context"
	"encoding/json"

	"heyue/domain/alerts"
	"heyue/graph/transport"
)

// follow runs a feed of alert events as a subscription until the client leaves or the feed ends; the reason of an end is
// the stream's last word.
func (s Services) follow(ctx context.Context, after *string, filter *alerts.Filter) (<-chan *alerts.Event, error) {
	if fresh := resume(ctx); fresh != "" {
		after = &fresh
	}
	feed, err := s.Alerts.Events(ctx, after, filter)
	if err != nil {
		return nil, err
	}
	events := make(chan *alerts.Event)
	go func() {
		defer close(events)
		defer feed.Close()
		for {
			e, err := feed.Next(ctx)
			if err != nil {
				if ctx.Err() == nil {
					transport.EndWith(ctx, err)
				}
				return
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, nil
}

// resume is where a reconnected client says it stopped: Last-Event-ID of an event stream, or resume.cursor in the
// payload of a websocket's connection_init. Clients repeat their old variables when they reconnect and renew only
// these, so they take the place of the argument.
func resume(ctx context.Context) string {
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
