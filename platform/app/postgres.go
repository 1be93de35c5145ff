package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	"heyue/platform/config"
	"heyue/platform/pgembed"
	"heyue/tenancy"
)

// Addresses are the connection strings of the database, one for each role. They hold passwords.
type Addresses struct {
	App    string // serves requests, under row security
	Owner  string // runs migrations; empty when DATABASE_URL is set and DATABASE_OWNER_URL is not
	System string // works for every tenant; empty likewise
}

// database is PostgreSQL as this process reaches it.
type database struct {
	addresses Addresses
	server    *pgembed.Server // nil when another process, or another machine, runs it
	app       *sql.DB
	system    *sql.DB
}

// Addresses returns how to reach the database. Without DATABASE_URL it uses the built-in server on the data folder:
// the one that another process runs, or one that it starts and that ends with Close.
func (r *Resources) Addresses(ctx context.Context) (Addresses, error) {
	d, err := r.openDatabase(ctx)
	if err != nil {
		return Addresses{}, err
	}
	return d.addresses, nil
}

// DatabaseEnded is closed when the built-in server that this process runs has ended by itself or by Close. It is nil,
// and so never ready, when this process runs none.
func (r *Resources) DatabaseEnded() <-chan struct{} {
	if r.database == nil || r.database.server == nil {
		return nil
	}
	return r.database.server.Done()
}

// Owner returns the address for migrations. It fails when the settings name another database but not its owner.
func (r *Resources) Owner(ctx context.Context) (string, error) {
	a, err := r.Addresses(ctx)
	if err == nil && a.Owner == "" {
		err = errors.New("DATABASE_OWNER_URL is needed here: migrations run as the owner of the tables")
	}
	return a.Owner, err
}

// Pool returns the pool that serves requests: every statement on it needs a tenant in its context. It has connected
// once, so a wrong address shows here.
func (r *Resources) Pool(ctx context.Context) (*sql.DB, error) {
	d, err := r.openDatabase(ctx)
	if err != nil || d.app != nil {
		return d.pool(), err
	}
	c := r.cfg.Database
	o := r.poolOptions(d.addresses.App, c.Pool)
	o.Scope, err = tenancy.ParseScope(c.TenantScope)
	if err != nil {
		return nil, err
	}
	d.app, err = r.connect(ctx, o, "DATABASE_URL", tenancy.Open)
	return d.app, err
}

// System returns the pool for work that belongs to no tenant. It fails when the settings name another database but not
// this role.
func (r *Resources) System(ctx context.Context) (*sql.DB, error) {
	d, err := r.openDatabase(ctx)
	if err != nil {
		return nil, err
	}
	if d.system != nil {
		return d.system, nil
	}
	if d.addresses.System == "" {
		return nil, errors.New("DATABASE_SYSTEM_URL is needed here: some work belongs to no single tenant")
	}
	o := r.poolOptions(d.addresses.System, r.cfg.Database.SystemPool)
	d.system, err = r.connect(ctx, o, "DATABASE_SYSTEM_URL", tenancy.OpenSystem)
	return d.system, err
}

func (d *database) pool() *sql.DB {
	if d == nil {
		return nil
	}
	return d.app
}

func (r *Resources) poolOptions(dsn string, conns int) tenancy.Options {
	o := tenancy.Defaults(dsn)
	o.StatementCache = r.cfg.Database.StatementCache
	o.MaxConns = conns
	o.MaxLifetime = r.cfg.Database.ConnLifetime
	o.ConnectTimeout = r.cfg.Database.ConnectTimeout
	o.CancelGrace, o.EndTimeout = r.cfg.Database.CancelGrace, r.cfg.Database.EndTimeout
	o.Observe, o.Trace = r.measures.Statement, r.tracer != nil
	return o
}

// connect opens a pool and connects once.
func (r *Resources) connect(ctx context.Context, o tenancy.Options, setting string, open func(tenancy.Options) (*sql.DB, error)) (*sql.DB, error) {
	db, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot reach the database %s (%s): %w", place(o.DSN), setting, err), db.Close())
	}
	r.onClose(db.Close)
	return db, nil
}

// place is the part of an address that may be shown.
func place(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return "at the address given"
	}
	host := u.Host
	if host == "" {
		host = u.Query().Get("host")
	}
	return fmt.Sprintf("%s at %s", u.Path, host)
}

func (r *Resources) openDatabase(ctx context.Context) (*database, error) {
	if r.database != nil {
		return r.database, nil
	}
	d := &database{}
	if c := r.cfg.Database; c.URL != "" {
		d.addresses = given(c)
	} else if err := r.builtIn(ctx, d); err != nil {
		return nil, err
	}
	r.database = d
	return d, nil
}

func given(c config.Database) Addresses {
	return Addresses{App: c.URL.Reveal(), Owner: c.OwnerURL.Reveal(), System: c.SystemURL.Reveal()}
}

// builtIn starts the server on the data folder, or uses the one that another process runs. Start tells the two apart by
// the folder's lock: whether a server answers says little, since one whose process was killed does so for a moment.
func (r *Resources) builtIn(ctx context.Context, d *database) error {
	dir := string(r.cfg.Storage.DataDir)
	server, err := pgembed.Start(ctx, pgembed.Options{DataDir: dir, BinDir: string(r.cfg.Database.BinDir), Log: r.log})
	var other *pgembed.RunningError
	var info pgembed.Info
	switch {
	case err == nil:
		d.server, info = server, server.Info
		r.onClose(server.Stop)
	case errors.As(err, &other) && r.sole:
		return fmt.Errorf("process %d already runs the built-in PostgreSQL in %s; stop it first, or give this one its own HEYUE_DATA_DIR or DATABASE_URL", other.Info.PID, dir)
	case errors.As(err, &other):
		info = other.Info
	default:
		return fmt.Errorf("the built-in PostgreSQL: %w", err)
	}
	d.addresses = Addresses{App: info.AppDSN(), Owner: info.OwnerDSN(), System: info.SystemDSN()}
	return nil
}
