// Package mail hands messages to whoever delivers them: a mail server, or a folder on a developer's machine. It knows
// nothing of tenants, templates or queues.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Message is one mail to one person, in two forms that say the same.
type Message struct {
	ID      string // tells the mails of the product apart; the same one again is the same mail
	To      string // an address
	Name    string // of the person; may be empty
	Subject string
	Text    string
	HTML    string
	At      time.Time
}

// Sender delivers a message, or hands it on to whoever does. An error that Permanent knows will not get better.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// permanent is an error that trying again does not mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent reports whether sending the same message again is of no use.
func Permanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}

// SMTP sends through a mail server.
type SMTP struct {
	client  *gomail.Client
	from    string
	domain  string
	timeout time.Duration
}

// Ports of the schemes, by RFC 8314 and RFC 6409.
const (
	portTLS    = 465
	portSubmit = 587
	portPlain  = 25
)

// NewSMTP returns a sender through the server at address, as package config checks it, in the name of from. One message
// takes at most timeout.
func NewSMTP(address, from string, timeout time.Duration) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("mail: the server's address is no URL") // it may hold a password
	}
	who, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: who mails come from: %w", err)
	}
	options := []gomail.Option{gomail.WithTimeout(timeout)}
	port, dial := portSubmit, (&net.Dialer{}).DialContext
	switch u.Scheme {
	case "smtps":
		port, options = portTLS, append(options, gomail.WithSSL())
		dial = (&tls.Dialer{Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}).DialContext
	case "smtp+plain":
		port, options = portPlain, append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, errors.New("mail: the server's port is no number")
		}
	}
	options = append(options, gomail.WithPort(port), gomail.WithDialContextFunc(holding(dial)))
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &SMTP{client: client, from: from, domain: domain(who.Address), timeout: timeout}, nil
}

// held is the connection of one Send. The client has its own way to hang up, but forgets to when the server offers no
// encryption; whoever sends therefore closes what was opened.
type held struct{ conn net.Conn }

type heldKey struct{}

func holding(dial gomail.DialContextFunc) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if h, ok := ctx.Value(heldKey{}).(*held); ok && err == nil {
			h.conn = c
		}
		return c, err
	}
}

func (h *held) close() {
	if h.conn != nil {
		_ = h.conn.Close() // it may be closed already
	}
}

// Send implements Sender. What the server says for good (a reply of 5xx) is Permanent.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := compose(m, s.from, s.domain)
	if err != nil {
		return permanent{err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var h held
	defer h.close()
	err = s.client.DialAndSendWithContext(context.WithValue(ctx, heldKey{}, &h), msg)
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 && !refused.IsTemp() {
		return permanent{err}
	}
	return err
}

func compose(m Message, from, domain string) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	if err := msg.From(from); err != nil {
		return nil, err
	}
	if err := msg.AddToFormat(m.Name, m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: keeps absence notices away
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

func domain(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return "localhost"
}

// Folder writes each message as a file ID.eml into a folder, for a developer's machine: whoever reads the folder can use
// what the mails are for.
type Folder struct {
	dir, from string
}

// NewFolder makes dir where it is missing, closed to others.
func NewFolder(dir, from string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: make the folder of mails: %w", err)
	}
	return &Folder{dir, from}, nil
}

// Send implements Sender. The file is there whole or not at all.
func (f *Folder) Send(_ context.Context, m Message) error {
	msg, err := compose(m, f.from, "localhost")
	if err != nil {
		return permanent{err}
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return permanent{err}
	}
	path := filepath.Join(f.dir, m.ID+".eml")
	if err := os.WriteFile(path+".part", b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// Reply is the code of the mail server's answer that an error came from (RFC 5321 section 4.2); 0 for none.
func Reply(err error) int {
	var refused *gomail.SendError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	return 0
}
