package staff

import (
	"slices"
	"strings"

	"heyue/domain/tenants/settings"
	"heyue/platform/fault"
)

// Characters that a text of a user or a department may have.
const (
	maxName  = 100
	maxCode  = 40
	maxPhone = 40
	maxTitle = 100
)

// checkLocale wants a language that the product speaks.
func checkLocale(c *fault.Check, locale string) {
	c.That(slices.Contains(settings.Locales(), locale), fault.UnknownValue, "locale",
		"%.20q is not a language of this product; choose one of %s", locale, strings.Join(settings.Locales(), ", "))
}

// tidy trims what people type around a value.
func tidy(s string) string { return strings.TrimSpace(s) }

// beside drops the entity unless the error is a version conflict, with which it tells the caller what there is now.
func beside[T any](now *T, err error) (*T, error) {
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
