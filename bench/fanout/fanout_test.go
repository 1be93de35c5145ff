package fanout

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"heyue/platform/redistest"
	"heyue/tests/stage"
)

// users sign in; each has as many sockets as it takes.
const users = 100

// world is what all servers of a run stand on.
type world struct {
	stage    *stage.Stage
	settings string
	tokens   []string
	http     *http.Client
}

func newWorld(b *testing.B) *world {
	b.Helper()
	s := stage.New(b)
	acme := s.Tenant(b, "acme")
	w := &world{stage: s, http: &http.Client{Timeout: time.Minute}}
	home := s.Department(b, acme, "HOME")
	for range users {
		w.tokens = append(w.tokens, s.Token(b, acme, s.User(b, acme, "auditor", home)))
	}
	key := sha256.Sum256([]byte(s.DB.Name)) // as the stage has it
	settings, err := json.Marshal(map[string]string{
		"HEYUE_DATA_DIR": b.TempDir(), "DATABASE_URL": s.DB.AppDSN, "DATABASE_SYSTEM_URL": s.DB.SystemDSN, "DATABASE_OWNER_URL": s.DB.OwnerDSN,
		"HEYUE_SECRET_KEY": base64.StdEncoding.EncodeToString(key[:]), "REDIS_URL": redistest.Start(b).URL(), "HEYUE_MAIL_FOLDER": b.TempDir(),
	})
	if err != nil {
		b.Fatal(err)
	}
	w.settings = string(settings)
	return w
}

// server is one under test.
type server struct {
	world   *world
	address string
	process *exec.Cmd
	input   io.Closer
}

func (w *world) start(b *testing.B, which string) *server {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "HEYUE_FANOUT_SERVER="+which, "HEYUE_FANOUT_SETTINGS="+w.settings)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		b.Fatal("the server does not start: ", err)
	}
	return &server{w, strings.TrimSpace(line), cmd, input}
}

func (s *server) stop() {
	_ = s.input.Close()
	_ = s.process.Wait() // it ends with its input
}

func (s *server) stats(b *testing.B, clean bool) (out struct{ RSS, Topics, Members, Dropped int64 }) {
	b.Helper()
	url := "http://" + s.address + "/stats"
	if clean {
		url += "?clean"
	}
	answer, err := s.world.http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		b.Fatal(err)
	}
	return out
}

// publish sends an event of about so many bytes, which tells when it was sent.
func (s *server) publish(b *testing.B, topic string, size int) {
	b.Helper()
	text := fmt.Sprintf("@%019d %s", time.Now().UnixNano(), strings.Repeat("x", size))
	answer, err := s.world.http.Post("http://"+s.address+"/publish?topic="+topic, "text/plain", strings.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatal(answer.Status, err)
	}
}

// spent is the server's processor time.
func (s *server) spent(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		b.Fatal("processor times are read from /proc, which only Linux has: ", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+2:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// until waits for something that must happen.
func until(b *testing.B, what string, done func() bool) {
	b.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.Fatal("two minutes have gone without ", what)
		}
	}
}

// eventSize makes an event of about 340 bytes on the wire.
const eventSize = 180

// figures are what one turn of one transport came to.
type figures struct {
	idle, after       float64 // KiB a connection
	p50, p99          time.Duration
	rate              float64       // deliveries a second in a burst
	burst, paced      time.Duration // processor time a delivery
	missed, connected int64
}

// everybody measures a topic that all follow.
func (w *world) everybody(b *testing.B, which string, n int) (f figures) {
	b.Helper()
	s := w.start(b, which)
	defer s.stop()
	before := s.stats(b, true).RSS
	c := connect(b, s.address, w.tokens, n, func(int) string { return "all" })
	defer c.close()
	s.await(b, which, c, n, 1)
	f.idle = float64(s.stats(b, true).RSS-before) / float64(n)

	events := max(20, 200_000/n)
	c.got.Store(0)
	cpu, began := s.spent(b), time.Now()
	for i := range events {
		until(b, "the burst to go on", func() bool { return c.got.Load() >= int64(i-32)*int64(n) }) // no queue is overrun
		s.publish(b, "all", eventSize)
	}
	want := int64(events) * int64(n)
	until(b, "the end of the burst", func() bool { return c.got.Load()+s.lost(b, c, want) >= want })
	took := time.Since(began)
	f.missed = want - c.got.Load()
	f.rate = float64(c.got.Load()) / took.Seconds()
	f.burst = (s.spent(b) - cpu) / time.Duration(want)

	c.late.reset()
	c.got.Store(0)
	cpu = s.spent(b)
	every := max(50*time.Millisecond, time.Duration(n)*50*time.Microsecond) // 20,000 deliveries a second
	paced := max(20, int(10*time.Second/every))
	for range paced {
		began := time.Now()
		s.publish(b, "all", eventSize)
		time.Sleep(every - time.Since(began))
	}
	want = int64(paced) * int64(n)
	until(b, "the last event", func() bool { return c.got.Load() >= want })
	f.p50, f.p99, f.paced = c.late.at(0.5), c.late.at(0.99), (s.spent(b)-cpu)/time.Duration(want)
	f.after = float64(s.stats(b, true).RSS-before) / float64(n)
	return f
}

