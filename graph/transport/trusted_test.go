package transport_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/graph/transport"
	"heyue/graph/transport/probe"
)

func idOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

const (
	greeting  = "query Greeting { hello viewer }"
	countdown = "subscription Countdown($n: Int!) { countTo(n: $n) }"
)

// TestTrustedDocuments: in each mode, who may send what, by id and as text, on every transport.
func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	byHash := `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + idOf(greeting) + `"}}}`
	byID := `{"documentId":"sha256:` + idOf(greeting) + `","extensions":null}`
	events := `{"documentId":"` + idOf(countdown) + `","variables":{"n":1}}`
	known, other := `{"query":"`+greeting+`"}`, `{"query":"{ hello }"}`
	const notFound, notSupported, notTrusted = "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED", "DOCUMENT_NOT_TRUSTED"
	for mode, cases := range map[transport.TrustedMode][]struct{ token, body, code string }{
		transport.TrustedOff:   {{"ann", byHash, notSupported}, {"ann", byID, notSupported}, {"ann", events, notSupported}, {"ann", known, ""}, {"ann", other, ""}},
		"":                     {{"ann", byHash, ""}, {"ann", byID, ""}, {"ann", events, ""}, {"ann", other, ""}},
		transport.TrustedAllow: {{"ann", byHash, ""}, {"ann", byID, ""}, {"ann", events, ""}, {"ann", known, ""}, {"ann", other, ""}, {"ann", `{"documentId":"no"}`, notFound}},
		transport.TrustedOnly: {{"ann", byHash, ""}, {"ann", byID, ""}, {"ann", events, ""}, {"ann", known, ""}, {"ann", other, notTrusted}, {"partner", other, ""},
			{"ann", `{"query":"{ hello }","documentId":"` + idOf(greeting) + `"}`, notTrusted}, {"ann", `{"documentId":"no"}`, notFound}, {"partner", `{"documentId":"no"}`, notFound}},
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			e := start(t, nil, transport.Options{Trusted: transport.TrustedDocuments{
				Mode: mode, Known: map[string]string{idOf(greeting): greeting, idOf(countdown): countdown},
				AnyDocument: func(ctx context.Context) bool { return *caller(ctx) == "partner" },
			}})
			for _, c := range cases {
				e.trusted(t, c.token, c.body, c.code)
			}
		})
	}
}

// trusted sends a request over each transport and wants a code, or data.
func (e *endpoint) trusted(t *testing.T, token, body, code string) {
	t.Helper()
	right := func(transport, text string) {
		t.Helper()
		if code == "" && !strings.Contains(text, `"data":`) || code != "" && !strings.Contains(text, `"code":"`+code+`"`) {
			t.Errorf("%s %s: %s: %s; want %q", token, transport, body, text, code)
		}
	}
	for _, accept := range []string{"application/graphql-response+json, text/event-stream;q=0.5", "text/event-stream"} {
		r := e.request(t, "", bearer, "Bearer "+token, "Accept", accept)
		r.Body, r.ContentLength = http.NoBody, int64(len(body))
		r.Body = readCloser{strings.NewReader(body)}
		a := e.do(t, r)
		right(accept, a.text)
		want := map[string]int{"": 200, "DOCUMENT_NOT_TRUSTED": 403}[code]
		if want == 0 {
			want = http.StatusBadRequest
		}
		if accept != "text/event-stream" && a.status != want {
			t.Errorf("%s %s: status %d, want %d", token, body, a.status, want)
		}
	}
	p := e.open(t, `{"token":"`+token+`"}`)
	p.send(`{"type":"subscribe","id":"x","payload":` + body + `}`)
	if code == "" {
		right("websocket", p.want("next", "x"))
	} else {
		right("websocket", p.want("error", "x"))
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// TestDocumentIDsAreText: what else may stand in their place is a bad request.
func TestDocumentIDsAreText(t *testing.T) {
	t.Parallel()
	e := start(t, nil, transport.Options{})
	for body, want := range map[string]string{
		`{"documentId":7}`: "documentId must be a string or null", `{"documentId":""}`: "unless the document is named",
		`{"documentId":null}`: "unless the document is named", `{"extensions":{"persistedQuery":"x"}}`: "unless the document is named",
		`{"extensions":{"persistedQuery":{"sha256Hash":7}}}`: "unless the document is named",
	} {
		r := e.request(t, "")
		r.Body, r.ContentLength = readCloser{strings.NewReader(body)}, int64(len(body))
		if a := e.do(t, r); a.status != http.StatusBadRequest || !strings.Contains(a.text, want) {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
}

// TestTrustedDocumentsAreValid: one that is not keeps the server from starting, by name.
func TestTrustedDocumentsAreValid(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]transport.TrustedDocuments{
		"greeting: input:1:3: Cannot query field": {Known: map[string]string{"greeting": "{ nowhere }", "fine": "{ hello }"}},
		`no mode "some"`: {Mode: "some"},
	} {
		if _, err := transport.New(probe.Schema(&probe.Resolver{}), transport.Options{Trusted: o}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestReadManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	apollo, err := json.Marshal(map[string]any{"format": "apollo-persisted-query-manifest", "version": 1,
		"operations": []map[string]string{{"id": "a", "name": "A", "type": "query", "body": "{ a }"}, {"id": "b", "body": "{ b }"}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, fault string }{
		"of an object":  {text: `{"a":"{ a }","b":"{ b }"}`},
		"of Apollo":     {text: string(apollo)},
		"twice":         {strings.Replace(string(apollo), `"id":"b"`, `"id":"a"`, 1), `the id "a" is empty or there twice`},
		"another form":  {strings.Replace(string(apollo), `"version":1`, `"version":2`, 1), "version 2"},
		"no manifest":   {`["{ a }"]`, "is no manifest"},
		"null":          {`null`, "is no manifest"},
		"no text at id": {`{"a":{"query":"{ a }"}}`, "is no manifest"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := transport.ReadManifest(path)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if diff := cmp.Diff(map[string]string{"a": "{ a }", "b": "{ b }"}, known); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if _, err := transport.ReadManifest(filepath.Join(dir, "absent")); !os.IsNotExist(err) {
		t.Errorf("absent: %v", err)
	}
}
