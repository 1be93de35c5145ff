package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"heyue/platform/clock"
)

// provider is a sign-in provider that does as it should, unless a test bends it: it checks redirect address, client, code
// and PKCE, and signs tokens with keys that it publishes.
type provider struct {
	*httptest.Server
	t     *testing.T
	clock clock.Clock

	mu        sync.Mutex
	keys      map[string]*rsa.PrivateKey // published
	kid       string                     // of the one it signs with
	asked     map[string]url.Values      // what came to authorize, by code
	subject   string
	bend      func(claims jwt.MapClaims)                   // changes what a token says
	sign      func(p *provider, c jwt.MapClaims) string    // signs otherwise
	iss       string                                       // beside the code
	silent    bool                                         // no id_token
	discovery func(w http.ResponseWriter, r *http.Request) // answers otherwise
}

func newProvider(t *testing.T, c clock.Clock) *provider {
	t.Helper()
	p := &provider{t: t, clock: c, keys: map[string]*rsa.PrivateKey{}, asked: map[string]url.Values{}, subject: "sub-1"}
	p.rotate("k1")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /keys", p.published)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// rotate signs with another key from now on, and publishes no other.
func (p *provider) rotate(kid string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys, p.kid = map[string]*rsa.PrivateKey{kid: key}, kid
}

func (p *provider) describe(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	other := p.discovery
	p.mu.Unlock()
	if other != nil {
		other(w, r)
		return
	}
	reply(w, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"}, "response_types_supported": []string{"code"},
	})
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != "heyue-test" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.asked[code] = q
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if p.iss != "" {
		back.Set("iss", p.iss)
	}
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	client, password, _ := r.BasicAuth()
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, ok := p.asked[r.PostFormValue("code")]
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || client != "heyue-test" || password != "s3cret" || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]string{"error": "invalid_grant"})
		return
	}
	delete(p.asked, r.PostFormValue("code"))
	now := p.clock.Now()
	claims := jwt.MapClaims{
		"iss": p.URL, "aud": "heyue-test", "sub": p.subject, "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"email": "somebody@example.com", "email_verified": true,
	}
	if p.bend != nil {
		p.bend(claims)
	}
	answer := map[string]any{"access_token": "at", "token_type": "Bearer", "expires_in": 60}
	if !p.silent {
		answer["id_token"] = p.signed(claims)
	}
	reply(w, answer)
}

func (p *provider) signed(claims jwt.MapClaims) string {
	if p.sign != nil {
		return p.sign(p, claims)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = p.kid
	text, err := t.SignedString(p.keys[p.kid])
	if err != nil {
		p.t.Error(err)
	}
	return text
}

func (p *provider) published(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := []map[string]string{}
	for kid, key := range p.keys {
		keys = append(keys, map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		})
	}
	reply(w, map[string]any{"keys": keys})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client who has gone misses nothing
}

func newProviderKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
