package carrier_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/platform/carrier"
	"heyue/platform/clock"
	"heyue/platform/egress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 6, 15, 1, 0, 0, 0, time.UTC)

// fleet is every carrier there is, allowed to call this machine.
func fleet(t *testing.T, o egress.Options) carrier.Fleet {
	t.Helper()
	if o.Allow == nil {
		o.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	client := egress.New(o)
	t.Cleanup(client.CloseIdleConnections)
	return carrier.New(carrier.Deps{HTTP: client, Answer: egress.DefaultAnswer, Clock: clock.At(start)})
}

func carry(t *testing.T, f carrier.Fleet, c channel.Channel, p posting.Provider, target carrier.Target) (carrier.Receipt, *carrier.Failure) {
	t.Helper()
	receipt, err := f.Carry(t.Context(), c, p, target, carrier.Message{
		ID: "evt_1", At: start, Subject: "到期", Text: "【合约】到期", Body: []byte(`{"id":"evt_1"}`),
		Params: []carrier.Param{{Name: "title", Value: "合同"}, {Name: "dueOn", Value: "2026-06-15"}},
	})
	var f2 *carrier.Failure
	if err != nil && !errors.As(err, &f2) {
		t.Fatalf("%T: %v", err, err)
	}
	return receipt, f2
}

// TestAnswersOfPrograms: what a program answers, and what is made of it.
func TestAnswersOfPrograms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		result posting.Result
		gone   bool
		wait   time.Duration
		status int
	}{
		"taken":               {answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }, status: 200},
		"taken without words": {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, status: 204},
		"taken, then broken off": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, status: 200},
		"taken, with no end": {answer: func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		}, status: 200},
		"an error": {answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "sorry", 500) }, result: posting.Later, status: 500},
		"busy": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(503)
		}, result: posting.Later, wait: 2 * time.Minute, status: 503},
		"busy until": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", start.Add(time.Hour).Format(http.TimeFormat))
			w.WriteHeader(429)
		}, result: posting.Later, wait: time.Hour, status: 429},
		"a redirect": {answer: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 307) }, result: posting.Later, status: 307},
		"gone":       {answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, result: posting.Rejected, gone: true, status: 410},
		"a reset":    {answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, result: posting.Later},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				c.answer(w, r)
			}))
			defer server.Close()
			receipt, failure := carry(t, fleet(t, egress.Options{}), channel.Webhook, posting.Plain, carrier.Target{URL: server.URL, Secrets: []string{carrier.NewSecret()}})
			if (failure == nil) != (c.result == "") || receipt.Status != c.status || asked.Load() != 1 {
				t.Fatalf("%+v, %v, asked %d times", receipt, failure, asked.Load())
			}
			if failure != nil && (failure.Result != c.result || failure.Gone != c.gone || failure.Wait != c.wait) {
				t.Errorf("%+v", failure)
			}
			if len(receipt.Head) > posting.MaxHead {
				t.Errorf("a head of %d", len(receipt.Head))
			}
		})
	}
}

// TestAStalledProgramIsNotWaitedFor, whether it stalls before its number or behind it.
func TestAStalledProgramIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	_, failure := carry(t, fleet(t, egress.Options{Timeout: 50 * time.Millisecond}), channel.Webhook, posting.Plain, carrier.Target{URL: server.URL})
	if failure == nil || failure.Result != posting.Later || failure.Trouble != "the endpoint did not answer in time" {
		t.Errorf("%+v", failure)
	}
}

// TestCertificatesAreLookedAt: a receiver over https is believed by the roots that are given, and not otherwise.
func TestCertificatesAreLookedAt(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	if _, failure := carry(t, fleet(t, egress.Options{Roots: roots}), channel.Webhook, posting.Plain, carrier.Target{URL: server.URL}); failure != nil {
		t.Error(failure)
	}
	_, failure := carry(t, fleet(t, egress.Options{}), channel.Webhook, posting.Plain, carrier.Target{URL: server.URL})
	if failure == nil || failure.Result != posting.Later || !strings.Contains(failure.Trouble, "certificate") {
		t.Errorf("%+v", failure)
	}
}

