package clientip_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"heyue/platform/clientip"
)

func TestOf(t *testing.T) {
	t.Parallel()
	proxies := clientip.Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":                      {peer: "203.0.113.7:5000", want: "203.0.113.7"},
		"a stranger's header":           {peer: "203.0.113.7:5000", forwarded: []string{"198.51.100.1"}, want: "203.0.113.7"},
		"through our proxy":             {peer: "10.0.0.1:5000", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		"made up in front":              {peer: "10.0.0.1:5000", forwarded: []string{"1.1.1.1, 198.51.100.1"}, want: "198.51.100.1"},
		"two headers":                   {peer: "10.0.0.1:5000", forwarded: []string{"1.1.1.1", "198.51.100.1"}, want: "198.51.100.1"},
		"through two of ours":           {peer: "10.0.0.1:5000", forwarded: []string{"198.51.100.1, 10.2.3.4"}, want: "198.51.100.1"},
		"from inside":                   {peer: "10.0.0.1:5000", forwarded: []string{"10.9.9.9"}, want: "10.9.9.9"},
		"a proxy that says nothing":     {peer: "10.0.0.1:5000", want: "10.0.0.1"},
		"a proxy that says nonsense":    {peer: "10.0.0.1:5000", forwarded: []string{"198.51.100.1, unknown"}, want: "10.0.0.1"},
		"with ports":                    {peer: "[fd00::1]:5000", forwarded: []string{"198.51.100.1:4711"}, want: "198.51.100.1"},
		"IPv6 with a port":              {peer: "[fd00::1]:5000", forwarded: []string{"[2001:db8::1]:4711"}, want: "2001:db8::1"},
		"IPv4 in IPv6":                  {peer: "[::ffff:10.0.0.1]:5000", forwarded: []string{"::ffff:198.51.100.1"}, want: "198.51.100.1"},
		"a socket of the file system":   {peer: "@", want: "invalid IP"},
		"an address with a zone":        {peer: "[fe80::1%eth0]:5000", want: "fe80::1%eth0"},
		"a proxy's address with a zone": {peer: "[fd00::1%eth0]:5000", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			r.RemoteAddr = c.peer
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			var got netip.Addr
			proxies.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = clientip.From(r.Context()) })).
				ServeHTTP(httptest.NewRecorder(), r)
			if got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if clientip.From(t.Context()).IsValid() {
		t.Error("an address out of nowhere")
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "fe80::1%eth0": "fe80::",
	} {
		if got := clientip.Group(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s is of %s, want %s", in, got, want)
		}
	}
	if clientip.Group(netip.Addr{}).IsValid() {
		t.Error("a group of nobody")
	}
}
