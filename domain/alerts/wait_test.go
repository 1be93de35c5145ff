package alerts_test

import (
	"testing"
	"time"

	"heyue/platform/pgtest"
)

// waitForLock returns once some transaction of the database waits for another one's lock.
func waitForLock(t testing.TB, db *pgtest.DB) {
	t.Helper()
	super := pgtest.Open(t, db.SuperDSN)
	for {
		var waiting int
		err := super.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("nobody ever waited")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
