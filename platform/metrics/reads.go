package metrics

import "github.com/prometheus/client_golang/prometheus"

// Reads counts how fields of queries are read.
type Reads struct {
	how         *prometheus.CounterVec
	differences prometheus.Counter
}

// NewReads registers heyue_reads_total{field,how} and heyue_read_differences_total.
func NewReads(r prometheus.Registerer) *Reads {
	m := &Reads{
		how: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "heyue_reads_total", Help: "Root fields of queries by how they were read: compiled into one statement, or why they were left to the resolvers.",
		}, []string{"field", "how"}),
		differences: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "heyue_read_differences_total", Help: "Queries that were read both ways and gave two answers; any is a bug.",
		}),
	}
	r.MustRegister(m.how, m.differences)
	return m
}

// Observe counts a field; how is "compiled" or why it was not.
func (m *Reads) Observe(field, how string) { m.how.WithLabelValues(field, how).Inc() }

// Differs counts a query with two answers.
func (m *Reads) Differs() { m.differences.Inc() }
