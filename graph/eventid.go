package graph

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
)

// EventID is the id: line of an event stream's response: the cursor of the event, whatever its alias, when the
// subscription selects it. A client that reconnects sends it back as Last-Event-ID.
func EventID(_ context.Context, response *graphql.Response) string {
	var data map[string]struct{ Cursor string }
	if response == nil || json.Unmarshal(response.Data, &data) != nil {
		return ""
	}
	for _, event := range data {
		return event.Cursor
	}
	return ""
}
