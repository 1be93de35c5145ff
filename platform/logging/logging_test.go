package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/platform/logging"
)

func logger(t *testing.T, format string) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	l, err := logging.New(&out, logging.Options{Level: "info", Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return l, &out
}

func line(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	delete(m, "time")
	return m
}

func TestContextIsOnEveryLine(t *testing.T) {
	t.Parallel()
	l, out := logger(t, "json")
	ctx := logging.With(logging.WithRequest(t.Context(), "req-1"), slog.Int64("tenant", 7))
	if logging.RequestID(ctx) != "req-1" || logging.RequestID(t.Context()) != "" {
		t.Error("RequestID differs")
	}
	sibling := logging.With(ctx, slog.String("job", "a")) // must not show in ctx
	_ = logging.With(ctx, slog.String("job", "b"))
	l.With("part", "api").InfoContext(sibling, "hello", "n", 1)
	want := map[string]any{"level": "INFO", "msg": "hello", "part": "api", "n": 1.0, "requestId": "req-1", "tenant": 7.0, "job": "a"}
	if diff := cmp.Diff(want, line(t, out)); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestOwnRequestIDWins(t *testing.T) {
	t.Parallel()
	l, out := logger(t, "text")
	l.InfoContext(logging.WithRequest(t.Context(), "outer"), "hello", "requestId", "outer.2")
	if !strings.Contains(out.String(), "requestId=outer.2") || strings.Count(out.String(), "requestId") != 1 {
		t.Errorf("line: %s", out)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	l, out := logger(t, "text")
	l.Debug("quiet")
	if out.Len() != 0 {
		t.Errorf("a debug line at level info: %s", out)
	}
	for _, o := range []logging.Options{{"loud", "text"}, {"info", "xml"}, {}} {
		if _, err := logging.New(out, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

type contact struct {
	Name  string
	Email string
	Extra map[string]any
}

func TestWhatMustNotBeLogged(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJFZERTQSJ9.eyJ0aWQiOjQyfQ.c2lnbmF0dXJl"
	for _, format := range []string{"json", "text"} {
		l, out := logger(t, format)
		l.With("Authorization", "leak-0").WithGroup("in").Info("dial postgres://app:leak-1@db/x failed",
			"password", "leak-2", "newPassword", "leak-3", "refresh_token", "leak-4", "X-Api-Key", "leak-5", "Set-Cookie", "leak-6",
			"contactEmail", "leak-7", "phone", 13800138000, "mobile_no", "leak-8", "idCard", "leak-9",
			slog.Group("secret", "value", "leak-10"),
			"err", errors.New("open redis://:leak-11@cache: Bearer leak-12 then "+jwt+" and password=leak-13;"),
			"who", contact{Name: "Li", Email: "leak-14", Extra: map[string]any{"token": "leak-15", "list": []any{"hyr_leak16leak16leak16leak16leak16"}}},
			"pointer", &contact{Email: "leak-17"},
		)
		for _, leak := range []string{"leak", "13800138000", "eyJ"} {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%s: %q is in the log: %s", format, leak, out)
			}
		}
		for _, kept := range []string{"postgres://app:***@db/x failed", "Li"} {
			if !strings.Contains(out.String(), kept) {
				t.Errorf("%s: %q is missing: %s", format, kept, out)
			}
		}
	}
}

func TestWhatMustStay(t *testing.T) {
	t.Parallel()
	l, out := logger(t, "json")
	l.Info("listening", "addr", "127.0.0.1:8080", "tokens", 15, "took", "1=2", "nothing", nil, "author", "hydra_of_the_long_and_winding_road", "odd", func() {})
	want := map[string]any{
		"level": "INFO", "msg": "listening", "addr": "127.0.0.1:8080", "tokens": 15.0, "took": "1=2", "nothing": nil,
		"author": "hydra_of_the_long_and_winding_road", "odd": "[func()]",
	}
	if diff := cmp.Diff(want, line(t, out)); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}
