package document_test

import (
	"slices"
	"strings"
	"testing"

	"heyue/domain/contracts/document"
	"heyue/platform/fault"
)

func TestEvidenceNamesWhatIsWrongBelowIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 2001)
	for name, test := range map[string]struct {
		give *document.Reference
		want []string
	}{
		"none":      {nil, nil},
		"a title":   {&document.Reference{Title: "通知函"}, nil},
		"no title":  {&document.Reference{}, []string{"evidence.title REQUIRED"}},
		"all wrong": {&document.Reference{Title: "\x00", URL: &long, Language: &long}, []string{"evidence.title MALFORMED", "evidence.url TOO_LONG", "evidence.language TOO_LONG"}},
	} {
		var c fault.Check
		document.Evidence(&c, test.give)
		var got []string
		for _, f := range fault.All(c.Err()) {
			got = append(got, strings.Join(f.Field, ".")+" "+string(f.Code))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
