package wording

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/deliveries/posting"
	"heyue/platform/fault"
)

func write(t *testing.T, text string, values map[string]string) string {
	t.Helper()
	p, err := Parse(text, posting.AlertMessage)
	if err != nil {
		t.Fatal(err)
	}
	return p.Write(values)
}

func TestTextsAreFilled(t *testing.T) {
	t.Parallel()
	values := map[string]string{"title": "采购合同", "when": "今天", "recipient": "李"}
	for text, want := range map[string]string{
		"{title}（{when}）":        "采购合同（今天）",
		"a\n金额：{amount}\nb":      "a\nb",   // nothing to say of a sum
		"a\n\n{link}\n\nb":       "a\n\nb", // nor a hole where it was
		"{{title}} {title} }}{{": "{title} 采购合同 }{",
		"":                       "",
		"{amount} {title}":       " 采购合同",
		"\r\n{recipient}：\r\n\r\n您好  \r\n\r\n": "李：\n\n您好",
	} {
		if got := write(t, text, values); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestUnknownPlaceholdersAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]fault.Code{
		"{password}": fault.UnknownValue, "{title": fault.Malformed, "title}": fault.Malformed, "{}": fault.UnknownValue,
		"{ title }": fault.UnknownValue, "{{title}": fault.Malformed, "{items}": fault.UnknownValue, "{.Title}": fault.UnknownValue,
	} {
		_, err := Parse(text, posting.AlertMessage)
		if all := fault.All(err); len(all) != 1 || all[0].Code != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestValuesAreNeverReadAgain: whatever a title says, it stands in the message as it is, and does nothing there.
func TestValuesAreNeverReadAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		title := OneLine(rapid.String().Draw(t, "title"))
		p, err := Parse("<{title}>", posting.AlertMessage)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Write(map[string]string{"title": title, "recipient": "LEAK"}); title != "" && got != "<"+title+">" {
			t.Fatalf("%q", got)
		}
		html, err := HTML("en", title, "<"+title+">", "")
		if err != nil || strings.Contains(html, "<script") || strings.Contains(title, "<") && strings.Contains(html, "<p><"+title) {
			t.Fatalf("%v %s", err, html)
		}
	})
}

// TestShippedWordsAreWhole: every kind of message has words by every channel in every language that can be read, and
// every kind of obligation has a name.
func TestShippedWordsAreWhole(t *testing.T) {
	t.Parallel()
	for _, locale := range Locales() {
		for _, by := range Channels() {
			for _, k := range (posting.MessageKind("")).Values() {
				kind := posting.MessageKind(k)
				w := Shipped(kind, by, locale)
				for _, text := range []string{w.Subject, w.Body} {
					if _, err := Parse(text, kind); err != nil {
						t.Errorf("%s by %s in %s: %v", kind, by, locale, err)
					}
				}
				if w.Body == "" || (w.Subject != "") != (by == channel.Email && kind != posting.DigestItem) {
					t.Errorf("%s by %s in %s is %+v", kind, by, locale, w)
				}
			}
		}
		seen := map[string]bool{}
		for _, k := range (due.Kind("")).Values() {
			if name := Kind(due.Kind(k), locale); name == "" || name != Kind("NEW", locale) && seen[name] {
				t.Errorf("%s is called %q in %s", k, name, locale)
			} else {
				seen[name] = true
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wanted []string
		want   string
	}{{nil, "zh-CN"}, {[]string{"", "en-GB"}, "en"}, {[]string{"zh-Hant-TW", "en"}, "zh-CN"}, {[]string{"fr"}, "zh-CN"}} {
		if got := Locale(c.wanted...); got != c.want {
			t.Errorf("%v: %s", c.wanted, got)
		}
	}
	for days, want := range map[int][2]string{0: {"今天", "today"}, 1: {"还有 1 天", "in 1 day"}, 7: {"还有 7 天", "in 7 days"}, -1: {"已逾期 1 天", "1 day overdue"}, -9: {"已逾期 9 天", "9 days overdue"}} {
		if zh, en := When(days, "zh-CN"), When(days, "en"); zh != want[0] || en != want[1] {
			t.Errorf("%d: %s, %s", days, zh, en)
		}
	}
}
