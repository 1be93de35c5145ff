package carrier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// robotRest is how long a robot that has had too many messages is left alone.
const robotRest = time.Minute

// dingtalk is the robot of a group of 钉钉. Its token stands in its address; with a secret it wants signatures.
func dingtalk() Spec {
	return Spec{Channel: channel.DingTalk, Provider: posting.Plain, Endpoint: true, Robot: true, Most: maxDingTalk, Secret: Optional, make: func(d Deps) Carrier { return dingtalkRobot{d} }}
}

type dingtalkRobot struct{ Deps }

// Codes by which DingTalk says that there were too many messages.
const (
	dingtalkTooMany = 130101
	dingtalkTooFast = 410100
)

// maxDingTalk is how long a text may be, in characters: DingTalk takes 20,000 bytes.
const maxDingTalk = 6000

// Carry implements Carrier.
func (r dingtalkRobot) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return Receipt{}, rejected("the address is no URL")
	}
	if len(t.Secrets) > 0 {
		stamp := strconv.FormatInt(r.Clock.Now().UnixMilli(), 10)
		query := u.Query()
		query.Set("timestamp", stamp)
		query.Set("sign", robotSign(t.Secrets[0], stamp+"\n"+t.Secrets[0]))
		u.RawQuery = query.Encode()
	}
	receipt, answer, err := r.post(ctx, u.String(), nil, textOf(cut(m.Text, maxDingTalk)))
	if err != nil {
		return receipt, err
	}
	return robotAnswer(receipt, answer, dingtalkTooMany, dingtalkTooFast)
}

// robotSign is an HMAC-SHA256 in base64.
func robotSign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
