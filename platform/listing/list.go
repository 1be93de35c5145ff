package listing

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/fields/custom"
	"heyue/platform/page"
)

// Source is where a list's rows come from. Fetch and Count see the caller's rows only: the noun's service puts the
// data scope into Where.
type Source[T any] struct {
	Noun    string              // binds cursors to the list
	Columns map[Field]Column[T] // what it can be sorted by
	ID      func(T) uuid.UUID
	Default []*Sort // used when the caller names no sort
	// CustomNoun and Custom are whose fields of the tenant's own the list can be sorted by, and a row's values of them; nil
	// where there are none.
	CustomNoun custom.Noun
	Custom     func(T) custom.Set
	Fetch      func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]T, error)
	Count      func(ctx context.Context, where func(*sql.Selector)) (int, error)
}

// Request is one list as the caller wants it.
type Request struct {
	Args   page.Args
	Sort   []*Sort
	Filter any                 // the noun's filter struct, or nil
	Scope  func(*sql.Selector) // which rows the caller may see; nil: none beyond the tenant's own walls
	Tenant int64
	// Related gives the scope of other nouns that the filter reaches into, by table (relation tags).
	Related map[string]func(*sql.Selector)
	// Custom finds the tenant's own fields that filter and sort name; nil where there are none.
	Custom CustomFields
	// Blind gives what stands in for values of an encrypted column (blind tags), as Lister.Blind does; nil where there are none.
	Blind func(table, column string, values []string) ([]string, error)
}

// Lister reads pages: it holds what all lists share.
type Lister struct {
	Sealer *page.Sealer
	Limits page.Limits
	// Blinds gives what stands in for values of an encrypted column for the context's tenant (vault.Vault); nil where no list
	// has one.
	Blinds func(ctx context.Context, table, column string, values []string) ([]string, error)
}

// Blind is Blinds as a Request has it.
func (l Lister) Blind(ctx context.Context) func(table, column string, values []string) ([]string, error) {
	if l.Blinds == nil {
		return nil
	}
	return func(table, column string, values []string) ([]string, error) {
		return l.Blinds(ctx, table, column, values)
	}
}

// List reads one page of src. Faults: BAD_REQUEST for sizes, sorts and filters outside their limits, INVALID_CURSOR.
func List[T any](ctx context.Context, l Lister, src Source[T], req Request) (*page.Connection[T], error) {
	q, err := prepare(l, src, req)
	if err != nil {
		return nil, err
	}
	binding := page.Binding{Tenant: req.Tenant, Purpose: purpose(src.Noun, q.Request)}
	seek := func(*sql.Selector) {}
	if q.window.Cursor != "" {
		p, err := l.open(binding, q.window.Cursor, len(q.keys))
		if err != nil {
			return nil, err
		}
		seek = after(q.keys, p, q.window.Backward)
	}
	rows, err := src.Fetch(ctx, func(s *sql.Selector) { q.where(s); seek(s) }, order(q.keys, q.window.Backward), q.window.Size+1)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (int, error) { return src.Count(ctx, q.where) }
	return connection(l, src, q.keys, binding, q.window, rows, count)
}

// query is a request that has been checked, in the terms of its source. Its Sort is never empty when the source has a
// default.
type query[T any] struct {
	Request
	window page.Window
	keys   []key[T]
	where  func(*sql.Selector)
}

// prepare checks a request. Faults: BAD_REQUEST for sizes, sorts and filters outside their limits.
func prepare[T any](l Lister, src Source[T], req Request) (query[T], error) {
	if len(req.Sort) == 0 {
		req.Sort = src.Default
	}
	q := query[T]{Request: req}
	var err error
	if q.window, err = req.Args.Window(l.Limits); err != nil {
		return q, err
	}
	if q.keys, err = resolve(src, req); err != nil {
		return q, err
	}
	q.where, err = Condition(req)
	return q, err
}

// connection makes a page of rows, which come in the order they were read in and one more than the page holds when
// there are more.
func connection[T any](l Lister, src Source[T], keys []key[T], b page.Binding, w page.Window, rows []T,
	count func(context.Context) (int, error),
) (*page.Connection[T], error) {
	more := len(rows) > w.Size
	rows = rows[:min(len(rows), w.Size)]
	if w.Backward {
		slices.Reverse(rows)
	}
	edges, err := seal(l, src, keys, b, rows)
	if err != nil {
		return nil, err
	}
	return page.NewConnection(edges, info(edges, w, more), count), nil
}

// HideArchived leaves archived rows out of scope unless the caller's filter says which it wants.
func HideArchived(scope func(*sql.Selector), asked bool) func(*sql.Selector) {
	if asked {
		return scope
	}
	return func(s *sql.Selector) {
		scope(s)
		s.Where(sql.IsNull(s.C("archived_at")))
	}
}

// Condition is what a list puts on its rows: the scope and the filter. Faults: BAD_REQUEST for filters outside their limits.
func Condition(req Request) (func(*sql.Selector), error) {
	filter, err := compile(req)
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		if req.Scope != nil {
			req.Scope(s)
		}
		filter(s)
	}, nil
}

func (l Lister) open(b page.Binding, cursor string, keys int) (position, error) {
	var p page.Position
	if err := l.Sealer.Open(b, cursor, &p); err != nil {
		return position{}, err
	}
	values, ok := decode(p.Keys, keys)
	if !ok { // sealed by us for this very list, so only a changed column type gets here
		return position{}, l.Sealer.Open(b, "", &p)
	}
	return position{values, p.ID}, nil
}

func seal[T any](l Lister, src Source[T], keys []key[T], b page.Binding, rows []T) ([]*page.Edge[T], error) {
	edges := make([]*page.Edge[T], len(rows))
	for i, row := range rows {
		cursor, err := sealRow(l, keys, b, row, src.ID(row))
		if err != nil {
			return nil, err
		}
		edges[i] = &page.Edge[T]{Node: row, Cursor: cursor}
	}
	return edges, nil
}

// sealRow makes the cursor of one row.
func sealRow[T any](l Lister, keys []key[T], b page.Binding, row T, id uuid.UUID) (string, error) {
	p := page.Position{ID: id}
	for _, k := range keys {
		raw, err := json.Marshal(k.Value(row))
		if err != nil {
			return "", err
		}
		p.Keys = append(p.Keys, raw)
	}
	return l.Sealer.Seal(b, p)
}

func info[T any](edges []*page.Edge[T], w page.Window, more bool) page.Info {
	in := page.Info{HasNextPage: more, HasPreviousPage: w.Cursor != ""}
	if w.Backward {
		in.HasNextPage, in.HasPreviousPage = w.Cursor != "", more
	}
	if len(edges) > 0 {
		in.StartCursor, in.EndCursor = &edges[0].Cursor, &edges[len(edges)-1].Cursor
	}
	return in
}

// purpose digests what a cursor depends on. Equal filters marshal equally: fields have a fixed order.
func purpose(noun string, req Request) []byte {
	raw, _ := json.Marshal(struct { // filters are plain data and cannot fail to marshal
		Noun   string
		Sort   []*Sort
		Filter any
	}{noun, req.Sort, req.Filter})
	sum := sha256.Sum256(raw)
	return sum[:16]
}
