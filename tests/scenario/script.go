// Package scenario plays GraphQL requests against the whole product over HTTP and compares the answers. A scenario is a
// txtar file: its comment says what it shows, and each step is a file named "CALLER: what happens" that holds the
// document, followed by one named "want" with the answer as JSON.
//
//	-- sales: a customer is made --
//	mutation { customerCreate(input: {name: "云汇"}) { customer { id version } userErrors { code } } }
//	-- want --
//	{"data": {"customerCreate": {"customer": {"id": "<id>", "version": 1}, "userErrors": []}}}
//
// In a wanted answer "<name>" takes whatever stands there and remembers it as name, "<>" takes anything, and ${name}
// stands for what was remembered, in documents as in answers. A list that ends in "..." may go on.
//
// A caller is an actor, or the name by which the secret of an API key was remembered.
//
// Once "<authenticator>" has remembered the secret of an authenticator, ${earlierCode}, ${code} and ${laterCode} are what it
// shows half a minute ago, now, and in half a minute.
//
// A title that begins with "eventually: " asks until the answer comes, for what the product does by itself. One that
// begins with "replayed key: " sends what it holds under the idempotency key of the step before, and that step's document
// once more when it holds nothing.
package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Step is one request and the answer it must get.
type Step struct {
	Caller   string
	Title    string
	Document string
	Want     string
	Key      string    // the idempotency key; "" is none
	Patient  bool      // asks until the answer comes: workers take their time
	Clock    time.Time // not zero: no request, the clock is put to it
}

const replayedKey = "replayed key: "

// Script is a parsed scenario.
type Script struct {
	About string
	Steps []Step
}

// Parse reads a txtar scenario.
func Parse(src []byte) (Script, error) {
	archive := txtar.Parse(src)
	s := Script{About: strings.TrimSpace(string(archive.Comment))}
	for _, f := range archive.Files {
		if f.Name == "want" {
			if len(s.Steps) == 0 || s.Steps[len(s.Steps)-1].Want != "" {
				return s, fmt.Errorf("an answer without a request after step %d", len(s.Steps))
			}
			s.Steps[len(s.Steps)-1].Want = string(f.Data)
			continue
		}
		caller, title, ok := strings.Cut(f.Name, ": ")
		if !ok {
			return s, fmt.Errorf("step %q is not named CALLER: what happens", f.Name)
		}
		s.Steps = append(s.Steps, Step{Caller: caller, Title: title, Document: string(f.Data), Patient: strings.HasPrefix(title, "eventually: ")})
	}
	if err := s.answered(); err != nil {
		return s, err
	}
	return s, s.shareKeys()
}

// answered wants an answer for every request.
func (s Script) answered() error {
	for _, step := range s.Steps {
		if step.Want == "" && step.Clock.IsZero() {
			return fmt.Errorf("step %q has no answer", step.Title)
		}
	}
	return nil
}

// shareKeys gives each step before a replay a key of its own, and the replays the same.
func (s Script) shareKeys() error {
	for i := range s.Steps {
		step := &s.Steps[i]
		if !strings.HasPrefix(step.Title, replayedKey) {
			continue
		}
		if i == 0 {
			return fmt.Errorf("step %q has nothing to replay", step.Title)
		}
		before := &s.Steps[i-1]
		if before.Key == "" {
			before.Key = fmt.Sprintf("step %d", i)
		}
		step.Key = before.Key
		if strings.TrimSpace(step.Document) == "" {
			step.Document = before.Document
		}
	}
	return nil
}

// memory is what earlier answers were remembered by.
type memory map[string]string

var placeholder = regexp.MustCompile(`\$\{(\w+)\}`)

// fill replaces ${name}. An unknown name is an error, so that no step runs on nothing.
func (m memory) fill(text string) (string, error) {
	var missing []string
	out := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := placeholder.FindStringSubmatch(p)[1]
		v, ok := m[name]
		if !ok {
			missing = append(missing, name)
		}
		return v
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("nothing is remembered as %s", strings.Join(missing, ", "))
	}
	return out, nil
}

// compare returns how got differs from want, "" when it does not, and remembers what want asks for.
func (m memory) compare(want, got string) (string, error) {
	want, err := m.fill(want)
	if err != nil {
		return "", err
	}
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return "", fmt.Errorf("the wanted answer is not JSON: %w", err)
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		return "", fmt.Errorf("the answer is not JSON: %w", err)
	}
	return cmp.Diff(m.bind(w, g), g), nil
}

// bind returns want with its wildcards replaced by what stands in got.
func (m memory) bind(want, got any) any {
	switch w := want.(type) {
	case string:
		if strings.HasPrefix(w, "<") && strings.HasSuffix(w, ">") && got != nil {
			if name := w[1 : len(w)-1]; name != "" {
				m[name] = fmt.Sprint(got)
			}
			return got
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return want
		}
		out := make(map[string]any, len(w))
		for k, v := range w {
			if _, there := g[k]; there {
				v = m.bind(v, g[k])
			}
			out[k] = v
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok {
			return want
		}
		return m.bindList(w, g)
	}
	return want
}

func (m memory) bindList(want, got []any) any {
	open := len(want) > 0 && want[len(want)-1] == "..."
	if open {
		want = want[:len(want)-1]
	}
	out := make([]any, 0, max(len(want), len(got)))
	for i, v := range want {
		if i < len(got) {
			v = m.bind(v, got[i])
		}
		out = append(out, v)
	}
	if open && len(got) > len(out) {
		out = append(out, got[len(out):]...)
	}
	return out
}
