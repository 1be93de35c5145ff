package fanout

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// crowd is the clients of one server. They are lean, since they share the processors: a goroutine and a small buffer each.
type crowd struct {
	address string
	conns   []*viewer
	got     atomic.Int64
	ended   atomic.Int64
	late    *histogram
}

// viewer is one client. A viewer that is stalled reads nothing.
type viewer struct {
	conn    net.Conn
	in      *bufio.Reader
	stalled atomic.Bool
	pong    chan struct{}
}

// connect opens n subscriptions, many at a time, and returns when they have been asked for.
func connect(b *testing.B, address string, tokens []string, n int, topic func(int) string) *crowd {
	b.Helper()
	c := &crowd{address: address, conns: make([]*viewer, n), late: &histogram{}}
	next := make(chan int)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for i := range next {
				v, err := subscribe(address, tokens[i%len(tokens)], topic(i))
				if err != nil {
					b.Errorf("client %d: %v", i, err)
					continue
				}
				c.conns[i] = v
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
	for _, v := range c.conns {
		go c.watch(v)
	}
	return c
}

func subscribe(address, token, topic string) (*viewer, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	v := &viewer{conn: conn, in: bufio.NewReaderSize(conn, 1024), pong: make(chan struct{}, 1)}
	_, err = fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", address)
	if err != nil {
		return nil, err
	}
	status, err := v.in.ReadString('\n')
	if err != nil || !strings.Contains(status, " 101 ") {
		return nil, fmt.Errorf("%s: %w", status, err)
	}
	for line := status; line != "\r\n"; {
		if line, err = v.in.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	if err := v.send(`{"type":"connection_init","payload":{"token":"` + token + `"}}`); err != nil {
		return nil, err
	}
	for {
		data, err := v.read(nil)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(data, []byte("connection_ack")) {
			break
		}
	}
	// Ids are as graphql-ws makes them: no two are alike.
	return v, v.send(`{"type":"subscribe","id":"` + uuid.NewString() + `","payload":{"query":"subscription News($topic: String) { messages(after: $topic) { cursor text } }","variables":{"topic":"` + topic + `"}}}`)
}

// send writes one text frame under a mask of zeros.
func (v *viewer) send(text string) error {
	head := []byte{0x81, 0x80}
	if n := len(text); n < 126 {
		head[1] |= byte(n)
	} else {
		head[1] |= 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	}
	_, err := v.conn.Write(append(append(head, 0, 0, 0, 0), text...))
	return err
}

// read returns the payload of the next frame, put into the buffer given when it fits.
func (v *viewer) read(into []byte) ([]byte, error) {
	var head [10]byte
	if _, err := io.ReadFull(v.in, head[:2]); err != nil {
		return nil, err
	}
	n := int(head[1] & 0x7F)
	switch n {
	case 126:
		if _, err := io.ReadFull(v.in, head[2:4]); err != nil {
			return nil, err
		}
		n = int(binary.BigEndian.Uint16(head[2:]))
	case 127:
		if _, err := io.ReadFull(v.in, head[2:10]); err != nil {
			return nil, err
		}
		n = int(binary.BigEndian.Uint64(head[2:]))
	}
	if n > cap(into) {
		into = make([]byte, n)
	}
	_, err := io.ReadFull(v.in, into[:n])
	return into[:n], err
}

// watch counts what comes and how late it is.
func (c *crowd) watch(v *viewer) {
	defer c.ended.Add(1)
	buffer := make([]byte, 512)
	for {
		if v.stalled.Load() {
			time.Sleep(20 * time.Millisecond) // it does not read, that is all
			continue
		}
		data, err := v.read(buffer)
		if err != nil {
			return
		}
		if from := bytes.IndexByte(data, '@'); from >= 0 {
			sent, _ := strconv.ParseInt(string(data[from+1:from+20]), 10, 64)
			c.late.add(time.Duration(time.Now().UnixNano() - sent))
			c.got.Add(1)
		} else if bytes.Contains(data, []byte(`"pong"`)) {
			v.pong <- struct{}{}
		}
	}
}

func (c *crowd) close() {
	for _, v := range c.conns {
		_ = v.conn.Close()
	}
}

// histogram keeps times to about four in a hundred.
type histogram struct{ slots [512]atomic.Int64 }

const step = 0.04

func (h *histogram) add(d time.Duration) {
	slot := int(math.Log(float64(max(d, 1))/1000) / step)
	h.slots[min(max(slot, 0), len(h.slots)-1)].Add(1)
}

// at is the time that a share of all did not exceed.
func (h *histogram) at(share float64) time.Duration {
	total := int64(0)
	for i := range h.slots {
		total += h.slots[i].Load()
	}
	seen, want := int64(0), int64(math.Ceil(float64(total)*share))
	for i := range h.slots {
		if seen += h.slots[i].Load(); seen >= want {
			return time.Duration(1000 * math.Exp(float64(i+1)*step))
		}
	}
	return 0
}

func (h *histogram) reset() {
	for i := range h.slots {
		h.slots[i].Store(0)
	}
}
