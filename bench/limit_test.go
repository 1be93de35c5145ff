package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"heyue/tenancy"
)

// TestMain is the handler written by hand when it is told so: one statement per operation and nothing else.
func TestMain(m *testing.M) {
	if scope := os.Getenv("HEYUE_BENCH_LIMIT"); scope != "" {
		fmt.Fprintln(os.Stderr, limit(scope, os.Getenv("HEYUE_BENCH_DSN")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// connections is every target's pool.
const connections = 16

// limit serves until it is killed. Scope "tenant" asks as the product's role, through its driver, under row security;
// "open" past all walls, through lib/pq as it is.
func limit(scope, dsn string) error {
	ask, err := asker(scope, dsn)
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Args []any }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		tenant := int64(in.Args[0].(float64))
		in.Args[0] = tenant
		var answer []byte
		if err := ask(r.Context(), tenant, r.URL.Path[1:], in.Args).Scan(&answer); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // who hung up does not want it
	})
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return (&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

type rowAsker func(ctx context.Context, tenant int64, op string, args []any) *sql.Row

func asker(scope, dsn string) (rowAsker, error) {
	if scope == "tenant" {
		options := tenancy.Defaults(dsn)
		options.MaxConns, options.ConnectTimeout = connections, time.Minute
		db, err := tenancy.Open(options)
		return func(ctx context.Context, tenant int64, op string, args []any) *sql.Row {
			return db.QueryRowContext(tenancy.With(ctx, tenant), statements[op], args...)
		}, err
	}
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	prepared := map[string]*sql.Stmt{}
	for op, text := range statements {
		if prepared[op], err = db.Prepare(text); err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
	}
	return func(ctx context.Context, _ int64, op string, args []any) *sql.Row {
		return prepared[op].QueryRowContext(ctx, args...)
	}, nil
}
