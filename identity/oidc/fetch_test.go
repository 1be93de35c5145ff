package oidc_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heyue/identity/oidc"
)

func TestProvidersAreOnTheInternet(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.216.34:443": true, "[2606:4700::1111]:443": true,
		"127.0.0.1:443": false, "10.1.2.3:443": false, "172.16.0.1:443": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "0.0.0.0:443": false,
		"100.64.0.1:443": false, "224.0.0.1:443": false, "255.255.255.255:443": false, "198.18.0.1:443": false, "[::1]:443": false, "[::]:443": false, "[fe80::1]:443": false,
		"[fd00::1]:443": false, "[::ffff:10.0.0.1]:443": false, "[::ffff:127.0.0.1]:443": false, "[64:ff9b::a00:1]:443": false, "[2002:a00:1::]:443": false, "[ff02::1]:443": false,
		"nowhere": false,
	} {
		if err := oidc.Public(address, false); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if oidc.Public("127.0.0.1:80", true) != nil || oidc.Public("10.0.0.1:80", true) == nil {
		t.Error("for tests this machine is let in, and nothing else")
	}
}

func TestProvidersAreAskedWithCare(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/redirect", http.RedirectHandler("/good", http.StatusFound))
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("good")) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 2<<20)) })
	hang := make(chan struct{})
	mux.HandleFunc("/slow", func(http.ResponseWriter, *http.Request) { <-hang })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	get := func(c *http.Client, path string) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := c.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	near, quick := oidc.Client(time.Minute, true), oidc.Client(10*time.Millisecond, true)
	t.Cleanup(near.CloseIdleConnections)
	t.Cleanup(quick.CloseIdleConnections)
	if err := get(near, "/good"); err != nil {
		t.Error("what is good: ", err)
	}
	for path, c := range map[string]*http.Client{"/redirect": near, "/long": near, "/slow": quick, "/good": oidc.Client(time.Minute, false)} {
		if get(c, path) == nil {
			t.Errorf("%s is let pass", path)
		}
	}
}
