package fields

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/policies/mask"
)

// Fields of the tenant's own are masked by their key, like any other (A3): what is hidden is neither shown, nor there to
// filter and sort by, nor to be set. It holds here because every value that comes or goes passes this package.

// grants are what the caller may do; nil for the product itself, from which nothing is kept.
func (s *Service) grants(ctx context.Context) (*policies.Grants, error) {
	if _, signed := identity.Signed(ctx); !signed {
		return nil, nil
	}
	g, err := s.Policies.Caller(ctx)
	if err != nil || !g.Masked() {
		return nil, err
	}
	return g, nil
}

// rule names a field as rules do.
func rule(noun custom.Noun, key string) string {
	return mask.Custom(strings.ToLower(string(noun)), key).String()
}

// visible leaves out the fields that are hidden from the caller.
func (s *Service) visible(ctx context.Context, noun custom.Noun, rows []*ent.CustomField) ([]*ent.CustomField, error) {
	g, err := s.grants(ctx)
	if err != nil || g == nil {
		return rows, err
	}
	return slices.DeleteFunc(rows, func(f *ent.CustomField) bool { return g.Hides(rule(noun, f.Key)) }), nil
}

// writable refuses values of fields that the caller may not write: NOT_ALLOWED at custom.N.key.
func (s *Service) writable(ctx context.Context, noun custom.Noun, in []*custom.Input) error {
	g, err := s.grants(ctx)
	if err != nil || g == nil {
		return err
	}
	var c fault.Check
	for i, v := range in {
		c.That(!g.Freezes(rule(noun, v.Key)), fault.NotAllowed, fmt.Sprintf("custom.%d.key", i), "you may not write this field")
	}
	return c.Err()
}
