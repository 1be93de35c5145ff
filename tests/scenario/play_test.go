package scenario

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/vektah/gqlparser/v2/ast"

	"heyue/domain/dictionaries"
	"heyue/domain/templates"
	"heyue/ent"
	"heyue/graph/generated"
	"heyue/identity/account"
	"heyue/identity/opaque"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
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
	s := stage.New(t, "HEYUE_API_URL", "https://api.example", "HEYUE_PUBLIC_URL", "https://app.example")
	script.play(t, newCast(t, s))
}

func (s Script) play(t *testing.T, c *cast) {
	t.Helper()
	for _, step := range s.Steps {
		if !step.Clock.IsZero() {
			c.wait(step.Clock)
			continue
		}
		diff, answer := c.perform(t, step)
		for limit := time.Now().Add(time.Minute); step.Patient && diff != "" && time.Now().Before(limit); {
			diff, answer = c.perform(t, step)
		}
		if diff != "" {
			t.Fatalf("%s: %s (-want +got):\n%s\n%s", step.Caller, step.Title, diff, answer)
		}
	}
}

// perform sends a step's document and compares the answer.
func (c *cast) perform(t *testing.T, step Step) (diff, answer string) {
	t.Helper()
	c.tell(t)
	document, err := c.fill(step.Document)
	if err != nil {
		t.Fatalf("%s: %v", step.Title, err)
	}
	token, key := c.token(t, step.Caller), step.Key
	crash := key == "" && step.Caller != "anonymous" && strings.HasPrefix(step.Title, "happy") && oneMutation(document)
	if crash {
		key = "crash: " + step.Title
	}
	answer = c.stage.PostKey(t, token, key, document, nil)
	if crash {
		c.survive(t, token, key, document, answer)
	}
	diff, err = c.compare(step.Want, answer)
	if err != nil {
		t.Fatalf("%s: %v\n%s", step.Title, err, answer)
	}
	return diff, answer
}

// TestEveryMutationHasAScenario keeps the scenarios complete as the schema grows: what a mutation says of itself in the
// schema is what its scenario must show.
func TestEveryMutationHasAScenario(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for _, f := range schema.Mutation.Fields {
		src, err := os.ReadFile(filepath.Join("testdata", f.Name+".txtar"))
		if err != nil {
			t.Errorf("%s has no scenario: %v", f.Name, err)
			continue
		}
		script, err := Parse(src)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for _, sign := range signs(schema, f) {
			if !slices.ContainsFunc(script.Steps, func(s Step) bool { return strings.Contains(s.Title, sign) || strings.Contains(s.Want, `"`+sign+`"`) }) {
				t.Errorf("the scenario of %s does not show: %s", f.Name, sign)
			}
		}
	}
}

// signs are what a mutation's scenario has in a title, or as a code in an answer.
func signs(schema *ast.Schema, f *ast.FieldDefinition) []string {
	want := []string{"happy"}
	if !strings.Contains(f.Description, "Needs no permission") {
		want = append(want, "no role")
		if len(f.Arguments) > 0 {
			want = append(want, "other tenant")
		}
	}
	if strings.Contains(f.Description, "WRONG_STATE") {
		want = append(want, "WRONG_STATE")
	}
	if of(f.Description, fault.Required, fault.TooShort, fault.TooLong, fault.Malformed, fault.OutOfRange, fault.UnknownValue, fault.Inconsistent) {
		want = append(want, "bad input")
	}
	for _, a := range f.Arguments {
		if schema.Types[a.Type.Name()].Fields.ForName("expectedVersion") != nil {
			want = append(want, "VERSION_CONFLICT")
		}
	}
	return want
}

func of(description string, codes ...fault.Code) bool {
	return slices.ContainsFunc(codes, func(c fault.Code) bool { return strings.Contains(description, string(c)) })
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
	s.SetPassword(t, acme, c.actors["sales"].ctx)
	c.memory["password"] = fixture.Password
	c.memory["invitation"] = c.link(t, opaque.Invitation, account.Invitation, "stranger")
	c.memory["reset"] = c.link(t, opaque.Reset, account.PasswordReset, "sales")
	c.trust(t)
	for _, tn := range []*fixture.Tenant{acme, other} {
		s.Write(t, tn.Ctx, func(tx *ent.Tx) error {
			_, err := tenancy.Lock(tn.Ctx, tx) // the worker installs templates too
			return errors.Join(err, dictionaries.Seed(tn.Ctx, tx), templates.Seed{Clock: s.Clock}.Run(tn.Ctx, tx, "zh-CN"))
		})
	}
	return c
}

