package deliveries

import (
	"net/netip"
	"time"
)

// Limits bound deliveries (HEYUE_DELIVERY_…).
type Limits struct {
	Workers     int // messages that one process sends at a time
	PerTenant   int // of one tenant at a time, over all processes
	PerEndpoint int // to one endpoint at a time, likewise
	Rate        int // tries of one tenant in a minute
	RobotRate   int // messages to one group's robot in a minute
	Digest      int // alerts in one message at most
	Feed        int // events looked at for one endpoint in one transaction
	Endpoints   int // of one tenant

	Poll     time.Duration // between two looks for work
	Lease    time.Duration // after which a try whose worker died is made again; longer than any try
	Wait     time.Duration // before the second try; it grows threefold with each
	WaitMost time.Duration
	Life     time.Duration // after which a delivery is given up

	Failures     int // in a row, after which an endpoint is left alone for a while
	Open         time.Duration
	OpenMost     time.Duration
	DisableAfter time.Duration // of failures, after which it is disabled

	Keep    time.Duration  // of what is delivered, dead or cancelled
	Overlap time.Duration  // for which an old secret may sign after a rotation
	Allow   []netip.Prefix // networks that may be called though they are not of the internet
}

// DefaultLimits are in force unless the installation says otherwise. The first retry comes after seconds, the last ones
// every six hours, for three days.
func DefaultLimits() Limits {
	const day = 24 * time.Hour
	return Limits{
		Workers: 64, PerTenant: 8, PerEndpoint: 2, Rate: 600, RobotRate: 20, Digest: 50, Feed: 500, Endpoints: 50,
		Poll: time.Second, Lease: time.Minute, Wait: 5 * time.Second, WaitMost: 6 * time.Hour, Life: 3 * day,
		Failures: 5, Open: 30 * time.Second, OpenMost: 10 * time.Minute, DisableAfter: 5 * day, Keep: 90 * day, Overlap: 7 * day,
	}
}
