//go:build unix

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"heyue/platform/redistest"
)

var anID = regexp.MustCompile(`"id":"(con_\w+)"`)

// write makes contracts of a company with instalments that are due today, and pays some of them, until ctx ends. What is
// answered with UNAVAILABLE, or not at all, is sent again under its key until it is known to have been carried out.
func (f *field) write(t *testing.T, ctx context.Context, company int) {
	draw := rand.New(rand.NewPCG(uint64(company), 3))
	for n := 0; ctx.Err() == nil; n++ {
		p := f.people[company*people+n%people]
		made := f.insist(t, p.token, fmt.Sprintf("make-%d-%d", company, n), fmt.Sprintf(
			`mutation { contractCreate(input: {kind: SALES, registered: true, title: "%s %d", customerId: %q, amount: {amount: "1", currency: CNY}, signedOn: "2026-01-01",
			effectiveOn: "2026-01-01", paymentPlan: [{dueOn: "2026-06-15", amount: "1"}]}) { contract { id } userErrors { message } } }`, p.mark, n, p.customer))
		id := anID.FindStringSubmatch(made)
		if id == nil {
			if f.done.Err() == nil {
				t.Errorf("no contract: %s", made)
			}
			return
		}
		if draw.IntN(3) == 0 {
			paid := f.insist(t, f.payers[company], fmt.Sprintf("pay-%d-%d", company, n), fmt.Sprintf(
				`mutation { paymentRecord(input: {contractId: %q, amount: {amount: "1", currency: CNY}, method: CASH}) { payment { id } userErrors { message } } }`, id[1]))
			if !strings.Contains(paid, `"id":"pay_`) && f.done.Err() == nil {
				t.Errorf("not paid: %s", paid)
			}
		}
	}
}

// insist asks one of the servers after the other until it is told what became of a mutation.
func (f *field) insist(t *testing.T, token, key, document string) string {
	for n := 0; ; n++ {
		answer, err := f.post(token, n, key, document)
		switch {
		case f.done.Err() != nil:
			t.Errorf("%s was never carried out: %s, %v", key, answer, err)
			return answer
		case err == nil && !strings.Contains(answer, `"code":"UNAVAILABLE"`) && !strings.Contains(answer, `"code":"IDEMPOTENCY_IN_PROGRESS"`):
			f.written.Add(1)
			return answer
		}
	}
}

func (f *field) post(token string, n int, key, document string) (string, error) {
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		return "", err
	}
	s := f.servers[n%len(f.servers)].Server
	req, err := http.NewRequestWithContext(f.done, http.MethodPost, s.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Idempotency-Key", key)
	resp, err := s.Client().Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

func flush(t *testing.T, s *redistest.Server) {
	t.Helper()
	o, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	defer func() { _ = c.Close() }() // it said what it had to
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}
