package httpserver

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Check asks whether one thing that the process needs is there.
type Check struct {
	Name  string
	Probe func(context.Context) error // nil when it is there; must end with its context
	// Optional marks what the process can do without, slower. Its failure is shown and leaves the process ready.
	Optional bool
}

// Health answers /livez and /readyz. It is safe for concurrent use.
type Health struct {
	checks   []Check
	timeout  time.Duration
	log      *slog.Logger
	draining atomic.Bool
}

// NewHealth returns a Health over checks, all of which must answer within timeout.
func NewHealth(log *slog.Logger, timeout time.Duration, checks ...Check) *Health {
	return &Health{checks: checks, timeout: timeout, log: log}
}

// Drain makes the process not ready from now on.
func (h *Health) Drain() { h.draining.Store(true) }

// Live says that the process runs. It asks nothing else: restarting a process does not mend its database.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, report{Status: "live"})
}

// report is the body of both answers.
type report struct {
	Status string   `json:"status"` // live, ready, not ready or draining
	Checks []result `json:"checks,omitempty"`
}

type result struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Optional bool   `json:"optional,omitempty"`
}

// Ready says whether to send callers here: 200 with "ready", else 503. Why a check failed goes to the log; the answer
// names the check only.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answer(w, http.StatusServiceUnavailable, report{Status: "draining"})
		return
	}
	rep, code := report{Status: "ready", Checks: h.run(r.Context())}, http.StatusOK
	for _, c := range rep.Checks {
		if !c.OK && !c.Optional {
			rep.Status, code = "not ready", http.StatusServiceUnavailable
		}
	}
	answer(w, code, rep)
}

// run asks all at once; one that hangs takes nothing from the others.
func (h *Health) run(ctx context.Context) []result {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	out := make([]result, len(h.checks))
	var wg sync.WaitGroup
	for i, c := range h.checks {
		wg.Go(func() {
			err := c.Probe(ctx)
			if err != nil {
				h.log.WarnContext(ctx, "health check failed", "check", c.Name, "err", err)
			}
			out[i] = result{Name: c.Name, OK: err == nil, Optional: c.Optional}
		})
	}
	wg.Wait()
	return out
}

func answer(w http.ResponseWriter, code int, body report) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the prober has gone; nobody is left to tell
}
