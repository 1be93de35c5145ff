package app_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/templates/text"
	"heyue/platform/app"
)

// TestEveryBoundOfTextsHasASetting: the shipped limits are the settings' defaults, and each has one.
func TestEveryBoundOfTextsHasASetting(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(text.DefaultLimits(), app.TextLimits(settings(t, nil))); diff != "" {
		t.Error(diff)
	}
	set := reflect.ValueOf(app.TextLimits(settings(t, map[string]string{
		"HEYUE_TEMPLATE_CLAUSES": "51", "HEYUE_TEMPLATE_SLOTS": "52", "HEYUE_CLAUSE_TEXT": "5001", "HEYUE_TEMPLATE_TEXT": "20001",
		"HEYUE_SLOT_TEXT": "501", "HEYUE_SLOT_ROWS": "53",
	})))
	shipped := reflect.ValueOf(text.DefaultLimits())
	for i := range set.NumField() {
		if set.Field(i).Int() == shipped.Field(i).Int() {
			t.Errorf("%s cannot be set", set.Type().Field(i).Name)
		}
	}
}
