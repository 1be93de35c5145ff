package live

import (
	"fmt"
	"testing"

	"heyue/platform/redistest"
	"heyue/tests/stage"
)

// TestEventsThroughACluster follows reminders from a process that works to one that answers, over a Redis Cluster whose slots move
// and whose nodes are killed meanwhile: each comes once and in order.
func TestEventsThroughACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	o := ownerOn(t, stage.Apart(t, "REDIS_URL", c.URL(), "HEYUE_EVENT_POLL", "100ms", "HEYUE_REMINDER_POLL", "100ms"))
	next := o.stream(t, "")
	if e := next(); e.Type != "POSITION" {
		t.Fatalf("the first event is %+v", e)
	}
	for i := range 20 {
		switch i {
		case 4:
			c.Reshard(t, 0, 1, 2000)
		case 8:
			c.Nodes[1].Stop(t)
		case 14:
			c.Nodes[1].Restart(t)
		}
		title := fmt.Sprintf("第%d期", i)
		o.due(t, title)
		e := next()
		for e.Type == "POSITION" {
			e = next()
		}
		e.is(t, "RAISED", title)
	}
}
