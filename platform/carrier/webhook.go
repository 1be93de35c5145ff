package carrier

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// webhook is a signed call of somebody's program, as Standard Webhooks has it (docs/webhooks.md).
func webhook() Spec {
	return Spec{Channel: channel.Webhook, Provider: posting.Plain, Endpoint: true, Secret: Made, make: func(d Deps) Carrier { return caller{d} }}
}

// Headers of a signed call.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// secretPrefix begins secrets, so that scanners find those that have leaked.
const secretPrefix = "whsec_"

// secretBytes is how many random bytes a secret has; Standard Webhooks wants 24 to 64.
const secretBytes = 32

// NewSecret makes a secret of an endpoint.
func NewSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process when the system has no randomness
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

// Sign is the value of the signature's header: one signature with each secret, so that receivers go on while a secret
// is changed. A secret that is not whsec_ and base64 signs nothing.
func Sign(secrets []string, id string, at time.Time, body []byte) string {
	var out []string
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
		if err != nil {
			continue
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		out = append(out, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(out, " ")
}

type caller struct{ Deps }

// Carry implements Carrier. The id is the same at every try, so that receivers know a repetition; the time is the try's.
func (c caller) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	now := c.Clock.Now()
	receipt, _, err := c.call(ctx, t.URL, http.Header{
		"Content-Type": {"application/json; charset=utf-8"}, HeaderID: {m.ID}, HeaderTimestamp: {strconv.FormatInt(now.Unix(), 10)},
		HeaderSignature: {Sign(t.Secrets, m.ID, now, m.Body)},
	}, m.Body)
	return receipt, err
}
