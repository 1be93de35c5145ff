package pgtest

import (
	"database/sql"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"heyue/platform/filelock"
	"heyue/platform/pgembed"
)

// TestASlotStaysTaken: an open file that nothing refers to is closed by the garbage collector, and its lock with it;
// another process would then find the slot free while our server runs on it. Even a process that got that far leaves
// the files of a running server alone.
func TestASlotStaysTaken(t *testing.T) {
	t.Parallel()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv(superURLVariable) != "" {
		if s.slot != nil {
			t.Error("an external server has a slot")
		}
		return
	}
	path := s.slot.File().Name()
	for range 3 {
		runtime.GC()
	}
	if lock, err := filelock.Try(path); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("%s is free while the server runs: %v, %v", path, lock, err)
	}
	if _, err := open(t.Context(), strings.TrimSuffix(path, ".lock")); !errors.Is(err, pgembed.ErrRunning) {
		t.Errorf("a second start on the folder: %v", err)
	}
	if err := s.admin(func(db *sql.DB) error { return db.PingContext(t.Context()) }); err != nil {
		t.Errorf("the first server afterwards: %v", err)
	}
}
