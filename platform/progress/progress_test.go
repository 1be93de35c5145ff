package progress_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/clock"
	"heyue/platform/progress"
)

func output(terminal bool) (progress.Output, *bytes.Buffer, *clock.Manual) {
	var b bytes.Buffer
	c := clock.At(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC))
	return progress.Output{W: &b, Terminal: terminal, Clock: c}, &b, c
}

func wantLines(t *testing.T, got string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n")+"\n", got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// TestLinesOfQuickWork counts a million steps in ten seconds: five lines between the first and the last, not a million.
func TestLinesOfQuickWork(t *testing.T) {
	t.Parallel()
	out, b, c := output(false)
	task := progress.Start(out, "importing contracts", 1_000_000)
	for range 1000 {
		c.Advance(10 * time.Millisecond)
		task.Add(1000)
	}
	task.End(nil)
	task.End(errors.New("late")) // the first call counts
	task.Add(5)
	wantLines(t, b.String(),
		"importing contracts: started",
		"importing contracts: 200,000 of 1,000,000 (20 %)",
		"importing contracts: 400,000 of 1,000,000 (40 %)",
		"importing contracts: 600,000 of 1,000,000 (60 %)",
		"importing contracts: 800,000 of 1,000,000 (80 %)",
		"importing contracts: 1,000,000 of 1,000,000 (100 %)",
		"importing contracts: done after 10s of work, 1,000,000 of 1,000,000 (100 %)",
	)
}

// TestLinesOfSlowWork takes 100 minutes: lines at every ten percent would leave ten minutes of silence.
func TestLinesOfSlowWork(t *testing.T) {
	t.Parallel()
	out, b, c := output(false)
	task := progress.Start(out, "x", 6000)
	for range 100 {
		c.Advance(time.Second)
		task.Add(1)
	}
	task.End(errors.New("disk full"))
	wantLines(t, b.String(), "x: started", "x: 30 of 6,000 (0 %)", "x: 60 of 6,000 (1 %)", "x: 90 of 6,000 (1 %)",
		"x: stopped after 1m40s of work, 100 of 6,000 (1 %)")
}

func TestLinesWithoutTotal(t *testing.T) {
	t.Parallel()
	out, b, c := output(false)
	task := progress.Start(out, "reading", 0)
	for range 5 {
		c.Advance(time.Second)
		task.Add(600)
	}
	task.End(nil)
	wantLines(t, b.String(), "reading: started", "reading: 1,200", "reading: 2,400", "reading: done after 5s of work, 3,000")
}

func TestBarOnTerminal(t *testing.T) {
	t.Parallel()
	out, b, c := output(true)
	task := progress.Start(out, "importing", 200)
	drawn := strings.Count(b.String(), "\r")
	for range 100 {
		c.Advance(time.Millisecond)
		task.Add(1)
	}
	if more := strings.Count(b.String(), "\r") - drawn; more < 1 || more > 4 {
		t.Errorf("drawn with %d carriage returns in 0.1 s; want one drawing", more)
	}
	if !strings.Contains(b.String(), "importing  50% [==============>...............] (100/200") {
		t.Errorf("no half bar in %q", b.String())
	}
	task.Add(1000) // more than was announced
	task.End(nil)
	if s := b.String(); !strings.Contains(s, "100%") || !strings.HasSuffix(s, "\n") {
		t.Errorf("the bar does not end: %q", s)
	}
}

func TestSpinnerWithoutTotal(t *testing.T) {
	t.Parallel()
	out, b, c := output(true)
	task := progress.Start(out, "reading", 0)
	c.Advance(time.Second)
	task.Add(7)
	task.End(errors.New("stopped"))
	if s := b.String(); !strings.Contains(s, "reading") || !strings.Contains(s, "7") || strings.Contains(s, "100%") {
		t.Errorf("spinner: %q", s)
	}
}

func TestConcurrentSteps(t *testing.T) {
	t.Parallel()
	out, b, _ := output(false)
	task := progress.Start(out, "x", 800)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				task.Add(1)
			}
		})
	}
	wg.Wait()
	task.End(nil)
	wantLines(t, b.String(), "x: started", "x: done after 0s of work, 800 of 800 (100 %)")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("closed pipe") }

func TestNobodyWatches(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{true, false} {
		out, _, c := output(terminal)
		out.W = broken{}
		task := progress.Start(out, "x", 10)
		c.Advance(time.Minute)
		task.Add(10)
		task.End(nil)
	}
}
