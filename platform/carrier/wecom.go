package carrier

import (
	"context"
	"encoding/json"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// wecom is the robot of a group of 企业微信. The key stands in its address; it signs nothing.
func wecom() Spec {
	return Spec{Channel: channel.WeCom, Provider: posting.Plain, Endpoint: true, Robot: true, Most: maxWeCom, make: func(d Deps) Carrier { return wecomRobot{d} }}
}

type wecomRobot struct{ Deps }

// wecomTooMany is what WeCom answers to more than 20 messages a minute.
const wecomTooMany = 45009

// maxWeCom is how long a text may be: WeCom takes 2,048 bytes.
const maxWeCom = 2048 / 3

// robotText is a text as WeCom and DingTalk take it.
type robotText struct {
	Type string `json:"msgtype"`
	Text struct {
		Content string `json:"content"`
	} `json:"text"`
}

func textOf(content string) robotText {
	m := robotText{Type: "text"}
	m.Text.Content = content
	return m
}

// Carry implements Carrier.
func (r wecomRobot) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	receipt, answer, err := r.post(ctx, t.URL, nil, textOf(cut(m.Text, maxWeCom)))
	if err != nil {
		return receipt, err
	}
	return robotAnswer(receipt, answer, wecomTooMany)
}

// robotAnswer reads the code that stands in a robot's answer of 200: {"errcode": 0} is taken.
func robotAnswer(receipt Receipt, answer []byte, tooMany ...int) (Receipt, error) {
	var said struct {
		Errcode *int
		Code    *int
	}
	_ = json.Unmarshal(answer, &said) // an answer that is no JSON has no code
	code := said.Errcode
	if code == nil {
		code = said.Code
	}
	if code == nil {
		return receipt, later("the robot's answer is not understood")
	}
	if *code == 0 {
		return receipt, nil
	}
	for _, n := range tooMany {
		if *code == n {
			f := later("the robot has had too many messages (%d)", n)
			f.Wait = robotRest
			return receipt, f
		}
	}
	return receipt, rejected("the robot refuses it (%d)", *code)
}
