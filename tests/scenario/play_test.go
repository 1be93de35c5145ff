package scenario

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heyue/domain/dictionaries"
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, file)
		})
	}
}

func play(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	script, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	s := stage.New(t)
	cast := newCast(t, s)
	for _, step := range script.Steps {
		document, err := cast.fill(step.Document)
		if err != nil {
			t.Fatalf("%s: %v", step.Title, err)
		}
		answer := s.Post(t, cast.token(t, step.Caller), document, nil)
		diff, err := cast.compare(step.Want, answer)
		if err != nil {
			t.Fatalf("%s: %v\n%s", step.Title, err, answer)
		}
		if diff != "" {
			t.Fatalf("%s: %s (-want +got):\n%s\n%s", step.Caller, step.Title, diff, answer)
		}
	}
}

// cast is who plays: a tenant with a sales department of two and everybody else, and the administrator of another
// tenant. Each caller's id is remembered as <name>ID.
type cast struct {
	memory
	tokens map[string]string
	stage  *stage.Stage
	actors map[string]actor
}

type actor struct {
	tenant *fixture.Tenant
	ctx    context.Context
}

func newCast(t *testing.T, s *stage.Stage) *cast {
	t.Helper()
	acme, other := s.Tenant(t, "acme"), s.Tenant(t, "other")
	sales, service := s.Department(t, acme, "SALES"), s.Department(t, acme, "SERVICE")
	c := &cast{memory: memory{}, tokens: map[string]string{"anonymous": ""}, stage: s, actors: map[string]actor{
		"admin": {acme, acme.Admin}, "other": {other, other.Admin},
	}}
	for name, who := range map[string]struct {
		role string
		at   publicid.DepartmentID
	}{
		"manager": {"manager", sales}, "sales": {"sales", sales}, "colleague": {"sales", sales}, "service": {"service", service},
		"legal": {"legal", acme.Root}, "finance": {"finance", acme.Root}, "auditor": {"auditor", acme.Root}, "stranger": {"", sales},
	} {
		c.actors[name] = actor{acme, s.User(t, acme, who.role, who.at)}
	}
	for name, a := range c.actors {
		c.memory[name+"ID"] = fixture.Caller(t, a.ctx).UserID.String()
	}
	c.memory["salesDepartmentID"], c.memory["serviceDepartmentID"], c.memory["rootID"] = sales.String(), service.String(), acme.Root.String()
	for name, id := range acme.Roles {
		c.memory[name+"RoleID"] = id.String()
	}
	for _, tn := range []*fixture.Tenant{acme, other} {
		s.Write(t, tn.Ctx, func(tx *ent.Tx) error { return dictionaries.Seed(tn.Ctx, tx) })
	}
	return c
}

// token signs an actor in at their first line.
func (c *cast) token(t *testing.T, name string) string {
	t.Helper()
	if tok, ok := c.tokens[name]; ok {
		return tok
	}
	a, ok := c.actors[name]
	if !ok {
		t.Fatalf("nobody is called %q", name)
	}
	c.tokens[name] = c.stage.Token(t, a.tenant, a.ctx)
	return c.tokens[name]
}
