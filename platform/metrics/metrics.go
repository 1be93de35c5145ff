// Package metrics measures the process for Prometheus. Labels come from closed sets, such as routes and fields of the
// schema: never from a caller's text, which could make them endless, and never from a tenant, which would tell one
// customer's business to whoever reads the dashboards.
package metrics

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewRegistry returns a registry with the Go runtime, the process, and heyue_build_info{version}.
func NewRegistry(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "heyue_build_info", Help: "1, labelled with the version that runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build)
	return r
}

// Handler serves what r has gathered. It belongs on the internal address.
func Handler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{Registry: r})
}

// latency are the upper bounds in seconds of every histogram of ours: fine where a hot read lives (below 10 ms), and
// up to the deadline of an operation.
func latency() []float64 {
	return []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

// HTTP measures requests.
type HTTP struct {
	seconds *prometheus.HistogramVec
	running *prometheus.GaugeVec
}

// NewHTTP registers heyue_http_request_seconds{route,method,code} and heyue_http_running{route,kind}.
func NewHTTP(r prometheus.Registerer) *HTTP {
	h := &HTTP{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "heyue_http_request_seconds", Help: "Time from a request's header to the end of its answer; sockets are left out.", Buckets: latency(),
		}, []string{"route", "method", "code"}),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "heyue_http_running", Help: "Requests being answered (kind=request) and open sockets (kind=socket).",
		}, []string{"route", "kind"}),
	}
	r.MustRegister(h.seconds, h.running)
	return h
}

// Wrap measures next under the label route, which must be a constant. The ResponseWriter keeps its Flusher and
// Hijacker. A socket counts as running and has no duration: it would drown the requests.
func (h *HTTP) Wrap(route string, next http.Handler) http.Handler {
	labels := prometheus.Labels{"route": route}
	timed := promhttp.InstrumentHandlerDuration(h.seconds.MustCurryWith(labels), next)
	requests, sockets := h.running.WithLabelValues(route, "request"), h.running.WithLabelValues(route, "socket")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running, handler := requests, http.Handler(timed)
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			running, handler = sockets, next
		}
		running.Inc()
		defer running.Dec()
		handler.ServeHTTP(w, r)
	})
}

// Operations measures GraphQL operations.
type Operations struct{ seconds *prometheus.HistogramVec }

// NewOperations registers heyue_operation_seconds{kind,field,outcome}.
func NewOperations(r prometheus.Registerer) *Operations {
	o := &Operations{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "heyue_operation_seconds", Help: "Time to run a GraphQL operation, by its first root field.", Buckets: latency(),
	}, []string{"kind", "field", "outcome"})}
	r.MustRegister(o.seconds)
	return o
}

// Observe records one operation. kind is query, mutation or subscription; field the name of its first root field as
// the schema spells it, "" when it was refused before it had one; outcome is "ok" or the code of its first error.
func (o *Operations) Observe(kind, field, outcome string, took time.Duration) {
	o.seconds.WithLabelValues(kind, field, outcome).Observe(took.Seconds())
}
