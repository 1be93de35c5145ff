package numbering

import (
	"strings"
	"testing"

	"heyue/platform/fault"
)

func TestRulesAndTheirPeriods(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Reset{
		DefaultRule:                  Yearly,
		"CT-{YY}{MM}-{KIND}-{SEQ:4}": Monthly,
		"{SEQ:6}":                    Never,
		"{KIND}{SEQ:3}":              Never,
		"D{YYYY}{MM}{DD}/{SEQ:2}":    Daily,
		"合同〔{YYYY}〕{SEQ:1}号":         Yearly,
		"{YY}.{SEQ:9}#(A)[B]_1":      Yearly,
		"{SEQ:3}-{YYYY}":             Yearly,
		strings.Repeat("A", MaxRuleLength-len("{SEQ:1}")) + "{SEQ:1}": Never,
	} {
		r, err := Parse(text)
		if err != nil || r.Reset() != want || r.String() != text || r.NeedsKind() != strings.Contains(text, "{KIND}") {
			t.Errorf("Parse(%q) = %v reset %s, %v; want %s", text, r, r.Reset(), err, want)
		}
	}
}

func TestRuleFaultsNameThePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "1 to 60 characters",
		strings.Repeat("A", MaxRuleLength-6) + "{SEQ:1}": "1 to 60 characters",
		"HT-{YYYY}":            "no {SEQ:n}",
		"HT-{YYY}-{SEQ:5}":     "character 4: unknown token {YYY}",
		"合同-{yyyy}-{SEQ:5}":    "character 4: unknown token {yyyy}",
		"HT-{SEQ}":             "character 4: unknown token {SEQ}",
		"HT-{SEQ:0}":           "character 4: {SEQ:n} takes",
		"HT-{SEQ:10}":          "character 4: {SEQ:n} takes",
		"HT-{SEQ:x}":           "character 4: {SEQ:n} takes",
		"HT-{SEQ:５}":           "character 4: {SEQ:n} takes",
		"HT-{YYYY":             "character 4: { without }",
		"HT-}-{SEQ:5}":         "character 4: '}' is not allowed",
		"HT {SEQ:5}":           "character 3: ' ' is not allowed",
		"合同\n{SEQ:5}":          "character 3: '\\n' is not allowed",
		"HT\x00{SEQ:5}":        "character 3: '\\x00' is not allowed",
		"HT\xff{SEQ:5}":        "is not allowed",
		"٣-{SEQ:5}":            "character 1: '٣' is not allowed",
		"{SEQ:5}-{SEQ:5}":      "character 9: {SEQ:5} stands twice",
		"{YYYY}{YYYY}-{SEQ:5}": "character 7: {YYYY} stands twice",
		"{KIND}{KIND}-{SEQ:5}": "character 7: {KIND} stands twice",
		"{YYYY}{SEQ:5}":        "character 7: put a separator",
		"{SEQ:5}{YY}":          "character 8: put a separator",
		"HT1{SEQ:5}":           "character 4: put a separator",
		"{SEQ:5}1":             "character 8: put a separator",
		"{YYYY}{YY}-{SEQ:5}":   "both {YYYY} and {YY}",
		"{MM}-{SEQ:5}":         "{MM} needs",
		"{YYYY}{DD}-{SEQ:5}":   "{DD} needs",
	} {
		r, err := Parse(text)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, %v; want something about %q", text, r, err, want)
		}
	}
}
