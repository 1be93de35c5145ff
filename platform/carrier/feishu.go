package carrier

import (
	"context"
	"strconv"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// feishu is the robot of a group of 飞书. Its token stands in its address; with a secret it wants signatures.
func feishu() Spec {
	return Spec{Channel: channel.Feishu, Provider: posting.Plain, Endpoint: true, Robot: true, Most: maxFeishu, Secret: Optional, make: func(d Deps) Carrier { return feishuRobot{d} }}
}

type feishuRobot struct{ Deps }

// Codes by which Feishu says that there were too many messages.
const (
	feishuTooMany = 11232
	feishuTooFast = 9499
)

// maxFeishu is how long a text may be, in characters: Feishu takes 20 KiB of JSON.
const maxFeishu = 5000

type feishuMessage struct {
	Timestamp string `json:"timestamp,omitempty"`
	Sign      string `json:"sign,omitempty"`
	Type      string `json:"msg_type"`
	Content   struct {
		Text string `json:"text"`
	} `json:"content"`
}

// Carry implements Carrier. Feishu's signature has the text as its key and signs nothing.
func (r feishuRobot) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	message := feishuMessage{Type: "text"}
	message.Content.Text = cut(m.Text, maxFeishu)
	if len(t.Secrets) > 0 {
		message.Timestamp = strconv.FormatInt(r.Clock.Now().Unix(), 10)
		message.Sign = robotSign(message.Timestamp+"\n"+t.Secrets[0], "")
	}
	receipt, answer, err := r.post(ctx, t.URL, nil, message)
	if err != nil {
		return receipt, err
	}
	return robotAnswer(receipt, answer, feishuTooMany, feishuTooFast)
}
