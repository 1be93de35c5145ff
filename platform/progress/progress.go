// Package progress shows how far a long command has come: a bar on a terminal, and now and then a line elsewhere, such
// as in the log of a container or a build.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"heyue/platform/clock"
)

// Output is where progress is shown.
type Output struct {
	W        io.Writer
	Terminal bool // whether W understands carriage returns and is looked at by a person
	Clock    clock.Clock
}

// Stderr is the standard error of the process, so that progress never mixes with what a command prints. It counts as a
// terminal when it is one and TERM is not "dumb".
func Stderr(c clock.Clock) Output {
	return Output{W: os.Stderr, Terminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb", Clock: c}
}

const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 2 * time.Second
	lineStep  = 10               // percent
	lineAtMax = 30 * time.Second // after this a line comes even below a step, so that nobody thinks it hangs
)

// Task is one piece of work that is being shown. It is safe for concurrent use. A failure to write is ignored: work
// does not stop because nobody can watch it.
type Task struct {
	out   Output
	label string
	total int64 // 0 when unknown
	bar   *progressbar.ProgressBar

	mu      sync.Mutex
	done    int64
	started time.Time
	shown   time.Time
	percent int64 // at the last line
	ended   bool
}

// Start begins to show work of total steps, or of an unknown number when total is 0. label says what is being done, as
// in "importing contracts". Call End when it is over.
func Start(out Output, label string, total int64) *Task {
	now := out.Clock.Now()
	t := &Task{out: out, label: label, total: max(total, 0), started: now, shown: now}
	if out.Terminal {
		t.bar = newBar(out.W, label, t.total)
		_ = t.bar.RenderBlank()
		return t
	}
	t.line("started")
	return t
}

func newBar(w io.Writer, label string, total int64) *progressbar.ProgressBar {
	if total == 0 {
		total = -1 // the library's word for unknown: a spinner
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own
		progressbar.OptionThrottle(0),                 // we throttle, by the clock we were given
	)
}

// Add says that n more steps are done.
func (t *Task) Add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.done += n
	now := t.out.Clock.Now()
	switch {
	case t.bar != nil:
		if now.Sub(t.shown) >= barEvery {
			t.shown = now
			_ = t.bar.Set64(t.barPosition())
		}
	case t.due(now):
		t.shown, t.percent = now, t.percentDone()
		t.line(t.position())
	}
}

// due keeps logs short: a line at most every two seconds and, when the total is known, every ten percent.
func (t *Task) due(now time.Time) bool {
	since := now.Sub(t.shown)
	if since < lineEvery {
		return false
	}
	return t.total == 0 || t.percentDone()-t.percent >= lineStep || since >= lineAtMax
}

// End shows the last state: "done" when err is nil, else that it stopped. It may be called more than once; the first
// call counts. The error itself is the command's to print.
func (t *Task) End(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	if t.bar != nil {
		_ = t.bar.Set64(t.barPosition())
		_ = t.bar.Exit()
		_, _ = fmt.Fprintln(t.out.W)
		return
	}
	word := "done"
	if err != nil {
		word = "stopped"
	}
	took := t.out.Clock.Now().Sub(t.started).Round(time.Second)
	t.line(fmt.Sprintf("%s after %s of work, %s", word, took, t.position()))
}

// barPosition keeps within the total, beyond which the library refuses to draw.
func (t *Task) barPosition() int64 {
	if t.total > 0 {
		return min(t.done, t.total)
	}
	return t.done
}

func (t *Task) percentDone() int64 {
	if t.total == 0 {
		return 0
	}
	return min(100, t.done*100/t.total)
}

func (t *Task) position() string {
	if t.total == 0 {
		return grouped(t.done)
	}
	return fmt.Sprintf("%s of %s (%d %%)", grouped(t.done), grouped(t.total), t.percentDone())
}

func (t *Task) line(what string) { _, _ = fmt.Fprintf(t.out.W, "%s: %s\n", t.label, what) }

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
