package tenancy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// msg is one message of the server.
func msg(kind byte, body string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
	return append(b, body...)
}

// server is a fake: it gives the prepared answers in pieces of the sizes drawn, and keeps what was written.
type server struct {
	net.Conn
	answers []byte
	undo    []byte // the answers to ROLLBACK
	pieces  func() int
	wrote   bytes.Buffer
	writes  int
}

func (s *server) Read(p []byte) (int, error) {
	if len(s.answers) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.pieces())], s.answers)
	s.answers = s.answers[n:]
	return n, nil
}

func (s *server) Write(p []byte) (int, error) {
	s.writes++
	s.wrote.Write(p)
	if bytes.Contains(p, []byte("ROLLBACK")) {
		s.answers = append(s.answers, s.undo...)
	}
	return len(p), nil
}

// script is a random conversation: what the server says, and what of it lib/pq has to see.
type script struct{ says, undo, sees []byte }

func (s *script) both(kind byte, body string) {
	s.says = append(s.says, msg(kind, body)...)
	s.sees = append(s.sees, msg(kind, body)...)
}

func (s *script) hidden(kind byte, body string) { s.says = append(s.says, msg(kind, body)...) }

// async puts messages that may come at any time, which always pass.
func (s *script) async(t *rapid.T) {
	for range rapid.IntRange(0, 2).Draw(t, "async") {
		kind := rapid.SampledFrom([]byte{'N', 'A', 'S'}).Draw(t, "kind")
		s.both(kind, text(t))
	}
}

// text is a message body that is often empty and at times larger than every buffer.
func text(t *rapid.T) string {
	size := rapid.SampledFrom([]int{0, 1, 4, 5, 6, 30, 700, wireBuffer - 5, wireBuffer, 3 * wireBuffer}).Draw(t, "size")
	return string(bytes.Repeat([]byte("Z\x00\x00\x00\x05I"), size/6+1)[:size]) // looks like messages on purpose
}

func (s *script) rows(t *rapid.T) {
	for range rapid.IntRange(0, 5).Draw(t, "rows") {
		s.both('D', text(t))
		s.async(t)
	}
}

// series is the conversation of a statement in the extended protocol. Where fails tells which part gives an error.
func series(t *rapid.T, commit bool) (s script) {
	where := rapid.SampledFrom([]string{"begin", "set", "parse", "bind", "rows", "commit", "", "", ""}).Draw(t, "fails")
	state, open := "I", "T"
	if commit {
		open = "I"
	}
	fail := func(part, after string) bool {
		s.async(t)
		if where != part {
			return false
		}
		s.both('E', "CXX000"+text(t))
		state = after
		return true
	}
	body := func() {
		if fail("begin", "I") {
			return
		}
		s.hidden('2', "")
		s.hidden('C', "BEGIN\x00")
		if fail("set", "E") {
			return
		}
		s.hidden('1', "")
		s.hidden('2', "")
		s.hidden('C', "SET\x00")
		if rapid.Bool().Draw(t, "unprepared") {
			if fail("parse", "E") {
				return
			}
			s.both('1', "")
		}
		if fail("bind", "E") {
			return
		}
		s.both('2', "")
		s.both(rapid.SampledFrom([]byte{'T', 'n'}).Draw(t, "columns"), text(t))
		s.rows(t)
		if fail("rows", "E") {
			return
		}
		s.both(rapid.SampledFrom([]byte{'C', 'I'}).Draw(t, "end"), "SELECT 5\x00")
		if !commit {
			state = open
			s.async(t)
			return
		}
		if rapid.Bool().Draw(t, "unnamed") {
			s.hidden('1', "")
		}
		s.hidden('2', "")
		if fail("commit", "I") {
			return
		}
		s.hidden('C', "COMMIT\x00")
		state = open
	}
	body()
	s.async(t)
	if !commit || state == "I" {
		s.both('Z', state)
		return s
	}
	s.hidden('Z', state)
	u := &script{}
	u.async(t)
	u.hidden('C', "ROLLBACK\x00")
	u.async(t)
	u.both('Z', "I")
	s.undo, s.sees = u.says, append(s.sees, u.sees...)
	return s
}

// simple is the conversation of a statement in the simple protocol.
func simple(t *rapid.T, commit bool) (s script) {
	where := rapid.SampledFrom([]string{"set", "rows", "commit", "", ""}).Draw(t, "fails")
	s.async(t)
	s.hidden('C', "BEGIN\x00")
	state := "T"
	if where == "set" {
		s.both('E', "C42704"+text(t))
		state = "E"
	} else {
		s.hidden('C', "SET\x00")
	}
	s.async(t)
	s.hidden('Z', state)
	s.async(t)
	switch where {
	case "set":
		s.hidden('E', "C25P02"+text(t)) // aborted already: not news
	case "rows":
		s.both('T', text(t))
		s.rows(t)
		s.both('E', "C22012"+text(t))
		state = "E"
	default:
		for range rapid.IntRange(1, 2).Draw(t, "statements") {
			s.both('T', text(t))
			s.rows(t)
			s.both('C', "SELECT 5\x00")
		}
	}
	if !commit {
		s.both('Z', state)
		return s
	}
	s.hidden('Z', state)
	s.async(t)
	if where == "commit" {
		s.both('E', "C23503"+text(t))
	} else {
		s.hidden('C', "COMMIT\x00")
	}
	s.both('Z', "I")
	return s
}

// TestFilterHidesTheFrame cuts conversations at random places, on both sides of the filter.
func TestFilterHidesTheFrame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]int{1, 2, 3, 5, 6, 7, 64, wireBuffer, 1 << 20})
		srv := &server{pieces: func() int { return piece.Draw(t, "piece") }}
		w := newWire(srv, srv, false)
		w.names.ends = rapid.Bool().Draw(t, "named")
		for range rapid.IntRange(1, 3).Draw(t, "statements") {
			commit := rapid.Bool().Draw(t, "commit")
			w.arm(scopeOf{begin: "BEGIN", tenant: 7, commit: commit})
			var s script
			if rapid.Bool().Draw(t, "simple") {
				s = simple(t, commit)
				write(t, w, appendQuery(nil, "SELECT 1"))
			} else {
				s = series(t, commit)
				write(t, w, append(appendRun(nil, "4"), syncMessage[:]...))
			}
			srv.answers, srv.undo = s.says, s.undo
			got := readN(t, w, len(s.sees), piece)
			if d := cmp.Diff(string(s.sees), string(got)); d != "" {
				t.Fatalf("lib/pq must see\n%q\nand saw\n%q", s.sees, got)
			}
			if !w.settled() || len(srv.answers) > 0 || w.r != w.w {
				t.Fatalf("something is left over: settled %t, %d bytes unread, %d unjudged", w.settled(), len(srv.answers), w.w-w.r)
			}
		}
	})
}

func write(t *rapid.T, w *wire, p []byte) {
	if n, err := w.Write(p); n != len(p) || err != nil {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(p), err)
	}
}

func readN(t *rapid.T, w *wire, n int, piece *rapid.Generator[int]) []byte {
	var got []byte
	for len(got) < n {
		p := make([]byte, piece.Draw(t, "reader"))
		k, err := w.Read(p)
		if err != nil {
			t.Fatalf("after %d of %d bytes: %v", len(got), n, err)
		}
		got = append(got, p[:k]...)
	}
	return got
}

// FuzzFilter feeds arbitrary bytes: whatever a server says, the filter neither hangs nor panics nor
// reads past its buffer.
func FuzzFilter(f *testing.F) {
	f.Add([]byte("2\x00\x00\x00\x04C\x00\x00\x00\x04Z\x00\x00\x00\x05I"), true, uint8(3))
	f.Add([]byte("E\xff\xff\xff\xffZ\x00\x00\x00\x05E"), false, uint8(1))
	f.Fuzz(func(t *testing.T, answers []byte, isSeries bool, piece uint8) {
		srv := &server{answers: answers, pieces: func() int { return int(piece) + 1 }}
		w := newWire(srv, srv, false)
		w.arm(scopeOf{begin: "BEGIN", tenant: 7, commit: true})
		p := appendQuery(nil, "SELECT 1")
		if isSeries {
			p = append(appendRun(nil, "4"), syncMessage[:]...)
		}
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(w)
		if len(got) > len(answers) || err != nil && !errors.Is(err, errProtocol) {
			t.Errorf("%d bytes out of %d, %v", len(got), len(answers), err)
		}
	})
}

// TestFrameOnTheWire spells the bytes out once.
func TestFrameOnTheWire(t *testing.T) {
	t.Parallel()
	bind := func(name string) string {
		return "B\x00\x00\x00" + string(rune(12+len(name))) + "\x00" + name + "\x00\x00\x00\x00\x00\x00\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00"
	}
	const set = "P\x00\x00\x00\x25\x00SET LOCAL app.tenant_id = '7'\x00\x00\x00"
	const sync = "S\x00\x00\x00\x04"
	for name, c := range map[string]struct {
		named bool
		scope scopeOf
		sent  string
		want  string
	}{
		"not armed":        {true, scopeOf{}, "anything", "anything"},
		"prepared":         {true, scopeOf{"BEGIN", 7, true}, bind("4") + sync, bind(nameBegin) + set + bind("") + bind("4") + bind(nameCommit) + sync},
		"without names":    {false, scopeOf{"BEGIN", 7, true}, bind("4") + sync, "P\x00\x00\x00\x0d\x00BEGIN\x00\x00\x00" + bind("") + set + bind("") + bind("4") + "P\x00\x00\x00\x0e\x00COMMIT\x00\x00\x00" + bind("") + sync},
		"first of several": {true, scopeOf{"BEGIN READ ONLY", 7, false}, bind("4") + sync, "P\x00\x00\x00\x17\x00BEGIN READ ONLY\x00\x00\x00" + bind("") + set + bind("") + bind("4") + sync},
		"simple":           {true, scopeOf{"BEGIN", 7, true}, "Q\x00\x00\x00\x06x\x00", "Q\x00\x00\x00\x29BEGIN; SET LOCAL app.tenant_id = '7'\x00Q\x00\x00\x00\x06x\x00Q\x00\x00\x00\x0bCOMMIT\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := &server{}
			w := newWire(srv, srv, false)
			w.names.ends = c.named
			if c.scope.begin != "" {
				w.arm(c.scope)
			}
			if _, err := w.Write([]byte(c.sent)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, srv.wrote.String()); d != "" || srv.writes != 1 {
				t.Errorf("%d writes\n%s", srv.writes, d)
			}
		})
	}
}

// TestNothingUnscopedIsSent: what cannot be wrapped is not sent either.
func TestNothingUnscopedIsSent(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"other message":  "F\x00\x00\x00\x04",
		"without a sync": string(appendRun(nil, "4")),
		"short":          "B",
		"empty":          "",
	} {
		srv := &server{}
		w := newWire(srv, srv, false)
		w.arm(scopeOf{begin: "BEGIN", tenant: 7, commit: true})
		if _, err := w.Write([]byte(sent)); !errors.Is(err, errProtocol) || srv.writes != 0 || w.settled() {
			t.Errorf("%s: %v, %d writes", name, err, srv.writes)
		}
	}
}
