package listing

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/platform/page"
)

// Statement is a list that has been checked, for whoever writes its SQL by themselves: conditions, order, seeking and cursors
// are those of [List], or of [Each] for the list of one parent.
type Statement struct {
	Window page.Window
	Where  func(*sql.Selector) // scope and filter, which a total counts by
	Order  func(*sql.Selector) // as the window reads: backwards when it does
	// Columns are those of the list's own table, besides the id, that Cursor must be given.
	Columns []string

	noun   string
	req    Request
	seal   func(b page.Binding, held []json.RawMessage, id uuid.UUID) (string, error)
	seek   func(b page.Binding) (func(*sql.Selector), error)
	nouned map[string]page.Binding
}

// Prepare checks a request. Faults: BAD_REQUEST for sizes, sorts and filters outside their limits.
func Prepare[T any](l Lister, src Source[T], req Request) (*Statement, error) {
	q, err := prepare(l, src, req)
	if err != nil {
		return nil, err
	}
	return &Statement{
		Window: q.window, Where: q.where, Order: order(q.keys, q.window.Backward), Columns: held(q.keys),
		noun: src.Noun, req: q.Request, nouned: map[string]page.Binding{},
		seek: func(b page.Binding) (func(*sql.Selector), error) {
			p, err := l.open(b, q.window.Cursor, len(q.keys))
			return after(q.keys, p, q.window.Backward), err
		},
		seal: func(b page.Binding, raw []json.RawMessage, id uuid.UUID) (string, error) {
			row, err := restore[T](held(q.keys), raw)
			if err != nil {
				return "", err
			}
			return sealRow(l, q.keys, b, row, id)
		},
	}, nil
}

// Seek narrows a query to what lies behind the window's cursor, or before it. Parent is whose list it is; nil for a list that is
// nobody's. Faults: INVALID_CURSOR.
func (s *Statement) Seek(parent *uuid.UUID) (func(*sql.Selector), error) {
	if s.Window.Cursor == "" {
		return func(*sql.Selector) {}, nil
	}
	return s.seek(s.binding(parent))
}

// Cursor seals the cursor of a row: held are its Columns as JSON, in their order.
func (s *Statement) Cursor(parent *uuid.UUID, held []json.RawMessage, id uuid.UUID) (string, error) {
	return s.seal(s.binding(parent), held, id)
}

func (s *Statement) binding(parent *uuid.UUID) page.Binding {
	noun := s.noun
	if parent != nil {
		noun = fmt.Sprintf("%s of %s", noun, parent)
	}
	b, ok := s.nouned[noun]
	if !ok {
		b = page.Binding{Tenant: s.req.Tenant, Purpose: purpose(noun, s.req)}
		s.nouned[noun] = b
	}
	return b
}

// customColumn is the column with a row's values of the tenant's own fields.
const customColumn = "custom"

// held names the columns that the keys' values are read from.
func held[T any](keys []key[T]) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
		if k.joined != nil {
			names[i] = customColumn
		}
	}
	return names
}

// restore makes a row of T, which points to an entity of ent, that has these columns and nothing else.
func restore[T any](columns []string, values []json.RawMessage) (T, error) {
	var none T
	row := reflect.New(reflect.TypeFor[T]().Elem())
	for i, name := range columns {
		field, ok := fieldOf(row.Elem(), name)
		if !ok {
			return none, fmt.Errorf("%T has no column %s", none, name)
		}
		if err := json.Unmarshal(values[i], field.Addr().Interface()); err != nil {
			return none, fmt.Errorf("column %s of %T: %w", name, none, err)
		}
	}
	return row.Interface().(T), nil
}

func fieldOf(row reflect.Value, column string) (reflect.Value, bool) {
	for i := range row.NumField() {
		name, _, _ := strings.Cut(row.Type().Field(i).Tag.Get("json"), ",")
		if name == column {
			return row.Field(i), true
		}
	}
	return reflect.Value{}, false
}
