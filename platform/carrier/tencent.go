package carrier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// Options of Tencent's text messages, beside those that Aliyun has.
const (
	OptionApp    = "sdkAppId"
	OptionRegion = "region"
)

// tencent is 腾讯云短信, version 2021-01-11. The endpoint's secret is the SecretKey.
func tencent() Spec {
	return Spec{
		Channel: channel.SMS, Provider: posting.Tencent, Endpoint: true, Person: true, Most: maxSMS, Secret: Required, URL: "https://sms.tencentcloudapi.com/",
		Options: []string{OptionKeyID, OptionSign, OptionTemplate, OptionApp, OptionRegion}, make: func(d Deps) Carrier { return tencentSMS{d} },
	}
}

type tencentSMS struct{ Deps }

type tencentMessage struct {
	PhoneNumberSet   []string
	SmsSdkAppId      string //nolint:revive,staticcheck // the provider's name
	SignName         string
	TemplateId       string //nolint:revive,staticcheck // the provider's name
	TemplateParamSet []string
	SessionContext   string
}

// Carry implements Carrier. The message's id is the SessionContext, which receipts name.
func (c tencentSMS) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	u, err := url.Parse(t.URL)
	if err != nil || len(t.Secrets) == 0 {
		return Receipt{}, rejected("the endpoint has no address or no secret")
	}
	message := tencentMessage{[]string{international(t.Address)}, t.Options[OptionApp], t.Options[OptionSign], t.Options[OptionTemplate], nil, m.ID}
	for _, p := range m.Params {
		message.TemplateParamSet = append(message.TemplateParamSet, p.Value)
	}
	body, err := json.Marshal(message)
	if err != nil {
		return Receipt{}, rejected("the message is no JSON")
	}
	now := c.Clock.Now()
	receipt, answer, err := c.call(ctx, t.URL, http.Header{
		"Content-Type": {tencentType}, "X-Tc-Action": {"SendSms"}, "X-Tc-Version": {"2021-01-11"}, "X-Tc-Region": {t.Options[OptionRegion]},
		"X-Tc-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Authorization": {signTencent("sms", u.Host, t.Options[OptionKeyID], t.Secrets[0], now, body)},
	}, body)
	if err != nil {
		return receipt, err
	}
	return tencentAnswer(receipt, answer)
}

// tencentAnswer reads the code that stands in an answer of 200.
func tencentAnswer(receipt Receipt, answer []byte) (Receipt, error) {
	var said struct {
		Response struct {
			Error         struct{ Code string }
			SendStatusSet []struct{ Code, SerialNo string }
		}
	}
	_ = json.Unmarshal(answer, &said) // an answer that is no JSON has no code
	code := said.Response.Error.Code
	if code == "" && len(said.Response.SendStatusSet) > 0 {
		code = said.Response.SendStatusSet[0].Code
		receipt.ID = cut(said.Response.SendStatusSet[0].SerialNo, posting.MaxProviderID)
	}
	switch {
	case code == "Ok":
		return receipt, nil
	case code == "":
		return receipt, later("the provider's answer is not understood")
	case strings.HasPrefix(code, "LimitExceeded") || strings.HasPrefix(code, "RequestLimitExceeded") || strings.HasPrefix(code, "InternalError"):
		return receipt, later("the provider could not take it: %.60s", code)
	}
	return receipt, rejected("the provider refuses it: %.60s", code)
}

const tencentType = "application/json; charset=utf-8"

// signTencent is TC3-HMAC-SHA256 over content-type and host.
func signTencent(service, host, keyID, secret string, at time.Time, body []byte) string {
	day := at.UTC().Format(time.DateOnly)
	request := "POST\n/\n\ncontent-type:" + tencentType + "\nhost:" + host + "\n\ncontent-type;host\n" + sum(body)
	scope := day + "/" + service + "/tc3_request"
	text := "TC3-HMAC-SHA256\n" + strconv.FormatInt(at.Unix(), 10) + "\n" + scope + "\n" + sum([]byte(request))
	key := keyed(keyed(keyed([]byte("TC3"+secret), day), service), "tc3_request")
	return "TC3-HMAC-SHA256 Credential=" + keyID + "/" + scope + ", SignedHeaders=content-type;host, Signature=" + hex.EncodeToString(keyed(key, text))
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func keyed(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// international writes a Chinese number with its country's code, which the provider wants; others have theirs.
func international(number string) string {
	if strings.HasPrefix(number, "+") {
		return number
	}
	return "+86" + number
}
