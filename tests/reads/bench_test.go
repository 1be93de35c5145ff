package reads

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// BenchmarkWays reads a nested page through the whole product, both ways: the difference is what the compiler is for. Rows are few, so
// it is mostly the server's own work.
func BenchmarkWays(b *testing.B) {
	w := newWorld(b, 3)
	body, err := json.Marshal(map[string]any{"query": `{ customers(first: 10) { totalCount nodes { id name contacts(first: 3) { totalCount nodes { id name mobile } }
		contracts(first: 3) { nodes { id number amount { amount currency } } } } } }`})
	if err != nil {
		b.Fatal(err)
	}
	for name, s := range map[string]*http.Client{"compiled": w.compiled.Server.Client(), "resolved": w.resolved.Server.Client()} {
		url := map[string]string{"compiled": w.compiled.Server.URL, "resolved": w.resolved.Server.URL}[name] + "/graphql"
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+w.tokens[0])
				resp, err := s.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				answer, err := io.ReadAll(resp.Body)
				if err != nil || !bytes.Contains(answer, []byte(`"totalCount":`)) {
					b.Fatalf("%s %v", answer, err)
				}
				_ = resp.Body.Close() // read to its end
			}
		})
	}
}
