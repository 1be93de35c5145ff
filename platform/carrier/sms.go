package carrier

import (
	"context"
	"encoding/json"
	"net/http"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// gateway sends text messages by a gateway of the tenant's, over HTTP: POST {"id", "to", "text", "params"} with the secret
// as a bearer token and the id as Idempotency-Key. 2xx is taken; {"id": …} in the answer is kept.
func gateway() Spec {
	return Spec{Channel: channel.SMS, Provider: posting.Plain, Endpoint: true, Person: true, Most: maxSMS, Secret: Required, make: func(d Deps) Carrier { return smsGateway{d} }}
}

type smsGateway struct{ Deps }

// maxSMS is how long a text message may be, in characters.
const maxSMS = 500

type gatewayMessage struct {
	ID     string            `json:"id"`
	To     string            `json:"to"`
	Text   string            `json:"text"`
	Params map[string]string `json:"params"`
}

// Carry implements Carrier. What the gateway finds wrong with the message (4xx) does not get better.
func (g smsGateway) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	header := http.Header{"Idempotency-Key": {m.ID}}
	if len(t.Secrets) > 0 {
		header.Set("Authorization", "Bearer "+t.Secrets[0])
	}
	receipt, answer, err := g.post(ctx, t.URL, header, gatewayMessage{m.ID, t.Address, cut(m.Text, maxSMS), paramMap(m.Params)})
	if err != nil {
		if receipt.Status == http.StatusBadRequest || receipt.Status == http.StatusUnprocessableEntity {
			err = rejected("the gateway refuses it (%d)", receipt.Status)
		}
		return receipt, err
	}
	var said struct{ ID string }
	if json.Unmarshal(answer, &said) == nil {
		receipt.ID = cut(said.ID, posting.MaxProviderID)
	}
	return receipt, nil
}

func paramMap(params []Param) map[string]string {
	out := make(map[string]string, len(params))
	for _, p := range params {
		out[p.Name] = p.Value
	}
	return out
}