// TestRobotsAndGateways: each speaks its vendor's words and understands the answers.
func TestRobotsAndGateways(t *testing.T) {
	t.Parallel()
	options := map[string]string{"accessKeyId": "LTAI", "signName": "合约", "templateId": "SMS_1", "sdkAppId": "14", "region": "ap-guangzhou"}
	for name, c := range map[string]struct {
		by       channel.Channel
		provider posting.Provider
		secrets  []string
		answer   string
		check    func(r *http.Request, body string) error
		result   posting.Result
		id       string
	}{
		"wecom takes it":     {by: channel.WeCom, answer: `{"errcode":0,"errmsg":"ok"}`, check: says(`{"msgtype":"text","text":{"content":"【合约】到期"}}`)},
		"wecom has too many": {by: channel.WeCom, answer: `{"errcode":45009}`, result: posting.Later},
		"wecom refuses":      {by: channel.WeCom, answer: `{"errcode":93000}`, result: posting.Rejected},
		"wecom babbles":      {by: channel.WeCom, answer: `<html>`, result: posting.Later},
		"dingtalk signs": {by: channel.DingTalk, secrets: []string{"SEC"}, answer: `{"errcode":0}`, check: func(r *http.Request, _ string) error {
			q := r.URL.Query()
			if q.Get("timestamp") != fmt.Sprint(start.UnixMilli()) || q.Get("sign") == "" || q.Get("access_token") != "tok" {
				return fmt.Errorf("the query is %s", r.URL.RawQuery)
			}
			return nil
		}},
		"dingtalk has too many": {by: channel.DingTalk, answer: `{"errcode":130101}`, result: posting.Later},
		"feishu signs": {by: channel.Feishu, secrets: []string{"SEC"}, answer: `{"code":0}`, check: func(_ *http.Request, body string) error {
			if !strings.Contains(body, fmt.Sprintf(`"timestamp":"%d","sign":"`, start.Unix())) || !strings.Contains(body, `"msg_type":"text"`) {
				return errors.New(body)
			}
			return nil
		}},
		"feishu has too many": {by: channel.Feishu, answer: `{"code":11232}`, result: posting.Later},
		"a gateway": {by: channel.SMS, secrets: []string{"k"}, answer: `{"id":"77"}`, id: "77", check: func(r *http.Request, body string) error {
			if r.Header.Get("Authorization") != "Bearer k" || r.Header.Get("Idempotency-Key") != "evt_1" || !strings.Contains(body, `"to":"13800000000"`) {
				return fmt.Errorf("%v %s", r.Header, body)
			}
			return nil
		}},
		"aliyun": {by: channel.SMS, provider: posting.Aliyun, secrets: []string{"k"}, answer: `{"Code":"OK","BizId":"9"}`, id: "9", check: func(_ *http.Request, body string) error {
			form, err := url.ParseQuery(body)
			if err != nil || form.Get("PhoneNumbers") != "13800000000" || form.Get("OutId") != "evt_1" || form.Get("TemplateParam") != `{"dueOn":"2026-06-15","title":"合同"}` || form.Get("Signature") == "" {
				return fmt.Errorf("%w %s", err, body)
			}
			return nil
		}},
		"aliyun has too many": {by: channel.SMS, provider: posting.Aliyun, secrets: []string{"k"}, answer: `{"Code":"isv.BUSINESS_LIMIT_CONTROL"}`, result: posting.Later},
		"aliyun refuses":      {by: channel.SMS, provider: posting.Aliyun, secrets: []string{"k"}, answer: `{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}`, result: posting.Rejected},
		"tencent": {by: channel.SMS, provider: posting.Tencent, secrets: []string{"k"}, answer: `{"Response":{"SendStatusSet":[{"Code":"Ok","SerialNo":"5"}]}}`, id: "5", check: func(r *http.Request, body string) error {
			var m map[string]any
			if err := json.Unmarshal([]byte(body), &m); err != nil || fmt.Sprint(m["PhoneNumberSet"], m["TemplateParamSet"]) != "[+8613800000000] [合同 2026-06-15]" || !strings.HasPrefix(r.Header.Get("Authorization"), "TC3-HMAC-SHA256 Credential=LTAI/2026-06-15/sms/tc3_request") {
				return fmt.Errorf("%w %v %s", err, r.Header, body)
			}
			return nil
		}},
		"tencent has too many": {by: channel.SMS, provider: posting.Tencent, secrets: []string{"k"}, answer: `{"Response":{"Error":{"Code":"RequestLimitExceeded"}}}`, result: posting.Later},
		"tencent refuses":      {by: channel.SMS, provider: posting.Tencent, secrets: []string{"k"}, answer: `{"Response":{"SendStatusSet":[{"Code":"FailedOperation.TemplateIncorrectOrUnapproved"}]}}`, result: posting.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if c.check != nil {
					if err := c.check(r, string(body)); err != nil {
						t.Error(err)
					}
				}
				_, _ = io.WriteString(w, c.answer)
			}))
			defer server.Close()
			if c.provider == "" {
				c.provider = posting.Plain
			}
			receipt, failure := carry(t, fleet(t, egress.Options{}), c.by, c.provider, carrier.Target{
				URL: server.URL + "/robot?access_token=tok", Secrets: c.secrets, Options: options, Address: "13800000000",
			})
			if (failure == nil) != (c.result == "") || failure != nil && failure.Result != c.result || receipt.ID != c.id {
				t.Errorf("%+v, %+v", receipt, failure)
			}
		})
	}
}

func says(want string) func(*http.Request, string) error {
	return func(_ *http.Request, body string) error {
		if body != want {
			return fmt.Errorf("said %s, want %s", body, want)
		}
		return nil
	}
}

// TestNobodyReachesInside: an address that is not of the internet is refused at the connection, whatever its name says.
func TestNobodyReachesInside(t *testing.T) {
	t.Parallel()
	client := egress.New(egress.Options{Allow: []netip.Prefix{}})
	defer client.CloseIdleConnections()
	f := carrier.New(carrier.Deps{HTTP: client, Answer: 1 << 10, Clock: clock.At(start)})
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]",
		"100.64.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::7f00:1]", "[ff02::1]",
	} {
		_, err := f.Carry(t.Context(), channel.Webhook, posting.Plain, carrier.Target{URL: "https://" + host + ":" + port}, carrier.Message{ID: "m"})
		var failure *carrier.Failure
		if !errors.As(err, &failure) || failure.Result != posting.Rejected || failure.Trouble != egress.ErrAddress.Error() {
			t.Errorf("%s: %+v", host, failure)
		}
	}
	_, err = f.Carry(t.Context(), channel.Webhook, posting.Plain, carrier.Target{URL: "http://example.com"}, carrier.Message{ID: "m"})
	if !errors.Is(err, egress.ErrScheme) {
		t.Errorf("without encryption: %v", err)
	}
	for a, want := range map[string]bool{"8.8.8.8": true, "2606:4700::1111": true, "1.1.1.1": true} {
		if got := egress.Public(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %t", a, got)
		}
	}
}
