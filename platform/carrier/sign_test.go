package carrier

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSignaturesAreTheOnesThatVendorsPublish: each is an example of the vendor's own documentation.
func TestSignaturesAreTheOnesThatVendorsPublish(t *testing.T) {
	t.Parallel()
	webhook := Sign([]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; webhook != want {
		t.Errorf("Standard Webhooks: %s, want %s", webhook, want)
	}
	form := url.Values{
		"AccessKeyId": {"testid"}, "Action": {"DescribeRegions"}, "Format": {"XML"}, "SignatureMethod": {"HMAC-SHA1"},
		"SignatureNonce": {"3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"}, "SignatureVersion": {"1.0"}, "Timestamp": {"2016-02-23T12:46:24Z"}, "Version": {"2014-05-26"},
	}
	if got, want := signAliyun("GET", form, "testsecret"), "OLeaidS1JvxuMvnyHOwuJ+uX5qY="; got != want {
		t.Errorf("Aliyun: %s, want %s", got, want)
	}
	body := []byte("{\"Limit\": 1, \"Filters\": [{\"Values\": [\"\\u672a\\u547d\\u540d\"], \"Name\": \"instance-name\"}]}")
	got := signTencent("cvm", "cvm.tencentcloudapi.com", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", time.Unix(1551113065, 0), body)
	if want := "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"; !strings.HasSuffix(got, want) {
		t.Errorf("Tencent: %s, want %s", got, want)
	}
}

// TestTwoSecretsSignBesideEachOther, and one that is no base64 signs nothing.
func TestTwoSecretsSignBesideEachOther(t *testing.T) {
	t.Parallel()
	a, b := NewSecret(), NewSecret()
	at, body := time.Unix(1, 0), []byte("{}")
	one, other := Sign([]string{a}, "m", at, body), Sign([]string{b}, "m", at, body)
	if got := Sign([]string{a, "whsec_!", b}, "m", at, body); got != one+" "+other || one == other {
		t.Errorf("%q is not %q and %q", got, one, other)
	}
	if changed := Sign([]string{a}, "m", at, []byte("{ }")); changed == one {
		t.Error("another body has the same signature")
	}
}

func TestNumbersAndTexts(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"13800000000": "+8613800000000", "+4915112345678": "+4915112345678"} {
		if got := international(number); got != want {
			t.Errorf("%s is %s", number, got)
		}
	}
	if got := cut("合约到期", 3); got != "合约…" {
		t.Errorf("%q", got)
	}
	if got := head([]byte("a\x00\xffb\n" + strings.Repeat("约", 2000))); !strings.HasPrefix(got, "a\uFFFD\uFFFDb\n约") || len([]rune(got)) != 1024 {
		t.Errorf("%.20q of %d characters", got, len([]rune(got)))
	}
}
