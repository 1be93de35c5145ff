package metrics

import (
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Product measures what goes on behind the requests: statements, events on their way, reminders. It may be told things
// before it is registered.
type Product struct {
	statements *prometheus.HistogramVec
	outboxLag  prometheus.Histogram
	scanLag    prometheus.Histogram
	reminders  *prometheus.CounterVec
	deliveries deliveries
}

// lags are the upper bounds in seconds of what comes late: the poll of a second lies in the middle, an outage of a day at
// the end.
func lags() []float64 { return []float64{.001, .005, .02, .1, .5, 1, 2, 5, 15, 60, 300, 3600, 86400} }

// NewProduct makes heyue_sql_seconds{outcome}, heyue_outbox_lag_seconds, heyue_scan_lag_seconds,
// heyue_reminders_total{result} and what deliveries are measured by.
func NewProduct() *Product {
	return &Product{
		statements: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "heyue_sql_seconds", Help: "Time until PostgreSQL begins to answer a statement; outcome is ok or failed.", Buckets: latency(),
		}, []string{"outcome"}),
		outboxLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "heyue_outbox_lag_seconds", Help: "Age of the oldest event of a batch when the relay had numbered it.", Buckets: lags(),
		}),
		scanLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "heyue_scan_lag_seconds", Help: "How late the first reminder of a batch was when the scanner had handled it.", Buckets: lags(),
		}),
		reminders: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "heyue_reminders_total", Help: "Reminders handled, by what became of them: raised, skipped, or unheard for alerts without a recipient.",
		}, []string{"result"}),
		deliveries: newDeliveries(),
	}
}

// Statement records one statement.
func (p *Product) Statement(took time.Duration, failed bool) {
	outcome := "ok"
	if failed {
		outcome = "failed"
	}
	p.statements.WithLabelValues(outcome).Observe(took.Seconds())
}

// Numbered records how old the oldest event of a batch was when it had its number.
func (p *Product) Numbered(age time.Duration) { p.outboxLag.Observe(age.Seconds()) }

// Scanned records a batch of reminders: how late the first was, and what became of them.
func (p *Product) Scanned(late time.Duration, raised, skipped, unheard int) {
	p.scanLag.Observe(late.Seconds())
	p.reminders.WithLabelValues("raised").Add(float64(raised))
	p.reminders.WithLabelValues("skipped").Add(float64(skipped))
	p.reminders.WithLabelValues("unheard").Add(float64(unheard))
}

// Gauges are figures that are asked for whenever the metrics are read. None may wait for anything.
type Gauges struct {
	Pools map[string]*sql.DB // by the name of their role
	// Subscriptions is how many are open, and how many executions serve them; nil where nobody can subscribe.
	Subscriptions func() (open, executions int)
	// Snapshots is how often a snapshot of permissions was asked for, how often it had to be loaded, and how many are kept.
	Snapshots func() (asked, loaded uint64, kept int)
}

// Register adds what p measures to r, and what can be asked for: go_sql_*{db_name}, heyue_subscribers, heyue_executions_subscribed,
// heyue_snapshots_asked_total, heyue_snapshots_loaded_total and heyue_snapshots_kept.
func (p *Product) Register(r prometheus.Registerer, g Gauges) {
	r.MustRegister(p.statements, p.outboxLag, p.scanLag, p.reminders)
	p.deliveries.register(r)
	for name, pool := range g.Pools {
		r.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	if g.Subscriptions != nil {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "heyue_subscribers", Help: "Subscriptions that are open."},
			func() float64 { open, _ := g.Subscriptions(); return float64(open) }))
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "heyue_executions_subscribed", Help: "Executions that serve open subscriptions; equal ones share one."},
			func() float64 { _, executions := g.Subscriptions(); return float64(executions) }))
	}
	counter := func(name, help string, read func() float64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
	}
	counter("heyue_snapshots_asked_total", "How often permissions were decided from a tenant's snapshot.", func() float64 {
		asked, _, _ := g.Snapshots()
		return float64(asked)
	})
	counter("heyue_snapshots_loaded_total", "How often a tenant's snapshot of permissions had to be loaded.", func() float64 {
		_, loaded, _ := g.Snapshots()
		return float64(loaded)
	})
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "heyue_snapshots_kept", Help: "Snapshots of permissions in memory."}, func() float64 {
		_, _, kept := g.Snapshots()
		return float64(kept)
	}))
}
