// Package app puts the product together: it is the one place that knows every part. Commands ask it for what they
// need and close it when they are done.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"heyue/platform/clock"
	"heyue/platform/config"
	"heyue/platform/metrics"
	"heyue/platform/secret"
	"heyue/platform/tracing"
	"heyue/tenancy/vault"
)

// Resources opens what the settings name, when it is first asked for: a command that needs no Redis starts none. Errors
// are one line and name the setting to look at. It is meant for one goroutine, the one that puts things together; what
// it hands out may be shared.
type Resources struct {
	cfg     config.Config
	log     *slog.Logger
	sole    bool
	clock   clock.Clock
	closers []func() error

	measures *metrics.Product
	database *database
	redis    *Redis
	secret   *secret.Master
	vault    *vault.Vault
	spans    sdktrace.SpanExporter
	tracer   *tracing.Tracer
}

// Options say how a process uses its resources.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// Sole is for a process that stays: it must run the built-in PostgreSQL itself and may not lean on another
	// process's, which could end at any time. Short commands use whichever runs.
	Sole bool
	// Clock is the system's unless a test brings its own.
	Clock clock.Clock
	// Spans takes the place of the collector in the settings, for tests.
	Spans sdktrace.SpanExporter
}

// NewResources returns Resources that have opened nothing yet. Call Close at the end.
func NewResources(o Options) *Resources {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	return &Resources{cfg: o.Config, log: o.Log, sole: o.Sole, clock: o.Clock, spans: o.Spans, measures: metrics.NewProduct()}
}

// Close closes everything that was opened, last first, and returns all errors of that.
func (r *Resources) Close() error {
	var errs []error
	for _, c := range slices.Backward(r.closers) {
		errs = append(errs, c())
	}
	r.closers = nil
	return errors.Join(errs...)
}

func (r *Resources) onClose(c func() error) { r.closers = append(r.closers, c) }

// Secret returns the master key: the one in the settings, else the one in the data folder, which is made on first use.
func (r *Resources) Secret(context.Context) (secret.Master, error) {
	if r.secret != nil {
		return *r.secret, nil
	}
	key := r.cfg.Login.SecretKey.Reveal()
	if key == "" {
		if err := r.makeDataDir(); err != nil {
			return secret.Master{}, err
		}
	}
	m, err := secret.Load(key, string(r.cfg.Storage.DataDir))
	if err != nil {
		return secret.Master{}, err
	}
	r.secret = &m
	return m, nil
}

// makeDataDir makes the data folder. As root others may pass through it, because PostgreSQL runs as another user in a
// folder below; each file in it is closed to them by its own mode.
func (r *Resources) makeDataDir() error {
	dir := string(r.cfg.Storage.DataDir)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.Chmod(dir, mode)
	}
	if err != nil {
		return fmt.Errorf("cannot make the data folder (HEYUE_DATA_DIR): %w", err)
	}
	return nil
}