// lost is what the server has dropped, asked for only when the end does not come.
func (s *server) lost(b *testing.B, c *crowd, want int64) int64 {
	if c.got.Load() >= want {
		return 0
	}
	return s.stats(b, false).Dropped
}

// await returns when all subscriptions work: each has had an event.
func (s *server) await(b *testing.B, which string, c *crowd, n int, topics int64) {
	b.Helper()
	until(b, "all subscriptions", func() bool {
		if stats := s.stats(b, false); which == theirs && stats.Members < int64(n) || stats.Topics < topics {
			return false
		}
		if topics > 1 {
			return true
		}
		c.got.Store(0)
		s.publish(b, "all", eventSize)
		for end := time.Now().Add(time.Second); time.Now().Before(end) && c.got.Load() < int64(n); {
			time.Sleep(10 * time.Millisecond)
		}
		return c.got.Load() == int64(n)
	})
	c.late.reset()
}

// oneEach measures events for one receiver each: how late they are, and what the way there and back takes on an idle socket.
func (w *world) oneEach(b *testing.B, which string, n int) (p50, p99, idle time.Duration) {
	b.Helper()
	s := w.start(b, which)
	defer s.stop()
	c := connect(b, s.address, w.tokens, n, func(i int) string { return "t" + strconv.Itoa(i) })
	defer c.close()
	s.await(b, which, c, n, int64(n))
	round := &histogram{}
	for range 500 {
		began := time.Now()
		if err := c.conns[0].send(`{"type":"ping"}`); err != nil {
			b.Fatal(err)
		}
		<-c.conns[0].pong
		round.add(time.Since(began))
	}
	const events, every = 2000, 5 * time.Millisecond
	for i := range events {
		began := time.Now()
		s.publish(b, "t"+strconv.Itoa(i*7919%n), eventSize)
		time.Sleep(every - time.Since(began))
	}
	until(b, "the last event", func() bool { return c.got.Load() >= events })
	return c.late.at(0.5), c.late.at(0.99), round.at(0.5)
}

// stalled measures 40 clients, and then those of them who read while 20 do not: how late events are before and meanwhile, and how
// long the server keeps those who do not read.
func (w *world) stalled(b *testing.B) (before, meanwhile, closed time.Duration) {
	b.Helper()
	s := w.start(b, own)
	defer s.stop()
	const n, size = 40, 60 << 10
	c := connect(b, s.address, w.tokens, n, func(int) string { return "all" })
	defer c.close()
	s.await(b, own, c, n, 1)
	pace := func() {
		began := time.Now()
		s.publish(b, "all", size)
		time.Sleep(50*time.Millisecond - time.Since(began))
	}
	for range 200 {
		pace()
	}
	before = c.late.at(0.99)
	for _, v := range c.conns[:n/2] {
		v.stalled.Store(true)
		_ = v.conn.(interface{ SetReadBuffer(int) error }).SetReadBuffer(4096)
	}
	pace() // the one that they were in the middle of
	c.late.reset()
	began := time.Now()
	for closed == 0 {
		pace()
		if _, err := c.conns[0].conn.Write([]byte{0x8A, 0x80, 0, 0, 0, 0}); err != nil { // a pong: a socket that is closed takes none
			closed = time.Since(began)
		}
		if time.Since(began) > time.Minute {
			b.Fatal("a client that reads nothing is kept")
		}
	}
	return before, c.late.at(0.99), closed
}

func sizes(b *testing.B) (out []int) {
	b.Helper()
	text := os.Getenv("HEYUE_FANOUT_SIZES")
	if text == "" {
		text = "1000,5000,10000"
	}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			b.Fatalf("HEYUE_FANOUT_SIZES is %q; want numbers with commas between", text)
		}
		out = append(out, n)
	}
	return out
}

func rounds(b *testing.B) int {
	b.Helper()
	text := os.Getenv("HEYUE_FANOUT_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("HEYUE_FANOUT_ROUNDS is %q; want a number", text)
	}
	return n
}

// middle is the median of one figure over turns.
func middle[T float64 | time.Duration](turns []figures, of func(figures) T) T {
	var all []T
	for _, t := range turns {
		all = append(all, of(t))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
