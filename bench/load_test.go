package bench

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// callers ask at the same time, each its next request when the last is answered; memory is looked at with a crowd of them.
const (
	callers = 16
	crowd   = 64
)

var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}

// turn is what one target did in one turn.
type turn struct {
	requests int
	server   time.Duration // processor time
	postgres time.Duration
	lasted   []time.Duration
}

// take lets a target answer an operation for a while.
func take(b *testing.B, r *rows, op operation, at target, postmaster, callers, first int, lasts time.Duration) turn {
	b.Helper()
	var asked atomic.Int64
	var mu sync.Mutex
	var t turn
	var all sync.WaitGroup
	server, postgres := spent(b, at.pid), spent(b, postmaster)
	until := time.Now().Add(lasts)
	for range callers {
		all.Go(func() {
			var lasted []time.Duration
			for {
				began := time.Now()
				if began.After(until) {
					break
				}
				req, err := at.request(op, op.Params(r, first+int(asked.Add(1))))
				if err == nil {
					_, err = send(req)
				}
				if err != nil {
					b.Errorf("%s of %s: %v", op.Name, at.Name, err)
					return
				}
				lasted = append(lasted, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			t.lasted = append(t.lasted, lasted...)
		})
	}
	all.Wait()
	t.requests, t.server, t.postgres = len(t.lasted), spent(b, at.pid)-server, spent(b, postmaster)-postgres
	return t
}

// cost is the processor time of one request.
func (t turn) cost() time.Duration {
	return (t.server + t.postgres) / time.Duration(max(t.requests, 1))
}

// held is the memory of a process that is not shared with a file or gone to swap, in MiB.
func held(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if size, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(size)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// quantile of how long requests took.
func (t turn) quantile(q float64) time.Duration {
	if len(t.lasted) == 0 {
		return 0
	}
	slices.Sort(t.lasted)
	return t.lasted[int(q*float64(len(t.lasted)-1))]
}

// median is the turn whose cost is in the middle.
func median(turns []turn) turn {
	sorted := slices.SortedFunc(slices.Values(turns), func(a, b turn) int { return int(a.cost() - b.cost()) })
	return sorted[len(sorted)/2]
}

// spent is the processor time of a process, of its children, and of those that have ended (proc(5): utime, stime, cutime,
// cstime in hundredths of a second).
func spent(b *testing.B, pid int) time.Duration {
	b.Helper()
	const hundredth = 10 * time.Millisecond
	total := int64(0)
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(entries) == 0 {
		b.Fatal("processor times are read from /proc, which only Linux has")
	}
	for _, entry := range entries {
		text, err := os.ReadFile(entry)
		if err != nil {
			continue // it has ended
		}
		number, _ := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
		parent, _ := strconv.Atoi(fields[1])
		at := []int{11, 12}
		if number == pid {
			at = []int{11, 12, 13, 14}
		} else if parent != pid {
			continue
		}
		for _, i := range at {
			n, _ := strconv.ParseInt(fields[i], 10, 64)
			total += n
		}
	}
	return time.Duration(total) * hundredth
}

// postmaster is the process that all of PostgreSQL's others are children of.
func postmaster(b *testing.B, db *sql.DB) int {
	b.Helper()
	var dir string
	if err := db.QueryRowContext(b.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		b.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }
