package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"heyue/graph/transport/wire"
)

// masked makes a client's frame.
func masked(kind wire.Kind, final bool, data []byte) []byte {
	out := []byte{byte(kind), 0x80}
	if final {
		out[0] |= 0x80
	}
	switch n := len(data); {
	case n < 126:
		out[1] |= byte(n)
	case n < 1<<16:
		out[1] |= 126
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	default:
		out[1] |= 127
		out = binary.BigEndian.AppendUint64(out, uint64(n))
	}
	mask := []byte{0xA5, 0x01, 0xFF, 0x3C}
	out = append(out, mask...)
	for i, b := range data {
		out = append(out, b^mask[i%4])
	}
	return out
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestWhatPeersMayNotSend holds the code for each.
func TestWhatPeersMayNotSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sent []byte
		code int
	}{
		"a reserved bit":              {[]byte{0xC1, 0x80, 0, 0, 0, 0}, 1002},
		"an unknown kind":             {[]byte{0x83, 0x80, 0, 0, 0, 0}, 1002},
		"an unknown control frame":    {[]byte{0x8B, 0x80, 0, 0, 0, 0}, 1002},
		"no mask":                     {[]byte{0x81, 0x01, 'x'}, 1002},
		"a ping in parts":             {masked(wire.Ping, false, nil), 1002},
		"a long ping":                 {masked(wire.Ping, true, make([]byte, 126)), 1002},
		"a continuation of nothing":   {masked(wire.Continuation, true, nil), 1002},
		"a message within a message":  {join(masked(wire.Text, false, nil), masked(wire.Text, true, nil)), 1002},
		"a length too long by two":    {[]byte{0x81, 0xFE, 0, 125, 0, 0, 0, 0}, 1002},
		"a length too long by eight":  {[]byte{0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0}, 1002},
		"a length below zero":         {[]byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 1002},
		"more than may be":            {masked(wire.Text, true, make([]byte, 1001)), 1009},
		"more than may be in parts":   {join(masked(wire.Text, false, make([]byte, 600)), masked(wire.Continuation, true, make([]byte, 401))), 1009},
		"a claim of 2^62 bytes":       {[]byte{0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1009},
		"many parts of nothing, more": {join(masked(wire.Text, false, make([]byte, 1000)), masked(wire.Continuation, false, nil), masked(wire.Continuation, false, []byte("x"))), 1009},
	} {
		_, err := wire.NewReader(bytes.NewReader(c.sent), 1000, nil).Next()
		var bad *wire.Error
		if !errors.As(err, &bad) || bad.Code != c.code {
			t.Errorf("%s: got %v, want %d", name, err, c.code)
		}
	}
}

// TestAClaimCostsNothing: what a frame says of its length is not set aside before it comes.
func TestAClaimCostsNothing(t *testing.T) {
	t.Parallel()
	claim := []byte{0x81, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 'x'} // a gigabyte
	before := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := wire.NewReader(bytes.NewReader(claim), 1<<40, nil).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
				b.Fatal(err)
			}
		}
	})
	if got := before.AllocedBytesPerOp(); got > 16<<10 {
		t.Errorf("%d bytes were set aside", got)
	}
}

func TestCloseCodes(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]int{
		"": wire.NoCode, "\x03\xe8": 1000, "\x03\xe8bye": 1000, "\x0f\xa0": 4000, "\x13\x87": 4999, "\x03\xf6": 1014,
		"\x03": 0, "\x00\x00": 0, "\x03\xec": 0, "\x03\xed": 0, "\x03\xee": 0, "\x03\xf7": 0, "\x07\xd0": 0, "\x13\x88": 0, "\x03\xe8\xff": 0,
	} {
		got, err := wire.CloseCode([]byte(data))
		if (want == 0) != (err != nil) || err == nil && got != want {
			t.Errorf("%x: got %d, %v", data, got, err)
		}
	}
	long := wire.CloseFrame(4409, strings.Repeat("约", 100))
	if len(long) > 127 || !strings.HasSuffix(string(long), "约") {
		t.Errorf("a long reason became %q", long)
	}
	if got := wire.CloseFrame(wire.NoCode, "x"); len(got) != 2 {
		t.Errorf("no code became %x", got)
	}
}

// TestMessagesArriveAsTheyWereSent cuts messages into frames, puts control frames between, and the bytes into pieces.
func TestMessagesArriveAsTheyWereSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var sent []byte
		var want []wire.Message
		for range rapid.IntRange(1, 5).Draw(t, "messages") {
			kind := rapid.SampledFrom([]wire.Kind{wire.Text, wire.Binary}).Draw(t, "kind")
			whole := []byte{}
			parts := rapid.IntRange(1, 4).Draw(t, "parts")
			for i := range parts {
				part := bytes.Repeat([]byte{byte(rapid.IntRange(0, 255).Draw(t, "byte"))}, rapid.SampledFrom([]int{0, 1, 3, 57, 58, 59, 125, 126, 127, 5000, 1<<16 - 1, 1 << 16}).Draw(t, "size"))
				if i > 0 && rapid.Bool().Draw(t, "control") {
					ping := rapid.SliceOfN(rapid.Byte(), 0, 125).Draw(t, "ping")
					sent = append(sent, masked(wire.Ping, true, ping)...)
					want = append(want, wire.Message{Kind: wire.Ping, Data: ping})
				}
				as := wire.Continuation
				if i == 0 {
					as = kind
				}
				sent = append(sent, masked(as, i == parts-1, part)...)
				whole = append(whole, part...)
			}
			want = append(want, wire.Message{Kind: kind, Data: whole})
		}
		held := rapid.IntRange(0, len(sent)).Draw(t, "held")
		var from io.Reader = bytes.NewReader(sent[held:])
		if rapid.Bool().Draw(t, "slow") {
			from = iotest.HalfReader(from)
		}
		r := wire.NewReader(from, 1<<20, sent[:held])
		for _, w := range want {
			got, err := r.Next()
			if err != nil || got.Kind != w.Kind || !bytes.Equal(got.Data, w.Data) {
				t.Fatalf("got %d of %d bytes, %v; want %d of %d", got.Kind, len(got.Data), err, w.Kind, len(w.Data))
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the end: %v", err)
		}
	})
}

// FuzzReader holds that no bytes make the reader panic, return more than it may, or go on after an error that is the peer's.
func FuzzReader(f *testing.F) {
	f.Add(masked(wire.Text, true, []byte(`{"type":"ping"}`)), uint8(0))
	f.Add(join(masked(wire.Text, false, []byte("a")), masked(wire.Ping, true, nil), masked(wire.Continuation, true, []byte("b"))), uint8(3))
	f.Add(join(masked(wire.Close, true, []byte("\x03\xe8bye")), []byte{0x81, 0xFE, 0, 1}), uint8(7))
	f.Fuzz(func(t *testing.T, sent []byte, held uint8) {
		const most = 4096
		n := min(int(held), len(sent))
		whole := wire.NewReader(bytes.NewReader(sent), most, nil)
		pieces := wire.NewReader(iotest.OneByteReader(bytes.NewReader(sent[n:])), most, sent[:n])
		for range len(sent) + 1 {
			a, failed := whole.Next()
			b, alike := pieces.Next()
			if (failed == nil) != (alike == nil) || failed != nil && failed.Error() != alike.Error() {
				t.Fatalf("%v in one piece, %v in many", failed, alike)
			}
			if failed != nil {
				return
			}
			if a.Kind != b.Kind || !bytes.Equal(a.Data, b.Data) || len(a.Data) > most {
				t.Fatalf("%d %x in one piece, %d %x in many", a.Kind, a.Data, b.Kind, b.Data)
			}
			if a.Kind == wire.Close {
				if code, err := wire.CloseCode(a.Data); err == nil && (code < 1000 || code > 4999) {
					t.Fatalf("close code %d", code)
				}
			}
		}
		t.Fatal("more messages than bytes")
	})
}
