package token_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"heyue/identity"
	"heyue/identity/token"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

var (
	seed = bytes.Repeat([]byte{7}, token.SeedSize)
	noon = time.Date(2031, 5, 6, 12, 0, 0, 123456000, time.UTC)
)

func authority(t *testing.T, seed []byte, c clock.Clock) *token.Authority {
	t.Helper()
	a, err := token.New(seed, 10*time.Minute, c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func someone() token.Claims {
	return token.Claims{TenantID: 42, UserID: publicid.NewUserID(), SessionID: publicid.NewSessionID(), Access: 3}
}

func TestTokenRoundTrips(t *testing.T) {
	t.Parallel()
	a := authority(t, seed, clock.At(noon))
	want := someone()
	text, issued, err := a.Issue(want)
	if err != nil {
		t.Fatal(err)
	}
	want.IssuedAt = noon.Truncate(time.Second)
	want.ExpiresAt = want.IssuedAt.Add(10 * time.Minute)
	got, err := a.Verify(text)
	if err != nil || got != want || issued != want {
		t.Fatalf("Verify = %+v, %v; issued %+v; want %+v", got, err, issued, want)
	}
	if c := got.Caller(); c != (identity.Caller{TenantID: 42, UserID: want.UserID, SessionID: want.SessionID, ExpiresAt: want.ExpiresAt}) {
		t.Fatalf("Caller = %+v", c)
	}
	if len(text) > 500 {
		t.Errorf("a token has %d characters; every request carries it, keep it below 500", len(text))
	}
}

func TestTokenEnds(t *testing.T) {
	t.Parallel()
	c := clock.At(noon)
	a := authority(t, seed, c)
	text, issued, err := a.Issue(someone())
	if err != nil {
		t.Fatal(err)
	}
	c.Set(issued.ExpiresAt.Add(-time.Microsecond))
	if _, err := a.Verify(text); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	c.Set(issued.ExpiresAt)
	if _, err := a.Verify(text); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("at its end: %v; want UNAUTHENTICATED", err)
	}
}

// forge signs header and claims with whatever method and key an attacker may choose.
func forge(t *testing.T, m jwt.SigningMethod, key any, header, claims map[string]any) string {
	t.Helper()
	tok := jwt.NewWithClaims(m, jwt.MapClaims(claims))
	maps.Copy(tok.Header, header)
	s, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	a := authority(t, seed, clock.At(noon))
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	good, _, err := a.Issue(someone())
	if err != nil {
		t.Fatal(err)
	}
	header, claims := parts(t, good)
	if _, err := a.Verify(forge(t, jwt.SigningMethodEdDSA, private, header, claims)); err != nil {
		t.Fatalf("the forge itself is broken: %v", err)
	}
	with := func(m map[string]any, k string, v any) map[string]any {
		m = maps.Clone(m)
		if m[k] = v; v == nil {
			delete(m, k)
		}
		return m
	}
	ed := jwt.SigningMethodEdDSA
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, token.SeedSize))
	tests := map[string]string{
		"empty":               "",
		"not a token":         "abc",
		"too long":            good + strings.Repeat("A", 2048),
		"alg none":            forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, with(header, "alg", "none"), claims),
		"alg none, our kid":   forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, with(header, "alg", "None"), claims),
		"HMAC by public key":  forge(t, jwt.SigningMethodHS256, []byte(public), with(header, "alg", "HS256"), claims),
		"other key, our kid":  forge(t, ed, other, header, claims),
		"kid unknown":         forge(t, ed, private, with(header, "kid", "AAAAAAAAAAA"), claims),
		"kid missing":         forge(t, ed, private, with(header, "kid", nil), claims),
		"kid a number":        forge(t, ed, private, with(header, "kid", 7), claims),
		"typ JWT":             forge(t, ed, private, with(header, "typ", "JWT"), claims),
		"other issuer":        forge(t, ed, private, header, with(claims, "iss", "elsewhere")),
		"no issuer":           forge(t, ed, private, header, with(claims, "iss", nil)),
		"other audience":      forge(t, ed, private, header, with(claims, "aud", []string{"heyue-mail"})),
		"no audience":         forge(t, ed, private, header, with(claims, "aud", nil)),
		"no end":              forge(t, ed, private, header, with(claims, "exp", nil)),
		"ended":               forge(t, ed, private, header, with(claims, "exp", noon.Unix()-1)),
		"end is text":         forge(t, ed, private, header, with(claims, "exp", "tomorrow")),
		"not yet":             forge(t, ed, private, header, with(claims, "nbf", noon.Unix()+60)),
		"no tenant":           forge(t, ed, private, header, with(claims, "tid", nil)),
		"tenant zero":         forge(t, ed, private, header, with(claims, "tid", 0)),
		"tenant negative":     forge(t, ed, private, header, with(claims, "tid", -42)),
		"tenant as text":      forge(t, ed, private, header, with(claims, "tid", "42")),
		"tenant too large":    forge(t, ed, private, header, with(claims, "tid", 1e30)),
		"user missing":        forge(t, ed, private, header, with(claims, "uid", nil)),
		"user is a session":   forge(t, ed, private, header, with(claims, "uid", claims["sid"])),
		"session is a user":   forge(t, ed, private, header, with(claims, "sid", claims["uid"])),
		"issue time missing":  forge(t, ed, private, header, with(claims, "iat", nil)),
		"blank at the end":    good + " ",
		"Bearer kept":         "Bearer " + good,
		"signature cut away":  good[:strings.LastIndexByte(good, '.')+1],
		"two signatures":      good + good[strings.LastIndexByte(good, '.'):],
		"padded":              good + "==",
		"crit not understood": forge(t, ed, private, with(header, "crit", []string{"b64"}), claims),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := a.Verify(text)
			if fault.KindOf(err) != fault.Unauthenticated || got != (token.Claims{}) {
				t.Fatalf("Verify = %+v, %v; want UNAUTHENTICATED", got, err)
			}
			if len(text) > 100 && strings.Contains(err.Error(), text[40:80]) {
				t.Fatalf("the error repeats the token: %v", err)
			}
		})
	}
}

