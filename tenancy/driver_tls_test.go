package tenancy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"heyue/platform/pgtest"
	"heyue/tenancy"
)

// front is a server that speaks TLS as PostgreSQL does and passes the clear text on to a real one.
type front struct {
	port    string
	root    string // file with its certificate, which it signed itself for the name db.test
	key     string // file with the certificate's key
	cfg     pq.Config
	clients atomic.Int64 // client certificates seen
}

func newFront(t *testing.T, db *pgtest.DB, plain bool) *front {
	t.Helper()
	cfg, err := pq.NewConfig(db.AppDSN)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{cfg: cfg}
	pair := f.certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, f.port, _ = net.SplitHostPort(l.Addr().String())
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
	if plain {
		conf = nil
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(c, conf)
		}
	}()
	return f
}

func (f *front) certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "db.test"}, DNSNames: []string{"db.test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	f.root, f.key = filepath.Join(t.TempDir(), "root.crt"), filepath.Join(t.TempDir(), "root.key")
	for name, block := range map[string]*pem.Block{f.root: {Type: "CERTIFICATE", Bytes: der}, f.key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve answers the request for TLS and then copies in both directions; conf nil has no TLS.
func (f *front) serve(c net.Conn, conf *tls.Config) {
	defer func() { _ = c.Close() }()
	if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
		return
	}
	clear := c
	if conf == nil {
		_, _ = c.Write([]byte("N"))
	} else {
		_, _ = c.Write([]byte("S"))
		tc := tls.Server(c, conf)
		if tc.Handshake() != nil {
			return
		}
		f.clients.Add(int64(len(tc.ConnectionState().PeerCertificates)))
		clear = tc
	}
	network, address := "tcp", net.JoinHostPort(f.cfg.Host, fmt.Sprint(f.cfg.Port))
	if strings.HasPrefix(f.cfg.Host, "/") {
		network, address = "unix", filepath.Join(f.cfg.Host, fmt.Sprintf(".s.PGSQL.%d", f.cfg.Port))
	}
	pg, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer func() { _ = pg.Close() }()
	go func() {
		_, _ = io.Copy(pg, clear)
		_ = pg.Close()
	}()
	_, _ = io.Copy(clear, pg)
}

// dsn reaches the front under the settings given; a later one wins.
func (f *front) dsn(settings string) string {
	return fmt.Sprintf("host=db.test hostaddr=127.0.0.1 port=%s user=%s password='%s' dbname=%s %s",
		f.port, f.cfg.User, f.cfg.Password, f.cfg.Database, settings)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	pg := database(t)
	f, other, plain := newFront(t, pg, false), newFront(t, pg, false), newFront(t, pg, true)
	for name, c := range map[string]struct {
		dsn  string
		want string // part of the error; empty: it works
	}{
		"require":                         {f.dsn("sslmode=require"), ""},
		"default is require":              {f.dsn(""), ""},
		"prefer":                          {f.dsn("sslmode=prefer"), ""},
		"verify-ca, another name":         {f.dsn("sslmode=verify-ca host=elsewhere.test sslrootcert=" + f.root), ""},
		"verify-full":                     {f.dsn("sslmode=verify-full sslrootcert=" + f.root), ""},
		"TLS 1.2":                         {f.dsn("sslmode=verify-full ssl_max_protocol_version=TLSv1.2 sslrootcert=" + f.root), ""},
		"client certificate":              {f.dsn("sslmode=require sslcert=" + f.root + " sslkey=" + f.key), ""},
		"verify-full, another name":       {f.dsn("sslmode=verify-full host=elsewhere.test sslrootcert=" + f.root), "elsewhere.test"},
		"verify-full, another root":       {f.dsn("sslmode=verify-full sslrootcert=" + other.root), "unknown authority"},
		"verify-ca, another root":         {f.dsn("sslmode=verify-ca sslrootcert=" + other.root), "unknown authority"},
		"require with another root":       {f.dsn("sslmode=require sslrootcert=" + other.root), "unknown authority"},
		"verify-full by the system":       {f.dsn("sslmode=verify-full sslrootcert=system"), "certificate"},
		"require, server without":         {plain.dsn("sslmode=require"), "SSL is not enabled"},
		"verify-full, server without":     {plain.dsn("sslmode=verify-full sslrootcert=" + f.root), "SSL is not enabled"},
		"prefer, server without TLS":      {plain.dsn("sslmode=prefer"), ""},
		"TLS asked for in the URL's form": {"postgres://" + f.cfg.User + ":" + f.cfg.Password + "@127.0.0.1:" + f.port + "/" + f.cfg.Database + "?sslmode=require", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := tenancy.Defaults(c.dsn)
			o.MaxConns = 1
			db, err := tenancy.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			var n int
			for range 3 {
				err = errors.Join(err, db.QueryRowContext(as(t, 1), "SELECT count(*) FROM item WHERE id > $1", 0).Scan(&n))
			}
			switch {
			case c.want == "" && (err != nil || n != 50):
				t.Errorf("%d rows, %v", n, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want an error about %q", err, c.want)
			}
		})
	}
	t.Cleanup(func() {
		if f.clients.Load() == 0 {
			t.Error("the client certificate was not shown")
		}
	})
}

// TestCancelOverTLS: the cancel request takes a connection of its own, which needs TLS as well.
func TestCancelOverTLS(t *testing.T) {
	t.Parallel()
	pg := database(t)
	f := newFront(t, pg, false)
	db, err := tenancy.Open(tenancy.Defaults(f.dsn("sslmode=verify-full sslrootcert=" + f.root)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ctx, cancel := context.WithCancel(as(t, 1))
	done := make(chan error)
	go func() { done <- second(db.ExecContext(ctx, "SELECT pg_sleep($1::int)", 1000)) }()
	super := pgtest.Open(t, pg.SuperDSN)
	until(t, super, asleep, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	until(t, super, asleep, 0)
}
