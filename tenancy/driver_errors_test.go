package tenancy_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"heyue/tenancy"
)

// TestViolations asks a real server for each fault, through wrapping such as ent's.
func TestViolations(t *testing.T) {
	t.Parallel()
	b := open(t, func(*tenancy.Options) {})
	kinds := map[string]func(error) (string, bool){
		"unique": tenancy.UniqueViolation, "check": tenancy.CheckViolation, "foreign key": tenancy.ForeignKeyViolation,
	}
	for _, c := range []struct{ sql, kind, name string }{
		{"INSERT INTO item (tenant_id, id, name) VALUES (1, 1, 'twice')", "unique", "item_pkey"},
		{"INSERT INTO item (tenant_id, id, name) VALUES (1, 100, '')", "check", "item_name_check"},
		{"INSERT INTO part (tenant_id, id, item_id) VALUES (1, 1, 999)", "foreign key", "part_item"},
		{"INSERT INTO part (tenant_id, id) VALUES (1, 1)", "", ""}, // not null: none of them
		{"SELECT nonsense", "", ""},
	} {
		_, err := b.ExecContext(as(t, 1), c.sql)
		err = fmt.Errorf("ent: constraint failed: %w", err)
		for kind, is := range kinds {
			name, ok := is(err)
			if ok != (kind == c.kind) || ok && name != c.name {
				t.Errorf("%s: %s violation of %q: %t, want %s of %q", c.sql, kind, name, ok, c.kind, c.name)
			}
		}
		if tenancy.SerializationFailure(err) || tenancy.Unavailable(err) {
			t.Errorf("%s may be tried again", c.sql)
		}
	}
}

func TestUnavailableAndSerialization(t *testing.T) {
	t.Parallel()
	server := func(c pqerror.Code) error { return fmt.Errorf("wrapped: %w", &pq.Error{Code: c}) }
	for _, c := range []struct {
		err           error
		away, collide bool
	}{
		{nil, false, false},
		{errors.New("other"), false, false},
		{tenancy.ErrConnLost, true, false},
		{driver.ErrBadConn, true, false},
		{fmt.Errorf("sign in: %w", io.EOF), true, false},
		{server(pqerror.TooManyConnections), true, false},
		{server(pqerror.ConnectionFailure), true, false},
		{server(pqerror.AdminShutdown), true, false},
		{server(pqerror.CannotConnectNow), true, false},
		{server(pqerror.QueryCanceled), false, false},
		{server(pqerror.TRSerializationFailure), false, true},
		{server(pqerror.TRDeadlockDetected), false, true},
		{server(pqerror.UniqueViolation), false, false},
	} {
		if away, collide := tenancy.Unavailable(c.err), tenancy.SerializationFailure(c.err); away != c.away || collide != c.collide {
			t.Errorf("%v: unavailable %t, serialization failure %t", c.err, away, collide)
		}
	}
}
