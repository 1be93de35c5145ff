// Package listing turns the filter, sort and page of a GraphQL list into one SQL query over an ent selector. A noun
// declares its sortable columns and its filter struct; everything else is here, so every list behaves alike.
package listing

import (
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/platform/fault"
)

// MaxSorts is how many keys a list may be sorted by.
const MaxSorts = 3

// Field names a sortable column in the API: an upper-snake-case enum value.
type Field string

// Direction of a sort.
type Direction string

// Directions. Rows without a value come last in both.
const (
	Asc  Direction = "ASC"
	Desc Direction = "DESC"
)

// Sort is one sort key as it came in.
type Sort struct {
	Field     Field
	Direction Direction
	Custom    *string `json:",omitempty"` // with ByCustom: the key of the tenant's own field
}

// Column is a sortable column of T. Value reads a row's key for its cursor; nil where the row has none. Only columns
// that hold plain text, numbers, dates or times may be sorted by, since cursors carry the values as JSON.
type Column[T any] struct {
	Name     string
	Nullable bool
	Value    func(T) any
}

// key is one resolved sort key of a query.
type key[T any] struct {
	Column[T]
	desc   bool
	joined *joined // where the column is, when it is not one of the list's own table
}

// at names the column in a query, and brings its table in when that is another one.
func (k key[T]) at(s *sql.Selector) string {
	if k.joined != nil {
		return k.joined.at(s, k.Name)
	}
	return s.C(k.Name)
}

func resolve[T any](src Source[T], req Request) ([]key[T], error) {
	sorts := req.Sort
	if len(sorts) > MaxSorts {
		return nil, refuse("sort", "sort has %d keys, at most %d are allowed", len(sorts), MaxSorts)
	}
	keys := make([]key[T], 0, len(sorts))
	seen := map[string]bool{}
	for i, s := range sorts {
		name := string(s.Field)
		if s.Custom != nil {
			name += " " + *s.Custom
		}
		c, ok := src.Columns[s.Field]
		own := s.Field == ByCustom
		if !ok && !own || seen[name] || s.Custom != nil && !own {
			return nil, refuse("sort", "cannot sort by %q here", name)
		}
		seen[name] = true
		if !own {
			keys = append(keys, key[T]{Column: c, desc: s.Direction == Desc})
			continue
		}
		more, err := customKeys(src, req, s, fmt.Sprintf("custom_%d", i))
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

// order writes ORDER BY with the id as the tie-break. The id follows the first key's direction, so that a single key
// and its id can be read from one index. Backward pages read the list from its other end.
func order[T any](keys []key[T], backward bool) func(*sql.Selector) {
	return func(s *sql.Selector) { s.OrderExpr(terms(s, keys, backward)...) }
}

func terms[T any](s *sql.Selector, keys []key[T], backward bool) []sql.Querier {
	out := make([]sql.Querier, 0, len(keys)+1)
	for _, k := range keys {
		// NULLS LAST is the default of an ascending scan; reading backwards turns both words round.
		expr := k.at(s) + direction(k.desc != backward)
		if k.Nullable {
			expr += map[bool]string{false: " NULLS LAST", true: " NULLS FIRST"}[backward]
		}
		out = append(out, sql.Expr(expr))
	}
	return append(out, sql.Expr(s.C("id")+direction(idDesc(keys) != backward)))
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return " ASC"
}

func idDesc[T any](keys []key[T]) bool { return len(keys) > 0 && keys[0].desc }

// position is what a cursor points behind (or, backwards, before): decoded sort keys and id.
type position struct {
	values []any
	id     uuid.UUID
}

// decode turns a cursor's JSON into driver values. Numbers stay json.Number, which PostgreSQL reads as text.
func decode(raw []json.RawMessage, want int) ([]any, bool) {
	if len(raw) != want {
		return nil, false
	}
	values := make([]any, len(raw))
	for i, r := range raw {
		var v any
		if json.Unmarshal(r, &v) != nil {
			return nil, false
		}
		switch v.(type) {
		case nil, string, bool:
			values[i] = v
		case float64:
			values[i] = string(r)
		default:
			return nil, false
		}
	}
	return values, true
}

// after writes the keyset condition: strictly behind p in the order of keys, or before it when reading backwards.
//
//	(a > 1) OR (a = 1 AND b < 2) OR (a = 1 AND b = 2 AND id > x)
//
// with NULLs as the largest value of every key. When all keys and the id run the same way and none may be NULL it is
// a row comparison, which an index answers by seeking.
func after[T any](keys []key[T], p position, backward bool) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if cond, ok := rowComparison(s, keys, p, backward); ok {
			s.Where(cond)
			return
		}
		var alternatives []*sql.Predicate
		var equal []*sql.Predicate
		for i, k := range keys {
			if beyond := beyond(k.at(s), p.values[i], k.desc, k.Nullable, backward); beyond != nil {
				alternatives = append(alternatives, sql.And(append(append([]*sql.Predicate(nil), equal...), beyond)...))
			}
			equal = append(equal, same(k.at(s), p.values[i]))
		}
		tie := compare(s.C("id"), p.id, idDesc(keys) != backward)
		alternatives = append(alternatives, sql.And(append(equal, tie)...))
		s.Where(sql.Or(alternatives...))
	}
}

func rowComparison[T any](s *sql.Selector, keys []key[T], p position, backward bool) (*sql.Predicate, bool) {
	for _, k := range keys {
		if k.Nullable || k.desc != idDesc(keys) {
			return nil, false
		}
	}
	return sql.P(func(b *sql.Builder) {
		b.WriteString("(")
		for _, k := range keys {
			b.WriteString(k.at(s)).WriteString(", ")
		}
		b.WriteString(s.C("id")).WriteString(")")
		b.WriteString(map[bool]string{false: " > ", true: " < "}[idDesc(keys) != backward])
		b.WriteString("(").Args(append(append([]any(nil), p.values...), p.id)...).WriteString(")")
	}), true
}

// beyond is the condition for rows on the far side of value, or nil when there can be none.
func beyond(column string, value any, desc, nullable, backward bool) *sql.Predicate {
	if value == nil { // NULLs are last, so only reading backwards has anything beyond them
		if backward {
			return sql.NotNull(column)
		}
		return nil
	}
	far := compare(column, value, desc != backward)
	if nullable && !backward {
		return sql.Or(far, sql.IsNull(column))
	}
	return far
}

func compare(column string, value any, less bool) *sql.Predicate {
	if less {
		return sql.LT(column, value)
	}
	return sql.GT(column, value)
}

func same(column string, value any) *sql.Predicate {
	if value == nil {
		return sql.IsNull(column)
	}
	return sql.EQ(column, value)
}

func refuse(field, format string, args ...any) error {
	f := fault.New(fault.BadRequest, fault.CodeBadRequest, format, args...)
	f.Field = []string{field}
	return f
}
