package app

import (
	"context"
	"database/sql"
	"log/slog"

	"heyue/audit"
	"heyue/domain/numbers"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/config"
	"heyue/platform/listing"
	"heyue/platform/metrics"
	"heyue/platform/page"
	"heyue/platform/secret"
	"heyue/platform/tracing"
	"heyue/policies"
	"heyue/tenancy"
	"heyue/tenancy/vault"
)

// foundation is what every service stands on.
type foundation struct {
	cfg       config.Config
	log       *slog.Logger
	clock     clock.Clock
	measures  *metrics.Product
	secret    secret.Master
	pool      *sql.DB // needs a tenant in every context
	system    *sql.DB // takes none
	redis     Redis
	client    *ent.Client
	vault     *vault.Vault
	tracer    *tracing.Tracer // nil when nothing is followed
	policies  *policies.Engine
	directory tenancy.Directory
	audit     audit.Recorder
	numbers   numbers.Counters
	lister    listing.Lister
}

// foundation opens everything. PostgreSQL comes first, Redis second and the pools last, since Close goes the other way:
// no pool may outlive its server.
func (r *Resources) foundation(ctx context.Context) (*foundation, error) {
	f := &foundation{cfg: r.cfg, log: r.log, clock: r.clock, measures: r.measures}
	if _, err := r.Addresses(ctx); err != nil {
		return nil, err
	}
	var err error
	if f.tracer, err = r.Tracer(ctx); err != nil { // before what is followed
		return nil, err
	}
	if f.redis, err = r.Redis(ctx); err != nil {
		return nil, err
	}
	if f.pool, err = r.Pool(ctx); err != nil {
		return nil, err
	}
	if f.system, err = r.System(ctx); err != nil {
		return nil, err
	}
	if f.secret, err = r.Secret(ctx); err != nil {
		return nil, err
	}
	if f.vault, err = r.Vault(ctx); err != nil {
		return nil, err
	}
	return f, f.assemble()
}

func (f *foundation) assemble() error {
	var err error
	f.client = tenancy.NewClient(tenancy.NewCells(f.pool))
	f.vault.Guard(f.client)
	if f.policies, err = policies.NewEngine(f.client, f.clock, f.cfg.Tenant.SnapshotCache); err != nil {
		return err
	}
	f.directory = tenancy.Directory{System: f.system, Clock: f.clock}
	f.audit = audit.Recorder{Clock: f.clock}
	f.lister.Blinds = f.vault.Blinds
	f.lister.Limits = page.Limits{Default: f.cfg.API.PageDefault, Max: f.cfg.API.PageMax}
	f.lister.Sealer, err = page.NewSealer([64]byte(f.secret.Derive(secret.Cursors, 64)))
	return err
}
