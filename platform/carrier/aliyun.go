package carrier

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the provider's signature is HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
)

// Options of Aliyun's text messages.
const (
	OptionKeyID    = "accessKeyId"
	OptionSign     = "signName"
	OptionTemplate = "templateId"
)

// aliyun is 阿里云短信服务, version 2017-05-25. The endpoint's secret is the AccessKey's.
func aliyun() Spec {
	return Spec{
		Channel: channel.SMS, Provider: posting.Aliyun, Endpoint: true, Person: true, Most: maxSMS, Secret: Required, URL: "https://dysmsapi.aliyuncs.com/",
		Options: []string{OptionKeyID, OptionSign, OptionTemplate}, make: func(d Deps) Carrier { return aliyunSMS{d} },
	}
}

type aliyunSMS struct{ Deps }

// Carry implements Carrier. The message's id is the OutId, which receipts name.
func (a aliyunSMS) Carry(ctx context.Context, t Target, m Message) (Receipt, error) {
	if len(t.Secrets) == 0 {
		return Receipt{}, rejected("the endpoint has no secret")
	}
	params, err := json.Marshal(paramMap(m.Params))
	if err != nil {
		return Receipt{}, rejected("the message is no JSON")
	}
	form := url.Values{
		"Action": {"SendSms"}, "Version": {"2017-05-25"}, "Format": {"JSON"}, "AccessKeyId": {t.Options[OptionKeyID]},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {rand.Text()},
		"Timestamp": {a.Clock.Now().UTC().Format(time.RFC3339)}, "PhoneNumbers": {t.Address}, "SignName": {t.Options[OptionSign]},
		"TemplateCode": {t.Options[OptionTemplate]}, "TemplateParam": {string(params)}, "OutId": {m.ID},
	}
	form.Set("Signature", signAliyun(http.MethodPost, form, t.Secrets[0]))
	receipt, answer, err := a.call(ctx, t.URL, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	var said struct{ Code, BizID string }
	_ = json.Unmarshal(answer, &said) // an answer that is no JSON has no code
	receipt.ID = cut(said.BizID, posting.MaxProviderID)
	switch {
	case said.Code == "OK":
		return receipt, nil
	case said.Code == "":
		if err == nil {
			err = later("the provider's answer is not understood")
		}
		return receipt, err
	case strings.HasPrefix(said.Code, "Throttling") || said.Code == "isv.BUSINESS_LIMIT_CONTROL" || strings.HasPrefix(said.Code, "isp.") || receipt.Status >= http.StatusInternalServerError:
		return receipt, later("the provider could not take it: %.60s", said.Code)
	}
	return receipt, rejected("the provider refuses it: %.60s", said.Code)
}

// signAliyun is the signature of version 1.0 of Aliyun's RPC interface.
func signAliyun(method string, form url.Values, secret string) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = escape(name) + "=" + escape(form.Get(name))
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(method + "&" + escape("/") + "&" + escape(strings.Join(pairs, "&"))))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// escape is RFC 3986's: only letters, digits, -, _, . and ~ stay.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}
