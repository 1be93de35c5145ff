// Package scalar marshals the GraphQL scalars that Go's own types stand for. Scalars with a type of their own
// (dates, money, typed ids) marshal themselves.
package scalar

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"heyue/domain/alerts/schedule"
	"heyue/platform/fault"
)

// MarshalDateTime writes RFC 3339 in UTC with milliseconds (graphql.md 4.7).
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(t.UTC().Format("2006-01-02T15:04:05.000Z")))
	})
}

// UnmarshalDateTime reads RFC 3339 with any offset.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, malformed()
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, malformed()
	}
	return t.UTC(), nil
}

func malformed() error {
	return fault.New(fault.Invalid, fault.Malformed, "a DateTime is RFC 3339 text such as 2026-11-23T08:00:00Z")
}

// MarshalID writes a plain string id. Ids of entities have types of their own.
func MarshalID(id string) graphql.Marshaler { return graphql.MarshalString(id) }

// UnmarshalID reads a plain string id.
func UnmarshalID(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fault.New(fault.BadRequest, fault.CodeInvalidID, "an id is a string")
	}
	return s, nil
}

// MarshalJSON writes a JSON value as it is; nothing is null.
func MarshalJSON(v json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if len(v) == 0 {
			v = json.RawMessage("null")
		}
		_, _ = w.Write(v)
	})
}

// UnmarshalJSON takes any value that a variable or a literal may hold.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fault.New(fault.Invalid, fault.Malformed, "not a JSON value")
	}
	return raw, nil
}

// MarshalLocalTime writes HH:MM.
func MarshalLocalTime(t schedule.LocalTime) graphql.Marshaler {
	return graphql.MarshalString(t.String())
}

// UnmarshalLocalTime reads HH:MM.
func UnmarshalLocalTime(v any) (schedule.LocalTime, error) {
	s, ok := v.(string)
	if !ok {
		return schedule.LocalTime{}, fault.New(fault.Invalid, fault.Malformed, "a LocalTime is text such as 09:00")
	}
	return schedule.ParseLocalTime(s)
}

// Node is whatever the interface Node stands for: an ent entity. Which ones it may be is the schema's to say.
type Node any