func parts(t *testing.T, text string) (header, claims map[string]any) {
	t.Helper()
	for i, into := range []*map[string]any{&header, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// TestAnyChangedCharacterIsRefused holds for every position of the token.
func TestAnyChangedCharacterIsRefused(t *testing.T) {
	t.Parallel()
	a := authority(t, seed, clock.At(noon))
	good, _, err := a.Issue(someone())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		c := rapid.Byte().Filter(func(c byte) bool { return c != good[i] }).Draw(t, "to")
		bad := good[:i] + string([]byte{c}) + good[i+1:]
		if _, err := a.Verify(bad); fault.KindOf(err) != fault.Unauthenticated {
			t.Fatalf("position %d changed to %q: %v", i, c, err)
		}
	})
}

func TestKeysDoNotMix(t *testing.T) {
	t.Parallel()
	a := authority(t, seed, clock.At(noon))
	b := authority(t, bytes.Repeat([]byte{9}, token.SeedSize), clock.At(noon))
	text, _, err := a.Issue(someone())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(text); fault.KindOf(err) != fault.Unauthenticated {
		t.Fatalf("another installation took the token: %v", err)
	}
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	if _, err := token.New(seed[1:], time.Minute, clock.System{}); err == nil {
		t.Error("a short seed was taken")
	}
	if _, err := token.New(seed, time.Millisecond, clock.System{}); err == nil {
		t.Error("a life below a second was taken")
	}
	a := authority(t, seed, clock.At(noon))
	for name, c := range map[string]token.Claims{
		"nothing":    {},
		"no tenant":  {UserID: publicid.NewUserID(), SessionID: publicid.NewSessionID()},
		"no user":    {TenantID: 1, SessionID: publicid.NewSessionID()},
		"no session": {TenantID: 1, UserID: publicid.NewUserID()},
	} {
		if text, got, err := a.Issue(c); err == nil || text != "" || !cmp.Equal(got, token.Claims{}) {
			t.Errorf("%s: Issue = %q, %+v, %v; want an error", name, text, got, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	a, err := token.New(seed, time.Minute, clock.At(noon))
	if err != nil {
		b.Fatal(err)
	}
	text, _, err := a.Issue(someone())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.Verify(text); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzVerify: no text is a token but what was issued.
func FuzzVerify(f *testing.F) {
	a, err := token.New(seed, 10*time.Minute, clock.At(noon))
	if err != nil {
		f.Fatal(err)
	}
	good, _, err := a.Issue(token.Claims{TenantID: 42, UserID: publicid.UserID{1}, SessionID: publicid.SessionID{2}, Access: 3}) // the same in every worker
	if err != nil {
		f.Fatal(err)
	}
	head, rest, _ := strings.Cut(good, ".")
	for _, text := range []string{good, "", "..", head + "..", head + "." + rest + ".", "eyJhbGciOiJub25lIn0." + rest, good + "=", " " + good} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := a.Verify(text); (err == nil) != (text == good) || err != nil && fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%q: %v", text, err)
		}
	})
}
