package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"heyue/platform/app"
	"heyue/platform/config"
	"heyue/platform/pgtest"
)

// watched is an output that tells when it holds a text.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	want string
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.text.String(), w.want)
	n, err := w.text.Write(p)
	if !before && strings.Contains(w.text.String(), w.want) {
		close(w.seen)
	}
	return n, err
}

// TestDemoAnswersWhatItPrints starts the demonstration twice and sends what it tells people to paste.
func TestDemoAnswersWhatItPrints(t *testing.T) {
	t.Parallel()
	vars := installation(t, pgtest.New(t))
	vars["HEYUE_ADDR"], vars["HEYUE_INTERNAL_ADDR"] = "127.0.0.1:0", "127.0.0.1:0"
	for range 2 {
		out := &watched{want: "contracts(first:3)", seen: make(chan struct{})}
		var complaint bytes.Buffer
		ctx, stop := context.WithCancel(t.Context())
		code := make(chan int, 1)
		go func() {
			code <- run(ctx, []string{"serve", "--demo"}, &process{machine: config.Machine{Vars: vars}, out: out, err: &complaint})
		}()
		select {
		case <-out.seen:
		case c := <-code:
			t.Fatalf("exit %d: %s", c, &complaint)
		}
		follow(t, out.text.String())
		stop()
		if c := <-code; c != 0 {
			t.Errorf("exit %d: %s", c, &complaint)
		}
	}
}

// follow does what the two printed commands do.
func follow(t *testing.T, printed string) {
	t.Helper()
	url := regexp.MustCompile(`http://\S+/graphql`).FindString(printed)
	bodies := regexp.MustCompile(`-d '([^']+)'`).FindAllStringSubmatch(printed, -1)
	if len(bodies) != 2 {
		t.Fatalf("printed:\n%s", printed)
	}
	token := regexp.MustCompile(`"accessToken":"([^"]+)"`).FindStringSubmatch(ask(t, url, "", bodies[0][1]))
	if token == nil {
		t.Fatal("nobody can sign in with what is printed")
	}
	answer := ask(t, url, token[1], bodies[1][1])
	for _, want := range []string{
		`"unreadAlertCount":[1-9]`, `"alerts":\{"nodes":\[\{"kind":"[A-Z_]+","title":"[^"]+"`, `"contract":\{"number":"[^"]+","customer":\{"name":"[^"]+"`,
		`"totalCount":[1-9]\d*,"nodes":\[\{"number":"[^"]+"`,
	} {
		if !regexp.MustCompile(want).MatchString(answer) || strings.Contains(answer, "errors") {
			t.Errorf("no %s in the answer to the first question: %s", want, answer)
		}
	}
}

func ask(t *testing.T, url, token, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // it has been read
	return string(text)
}

func TestWelcomeBesideTenantsOfSomebodysOwn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	welcome(&out, "0.0.0.0:80", nil)
	if got := out.String(); !strings.HasPrefix(got, "heyue answers at http://localhost:80/graphql\n") || strings.Contains(got, "curl") {
		t.Errorf("printed:\n%s", got)
	}
	out.Reset()
	welcome(&out, "[::]:80", []app.DemoLogin{{Tenant: "t", Name: "T", Email: "e", Password: "p"}})
	if got := out.String(); !strings.Contains(got, "http://localhost:80/graphql") || !strings.Contains(got, "Sign in as the salesperson") {
		t.Errorf("printed:\n%s", got)
	}
}
