package compile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/platform/date"
	"heyue/platform/publicid"
)

// writer writes a column's value, which PostgreSQL gave as JSON, as gqlgen writes the Go value of it. What it writes is never null
// unless the value is and may be.
type writer struct {
	write   func(out *bytes.Buffer, raw []byte) error
	absent  string       // what stands for NULL; "" where NULL cannot be written
	decoded reflect.Type // set for what is written like any Go value: see value.go
}

const null = "null"

// identifier is a typed id.
type identifier interface{ UUID() uuid.UUID }

func writerOf(schema *ast.Schema, t *ast.Type, bound reflect.Type) writer {
	absent := null
	base := bound
	if bound.Kind() == reflect.Pointer {
		base = bound.Elem()
	} else {
		absent = ""
	}
	def := schema.Types[t.Name()]
	switch {
	case t.Elem != nil || def.Kind == ast.Object:
		return writer{decoded: bound, absent: absent}
	case base == reflect.TypeFor[time.Time]():
		return writer{write: instant, absent: absent}
	case base == reflect.TypeFor[date.Date]():
		return writer{write: verbatim, absent: absent}
	case base.Implements(reflect.TypeFor[identifier]()):
		return writer{write: publicID(prefixOf(base)), absent: absent}
	case base.Kind() == reflect.Bool:
		return writer{write: verbatim, absent: zero(absent, "false")}
	case base.Kind() >= reflect.Int && base.Kind() <= reflect.Int64 && !marshals(base):
		return writer{write: verbatim, absent: zero(absent, "0")}
	case base.Kind() == reflect.String && (def.Kind == ast.Enum || !marshals(base)):
		return writer{write: text, absent: zero(absent, `""`)}
	}
	return writer{decoded: bound, absent: absent}
}

// zero is what a Go type without pointers holds for NULL.
func zero(absent, value string) string {
	if absent == "" {
		return value
	}
	return absent
}

func marshals(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[graphql.Marshaler]())
}

func verbatim(out *bytes.Buffer, raw []byte) error {
	out.Write(raw)
	return nil
}

// text writes a string. PostgreSQL escapes by other short forms than gqlgen does.
func text(out *bytes.Buffer, raw []byte) error {
	if bytes.IndexByte(raw, '\\') < 0 {
		out.Write(raw)
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	graphql.MarshalString(s).MarshalGQL(out)
	return nil
}

// instant writes a DateTime: UTC, with milliseconds.
func instant(out *bytes.Buffer, raw []byte) error {
	t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(raw))
	if err != nil {
		return err
	}
	out.Write(t.UTC().AppendFormat(out.AvailableBuffer(), `"2006-01-02T15:04:05.000Z"`))
	return nil
}

func publicID(prefix string) func(*bytes.Buffer, []byte) error {
	return func(out *bytes.Buffer, raw []byte) error {
		id, err := uuid.ParseBytes(unquoted(raw))
		if err != nil {
			return err
		}
		out.WriteByte('"')
		out.Write(publicid.Append(out.AvailableBuffer(), prefix, id))
		out.WriteByte('"')
		return nil
	}
}

func unquoted(raw []byte) []byte { return bytes.Trim(raw, `"`) }

// prefixOf is what the public form of a typed id begins with.
func prefixOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	id, ok := reflect.Zero(t).Interface().(fmt.Stringer)
	if !ok {
		return ""
	}
	prefix, _, _ := strings.Cut(id.String(), "_")
	return prefix
}
