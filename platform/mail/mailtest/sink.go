// Package mailtest is a mail server for tests: it takes what it is sent over real SMTP on the loopback, keeps it, and
// answers badly where a test asks for that.
package mailtest

import (
	"bufio"
	"context"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
)

// Mail is one message as it arrived.
type Mail struct {
	To      string // the envelope's recipient
	Subject string // decoded
	ID      string // Message-ID
	Text    string // decoded
	HTML    string // decoded
	Raw     string
}

// Sink is the server.
type Sink struct {
	URL string // for mail.NewSMTP

	mu      sync.Mutex
	mails   []Mail
	replies []string
	arrived chan struct{}
}

// New starts a Sink that ends with the test.
func New(t testing.TB) *Sink {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal("listen: ", err)
	}
	s := &Sink{URL: "smtp+plain://" + l.Addr().String(), arrived: make(chan struct{}, 1000)}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { _ = c.Close() }) // a client that forgot to hang up must not hold the test
			conns.Go(func() { s.serve(t, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // nobody listens to a test that is over
		conns.Wait()
	})
	return s
}

// Answer makes the next messages be answered with these replies instead of being taken, such as "451 later".
func (s *Sink) Answer(replies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies = append(s.replies, replies...)
}

// Mails are the messages taken so far.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Arrived gets something for each message that was taken.
func (s *Sink) Arrived() <-chan struct{} { return s.arrived }

func (s *Sink) serve(t testing.TB, c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprint(c, line+"\r\n") } // a client that has gone needs no answer
	say("220 sink")
	to := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-sink")
			say("250 8BITMIME")
		case strings.HasPrefix(verb, "RCPT"):
			to = strings.Trim(strings.TrimSpace(line[len("RCPT TO:"):]), "<>")
			say("250 fine")
		case verb == "DATA":
			say("354 go on")
			raw, err := body(in)
			if err != nil {
				return
			}
			say(s.take(t, to, raw))
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

func body(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String(), err
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *Sink) take(t testing.TB, to, raw string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies) > 0 {
		reply := s.replies[0]
		s.replies = s.replies[1:]
		return reply
	}
	m, err := parse(raw)
	if err != nil {
		t.Errorf("a mail that cannot be read: %v\n%s", err, raw)
	}
	m.To, m.Raw = to, raw
	s.mails = append(s.mails, m)
	s.arrived <- struct{}{}
	return "250 taken"
}

func parse(raw string) (m Mail, err error) {
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return m, err
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, err
	}
	m.ID = msg.Header.Get("Message-ID")
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for range 2 {
		p, err := parts.NextRawPart()
		if err != nil {
			return m, err
		}
		var b strings.Builder
		if _, err := bufio.NewReader(quotedprintable.NewReader(p)).WriteTo(&b); err != nil {
			return m, err
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			m.HTML = b.String()
		} else {
			m.Text = b.String()
		}
	}
	return m, nil
}
