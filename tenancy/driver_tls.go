package tenancy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/lib/pq"

	"heyue/platform/fault"
)

// secure lays TLS over a connection the way libpq's sslmode asks for. lib/pq has its own code for this, but
// it would sit above our filter, which has to read clear text.
type secure struct {
	conf     *tls.Config
	optional bool              // sslmode=prefer: go on in clear text when the server has no TLS
	names    map[string]string // dialled address → host name of the DSN, for hosts given with hostaddr
}

func newSecure(cfg pq.Config) (*secure, error) {
	s := &secure{conf: &tls.Config{MinVersion: tls.VersionTLS12}, names: hostNames(cfg)}
	roots, err := rootCAs(cfg)
	if err != nil {
		return nil, badTLS("sslrootcert", err)
	}
	s.conf.RootCAs = roots
	switch mode := cfg.SSLMode; mode {
	case pq.SSLModeDisable:
		return nil, nil
	case pq.SSLModePrefer, pq.SSLModeRequire, "":
		s.optional = mode == pq.SSLModePrefer
		s.conf.InsecureSkipVerify = true
		if roots != nil { // as libpq does: a root certificate turns require into verify-ca
			s.conf.VerifyConnection = s.verifyChain
		}
	case pq.SSLModeVerifyCA:
		s.conf.InsecureSkipVerify = true // the name; the chain is checked below
		s.conf.VerifyConnection = s.verifyChain
	case pq.SSLModeVerifyFull:
	default:
		return nil, badTLS("sslmode", fmt.Errorf("%q is not supported: use disable, prefer, require, verify-ca or verify-full", mode))
	}
	if cfg.SSLNegotiation == pq.SSLNegotiationDirect {
		return nil, badTLS("sslnegotiation", errors.New("direct is not supported: use postgres"))
	}
	return s, errors.Join(s.versions(cfg), s.clientCert(cfg))
}

func badTLS(setting string, err error) error {
	return &fault.Fault{Kind: fault.Invalid, Code: fault.Malformed, Message: setting + " in dsn is not usable", Field: []string{"dsn"}, Cause: err}
}

// upgrade asks the server for TLS and shakes hands; ctx bounds both.
func (s *secure) upgrade(ctx context.Context, sock net.Conn, address string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = sock.Close() })
	defer stop()
	if _, err := sock.Write([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}); err != nil { // SSLRequest
		return nil, err
	}
	// Exactly one byte: anything that came with it in clear text would be an injection (CVE-2021-23222).
	var answer [1]byte
	if _, err := io.ReadFull(sock, answer[:]); err != nil {
		return nil, err
	}
	switch {
	case answer[0] == 'S':
	case answer[0] == 'N' && s.optional:
		return sock, nil
	default:
		return nil, pq.ErrSSLNotSupported
	}
	conf := s.conf.Clone()
	conf.ServerName = s.names[address]
	client := tls.Client(sock, conf)
	return client, client.HandshakeContext(ctx)
}

// verifyChain checks who signed the certificate, not which host it names.
func (s *secure) verifyChain(cs tls.ConnectionState) error {
	opts := x509.VerifyOptions{Roots: s.conf.RootCAs, Intermediates: x509.NewCertPool()}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := cs.PeerCertificates[0].Verify(opts)
	return err
}

func (s *secure) versions(cfg pq.Config) error {
	known := map[pq.SSLProtocolVersion]uint16{pq.SSLProtocolVersionTLS12: tls.VersionTLS12, pq.SSLProtocolVersionTLS13: tls.VersionTLS13}
	set := func(name string, v pq.SSLProtocolVersion, to *uint16) error {
		if v == "" {
			return nil
		}
		n, ok := known[v]
		if !ok {
			return badTLS(name, fmt.Errorf("%q is not supported: use TLSv1.2 or TLSv1.3", v))
		}
		*to = n
		return nil
	}
	return errors.Join(set("ssl_min_protocol_version", cfg.SSLMinProtocolVersion, &s.conf.MinVersion),
		set("ssl_max_protocol_version", cfg.SSLMaxProtocolVersion, &s.conf.MaxVersion))
}

func (s *secure) clientCert(cfg pq.Config) error {
	if cfg.SSLCert == "" && cfg.SSLKey == "" {
		return nil
	}
	cert, err := readPEM(cfg, cfg.SSLCert)
	if err != nil {
		return badTLS("sslcert", err)
	}
	key, err := readPEM(cfg, cfg.SSLKey)
	if err != nil {
		return badTLS("sslkey", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return badTLS("sslcert", err)
	}
	s.conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return nil
}

func rootCAs(cfg pq.Config) (*x509.CertPool, error) {
	if cfg.SSLRootCert == "" || cfg.SSLRootCert == "system" {
		return nil, nil
	}
	b, err := readPEM(cfg, cfg.SSLRootCert)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New("it holds no certificate")
	}
	return pool, nil
}

func readPEM(cfg pq.Config, s string) ([]byte, error) {
	if cfg.SSLInline {
		return []byte(s), nil
	}
	return os.ReadFile(s)
}

func hostNames(cfg pq.Config) map[string]string {
	names := map[string]string{}
	add := func(h pq.ConfigMultihost) {
		dial := h.Host
		if h.Hostaddr.IsValid() {
			dial = h.Hostaddr.String()
		}
		names[net.JoinHostPort(dial, strconv.Itoa(int(h.Port)))] = h.Host
	}
	add(pq.ConfigMultihost{Host: cfg.Host, Hostaddr: cfg.Hostaddr, Port: cfg.Port})
	for _, h := range cfg.Multi {
		add(h)
	}
	return names
}
