package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// deliveries are how messages fare: heyue_delivery_seconds{channel,result}, heyue_deliveries_given_up_total{channel,reason}
// and heyue_delivery_queue_seconds.
type deliveries struct {
	tries   *prometheus.HistogramVec
	givenUp *prometheus.CounterVec
	queue   prometheus.Gauge
}

func newDeliveries() deliveries {
	return deliveries{
		tries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "heyue_delivery_seconds", Help: "Time that one try to deliver a message took, by channel and by what it came to.", Buckets: latency(),
		}, []string{"channel", "result"}),
		givenUp: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "heyue_deliveries_given_up_total", Help: "Messages that were given up, by channel and reason: dead letters, and those that were not wanted or allowed any more.",
		}, []string{"channel", "reason"}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "heyue_delivery_queue_seconds", Help: "How long the message has waited that is due longest, when a worker last looked; endpoints that are left alone count.",
		}),
	}
}

func (d deliveries) register(r prometheus.Registerer) { r.MustRegister(d.tries, d.givenUp, d.queue) }

// DeliveryTried records a try by a channel.
func (p *Product) DeliveryTried(by, result string, took time.Duration) {
	p.deliveries.tries.WithLabelValues(by, result).Observe(took.Seconds())
}

// DeliveryGivenUp records a message that was given up.
func (p *Product) DeliveryGivenUp(by, reason string) {
	p.deliveries.givenUp.WithLabelValues(by, reason).Inc()
}

// DeliveryQueue records how long the message has waited that is due longest.
func (p *Product) DeliveryQueue(age time.Duration) { p.deliveries.queue.Set(age.Seconds()) }
