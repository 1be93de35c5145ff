package stage

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// Post sends one operation and returns the answer as it came. An empty token is nobody.
func (s *Stage) Post(t testing.TB, token, document string, variables map[string]any) string {
	t.Helper()
	return s.PostKey(t, token, "", document, variables)
}

// PostKey is Post with an idempotency key, unless that is empty.
func (s *Stage) PostKey(t testing.TB, token, key, document string, variables map[string]any) string {
	t.Helper()
	return s.PostExtensions(t, token, key, document, variables, nil)
}

// PostExtensions is PostKey with extensions of the request.
func (s *Stage) PostExtensions(t testing.TB, token, key, document string, variables map[string]any, extensions json.RawMessage) string {
	t.Helper()
	return s.post(t, "application/json", token, key, map[string]any{"query": document, "variables": variables, "extensions": extensions})
}

// PostEvents is PostKey with the answer as an event stream, read to its end.
func (s *Stage) PostEvents(t testing.TB, token, key, document string, variables map[string]any) string {
	t.Helper()
	return s.post(t, "text/event-stream", token, key, map[string]any{"query": document, "variables": variables})
}

func (s *Stage) post(t testing.TB, accept, token, key string, request map[string]any) string {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Server.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := s.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
