package password_test

import (
	"strings"
	"testing"

	"heyue/identity/password"
	"heyue/platform/fault"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	own := []string{"li.wei@example.cn", "李伟长城", "Acme Contracts"}
	tests := map[string]struct {
		password string
		want     fault.Code // empty when it is accepted
	}{
		"fine":                   {"correct horse battery", ""},
		"fine in Chinese":        {"春眠不觉晓处处闻啼鸟", ""},
		"shortest":               {"k7#mqPz2", ""},
		"longest":                {strings.Repeat("长城", 64), ""},
		"empty":                  {"", fault.Required},
		"too short":              {"k7#mqPz", fault.TooShort},
		"short counted in chars": {"密码密码密码密", fault.TooShort},
		"too long":               {strings.Repeat("ab", 64) + "c", fault.TooLong},
		"not text":               {"\xff\xfe12345678", fault.Malformed},
		"control character":      {"abcd\x00efghijk", fault.Malformed},
		"common":                 {"Password123", fault.NotAllowed},
		"common in China":        {"woaini1314", fault.NotAllowed},
		"common, full width":     {"ｐａｓｓｗｏｒｄ", fault.NotAllowed},
		"one character":          {"ssssssssss", fault.NotAllowed},
		"rising":                 {"12345678", fault.NotAllowed},
		"falling":                {"hgfedcba", fault.NotAllowed},
		"own e-mail":             {"li.wei@example.cn", fault.NotAllowed},
		"own mail name and year": {"Li.Wei24", fault.NotAllowed},
		"own name and year":      {"李伟长城1995", ""}, // four characters more than the name
		"company":                {"acme contracts!", fault.NotAllowed},
		"company in a sentence":  {"acme contracts never sleeps", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c fault.Check
			password.DefaultPolicy().Check(&c, "password", tt.password, own...)
			all := fault.All(c.Err())
			if tt.want == "" && len(all) == 0 {
				return
			}
			if len(all) != 1 || all[0].Code != tt.want || all[0].Field[0] != "password" {
				t.Fatalf("Check(%q) = %v; want %q", tt.password, all, tt.want)
			}
			if tt.password != "" && strings.Contains(all[0].Message, tt.password) {
				t.Fatalf("the message repeats the password: %s", all[0].Message)
			}
		})
	}
}
