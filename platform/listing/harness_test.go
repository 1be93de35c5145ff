package listing_test

import (
	"bytes"
	"cmp"
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/pgtest"
)

// key is the type of every id here.
type key uuid.UUID

// UUID gives the id as the database has it.
func (k key) UUID() uuid.UUID { return uuid.UUID(k) }

// row has a column of every type that lists sort and filter by, with and without missing values.
type row struct {
	ID     key
	Parent key
	Name   string
	Note   *string
	Size   int
	Grade  *int
	On     *date.Date
	Open   bool
}

const tables = `
	CREATE TABLE parents (tenant_id bigint, id uuid, name text COLLATE "C", hidden boolean, PRIMARY KEY (tenant_id, id));
	CREATE TABLE things (tenant_id bigint, id uuid, parent_id uuid, name text COLLATE "C", note text COLLATE "C",
		size bigint NOT NULL, grade bigint, held_on date, open boolean NOT NULL, archived_at timestamptz, PRIMARY KEY (tenant_id, id))`

// store is a database with the tables above. Each tenant is a table of its own, as far as a test is concerned.
type store struct {
	db     *stdsql.DB
	lister listing.Lister
	last   atomic.Int64
}

func open(t testing.TB) *store {
	t.Helper()
	s := &store{db: pgtest.Open(t, pgtest.Empty(t).OwnerDSN)}
	if _, err := s.db.ExecContext(t.Context(), tables); err != nil {
		t.Fatal(err)
	}
	sealer, err := page.NewSealer([64]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	s.lister = listing.Lister{Sealer: sealer, Limits: page.Limits{Default: 20, Max: 100}}
	return s
}

type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// put stores rows under a new tenant and returns it.
func (s *store) put(t failer, ctx context.Context, rows []row) int64 {
	t.Helper()
	tenant := s.last.Add(1)
	if len(rows) == 0 {
		return tenant
	}
	insert := sql.Dialect(dialect.Postgres).Insert("things").Columns("tenant_id", "id", "parent_id", "name", "note", "size", "grade", "held_on", "open")
	for _, r := range rows {
		insert.Values(tenant, r.ID.UUID(), r.Parent.UUID(), r.Name, r.Note, r.Size, r.Grade, r.On, r.Open)
	}
	query, args := insert.Query()
	if _, err := s.db.ExecContext(ctx, query, args...); err != nil {
		t.Fatal(err)
	}
	return tenant
}

// source reads a tenant's things.
func (s *store) source(tenant int64) listing.Source[row] {
	return listing.Source[row]{
		Noun: "thing",
		Columns: map[listing.Field]listing.Column[row]{
			"NAME":  {Name: "name", Value: func(r row) any { return r.Name }},
			"NOTE":  {Name: "note", Nullable: true, Value: func(r row) any { return r.Note }},
			"SIZE":  {Name: "size", Value: func(r row) any { return r.Size }},
			"GRADE": {Name: "grade", Nullable: true, Value: func(r row) any { return r.Grade }},
			"ON":    {Name: "held_on", Nullable: true, Value: func(r row) any { return r.On }},
			"OPEN":  {Name: "open", Value: func(r row) any { return r.Open }},
		},
		ID:      func(r row) uuid.UUID { return r.ID.UUID() },
		Default: []*listing.Sort{{Field: "NAME", Direction: listing.Asc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]row, error) {
			sel := s.selector(tenant, "id", "parent_id", "name", "note", "size", "grade", "held_on", "open")
			where(sel)
			order(sel)
			return s.read(ctx, sel.Limit(limit))
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (n int, err error) {
			sel := s.selector(tenant, sql.Count("*"))
			where(sel)
			query, args := sel.Query()
			return n, s.db.QueryRowContext(ctx, query, args...).Scan(&n)
		},
	}
}

func (s *store) selector(tenant int64, columns ...string) *sql.Selector {
	t := sql.Dialect(dialect.Postgres).Table("things")
	return sql.Dialect(dialect.Postgres).Select(columns...).From(t).Where(sql.EQ(t.C("tenant_id"), tenant))
}

func (s *store) read(ctx context.Context, sel *sql.Selector) ([]row, error) {
	query, args := sel.Query()
	found, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, query)
	}
	defer found.Close()
	var rows []row
	for found.Next() {
		var r row
		var on date.Date
		if err := found.Scan((*uuid.UUID)(&r.ID), (*uuid.UUID)(&r.Parent), &r.Name, &r.Note, &r.Size, &r.Grade, &on, &r.Open); err != nil {
			return nil, err
		}
		if !on.IsZero() {
			r.On = &on
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

// letters are what names are made of: what LIKE and SQL would take for syntax is data like any other.
const letters = `aAbB%_\'";-$`

func drawText(t *rapid.T, label string) string {
	return rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 0, 4, -1).Draw(t, label)
}

// drawRows makes rows with few different values, so that sort keys tie and are missing often. They belong to some of
// the given parents.
func drawRows(t *rapid.T, most int, parents ...key) []row {
	rows := make([]row, rapid.IntRange(0, most).Draw(t, "rows"))
	for i := range rows {
		rows[i] = row{
			ID: key(uuid.New()), Name: drawText(t, "name"), Size: rapid.IntRange(-1, 1).Draw(t, "size"), Open: rapid.Bool().Draw(t, "open"),
			Note:  rapid.Ptr(rapid.SampledFrom([]string{"", "x", "y"}), true).Draw(t, "note"),
			Grade: rapid.Ptr(rapid.IntRange(1, 3), true).Draw(t, "grade"),
		}
		if n := rapid.IntRange(0, 3).Draw(t, "on"); n > 0 {
			d := date.Of(2026, 1, n)
			rows[i].On = &d
		}
		if len(parents) > 0 {
			rows[i].Parent = rapid.SampledFrom(parents).Draw(t, "parent")
		}
	}
	return rows
}

func drawSorts(t *rapid.T) []*listing.Sort {
	fields := rapid.Permutation([]listing.Field{"NAME", "NOTE", "SIZE", "GRADE", "ON", "OPEN"}).Draw(t, "fields")
	sorts := make([]*listing.Sort, rapid.IntRange(1, listing.MaxSorts).Draw(t, "sorts"))
	for i := range sorts {
		sorts[i] = &listing.Sort{Field: fields[i], Direction: rapid.SampledFrom([]listing.Direction{listing.Asc, listing.Desc}).Draw(t, "direction")}
	}
	return sorts
}

// sorted is the whole list as it has to be: by the sorts, missing values last, the id last in the first one's direction.
func sorted(rows []row, sorts []*listing.Sort) []row {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b row) int {
		for _, s := range sorts {
			if c := compare(a, b, s); c != 0 {
				return c
			}
		}
		return turn(bytes.Compare(a.ID[:], b.ID[:]), sorts[0].Direction)
	})
	return rows
}

func compare(a, b row, s *listing.Sort) int {
	switch s.Field {
	case "NAME":
		return turn(strings.Compare(a.Name, b.Name), s.Direction)
	case "SIZE":
		return turn(cmp.Compare(a.Size, b.Size), s.Direction)
	case "OPEN":
		return turn(cmp.Compare(fmt.Sprint(a.Open), fmt.Sprint(b.Open)), s.Direction)
	case "NOTE":
		return optional(a.Note, b.Note, strings.Compare, s.Direction)
	case "GRADE":
		return optional(a.Grade, b.Grade, cmp.Compare[int], s.Direction)
	case "ON":
		return optional(a.On, b.On, date.Date.Compare, s.Direction)
	}
	panic(s.Field)
}

func optional[T any](a, b *T, compare func(T, T) int, d listing.Direction) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return turn(compare(*a, *b), d)
}

func turn(c int, d listing.Direction) int {
	if d == listing.Desc {
		return -c
	}
	return c
}