// link is what somebody has got by mail.
func (c *cast) link(t *testing.T, kind opaque.Kind, purpose account.Purpose, who string) string {
	t.Helper()
	a := c.actors[who]
	text, digest := kind.New(a.tenant.ID)
	c.stage.Write(t, a.tenant.Ctx, func(tx *ent.Tx) error {
		return tx.OneTimeToken.Create().SetUserID(fixture.Caller(t, a.ctx).UserID).SetPurpose(purpose).
			SetTokenHash(digest.Hex()).SetExpiresAt(fixture.Start().Add(time.Hour)).Exec(a.tenant.Ctx)
	})
	return text
}

// tell reads the codes that an authenticator shows, once its secret is remembered: of now, of half a minute before, and of
// half a minute later.
func (c *cast) tell(t *testing.T) {
	t.Helper()
	key, ok := c.memory["authenticator"]
	if !ok {
		return
	}
	for name, off := range map[string]time.Duration{"earlierCode": -30 * time.Second, "code": 0, "laterCode": 30 * time.Second} {
		code, err := totp.GenerateCode(key, c.stage.Clock.Now().Add(off))
		if err != nil {
			t.Fatal(err)
		}
		c.memory[name] = code
	}
}

// trust gives acme a sign-in provider by which the salesperson is known, and what it has answered: one code to sign in
// with, one for somebody else, and one to link.
func (c *cast) trust(t *testing.T) {
	t.Helper()
	sales, ctx := fixture.Caller(t, c.actors["sales"].ctx), c.actors["sales"].tenant.Ctx
	const verifier = "a-verifier-that-a-program-has-made-for-itself"
	sum := sha256.Sum256([]byte(verifier))
	c.memory["verifier"], c.memory["challenge"] = verifier, base64.RawURLEncoding.EncodeToString(sum[:])
	c.stage.Write(t, ctx, func(tx *ent.Tx) error {
		p, err := tx.OIDCProvider.Create().SetName("IdP").SetIssuer("https://idp.example").SetClientID("heyue").SetDomains([]string{}).Save(ctx)
		if err != nil {
			return err
		}
		c.memory["oidcProvider"] = p.ID.String()
		x, err := tx.ExternalIdentity.Create().SetUserID(sales.UserID).SetProviderID(p.ID).SetSubject("sub-sales").Save(ctx)
		if err != nil {
			return err
		}
		c.memory["identity"] = x.ID.String()
		for name, a := range map[string]struct {
			subject string
			user    *publicid.UserID
		}{"proof": {subject: "sub-sales"}, "foreignProof": {subject: "sub-nobody"}, "linkProof": {"sub-new", &sales.UserID}} {
			text, code := opaque.Code.New(sales.TenantID)
			_, state := opaque.State.New(sales.TenantID)
			err := tx.OIDCAttempt.Create().SetProviderID(p.ID).SetNillableUserID(a.user).SetStateHash(state.Hex()).SetChallenge(c.memory["challenge"]).SetSealed([]byte{0}).
				SetCodeHash(code.Hex()).SetSubject(a.subject).SetExpiresAt(fixture.Start().Add(time.Hour)).Exec(ctx)
			if err != nil {
				return err
			}
			c.memory[name] = text
		}
		return nil
	})
}

// wait lets time pass. Whoever was signed in signs in again.
func (c *cast) wait(until time.Time) {
	c.stage.Clock.Set(until)
	c.tokens = map[string]string{"anonymous": ""}
}

// token signs an actor in at their first line.
func (c *cast) token(t *testing.T, name string) string {
	t.Helper()
	if tok, ok := c.tokens[name]; ok {
		return tok
	}
	if secret, ok := c.memory[name]; ok { // a program with a key that was told before
		return secret
	}
	a, ok := c.actors[name]
	if !ok {
		t.Fatalf("nobody is called %q", name)
	}
	c.tokens[name] = c.stage.Token(t, a.tenant, a.ctx)
	return c.tokens[name]
}
