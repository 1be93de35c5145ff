package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/graph/compile"
	"heyue/platform/metrics"
	"heyue/platform/reading"
	"heyue/tenancy"
	"heyue/tenancy/catalog"
)

// compiledReads is HEYUE_READS for queries that are answered by one statement a root field where that can be.
const compiledReads = "compiled"

// reads compiles queries.
func (s *Services) reads(schema *ast.Schema, observe func(field, how string)) (*compile.Reads, error) {
	r, err := compile.New(compile.Options{
		Schema: schema, Declared: s.declared(), Run: s.value, Sealed: sealedColumns, Open: s.vault.OpenText, Plans: s.cfg.API.ReadPlans, Observe: observe,
	})
	if err != nil {
		return nil, fmt.Errorf("compiled reads: %w", err)
	}
	return r, nil
}

// sealedColumns are those of a table that only the tenant's keys open.
func sealedColumns(table string) (names []string) {
	t, _ := catalog.Find(table)
	for _, s := range t.Sealed {
		names = append(names, s.Column)
	}
	return names
}

// declared is what the services say of how their rows are read.
func (s *Services) declared() []reading.Set {
	return []reading.Set{
		s.Customers.Reads(), s.Contacts.Reads(), s.Service.Reads(), s.Contracts.Reads(), s.Settlement.Reads(), s.Fields.Reads(),
		s.Dictionaries.Reads(), s.Users.Reads(), s.Departments.Reads(), s.Incidents.Reads(), s.Changes.Reads(), s.Audits.Reads(),
	}
}

// value runs a statement that gives one value, if any.
func (s *Services) value(ctx context.Context, statement string, args []any) (value []byte, err error) {
	rows, err := s.client.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, tenancy.Fault(err, "read")
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = tenancy.Fault(cerr, "read")
		}
	}()
	if rows.Next() {
		if err := rows.Scan(&value); err != nil {
			return nil, tenancy.Fault(err, "read")
		}
	}
	return value, tenancy.Fault(rows.Err(), "read")
}

// compared answers some queries in both ways, if the settings want it.
func (s *Services) compared(schema graphql.ExecutableSchema, m *metrics.Reads) graphql.ExecutableSchema {
	if s.cfg.API.Reads != compiledReads {
		return schema
	}
	return compile.Checked(schema, s.cfg.API.ReadCheck, func(ctx context.Context, d compile.Difference) {
		m.Differs()
		s.log.ErrorContext(ctx, "a query has two answers", slog.String("operation", d.Operation.OperationName), slog.String("sha256", digest(d.Operation.RawQuery)),
			slog.Int("compiled", len(d.Compiled)), slog.Int("resolved", len(d.Resolved)), slog.Int("from", firstDifference(d.Compiled, d.Resolved)))
	})
}

// digest names a document in the log, which must not show it: its literals may be about people.
func digest(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
