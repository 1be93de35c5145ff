package policies

import (
	"slices"
	"strings"

	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies/mask"
)

// FieldRule is a line of a role that keeps whoever has the role from a field.
type FieldRule struct {
	Field  mask.Field
	Effect mask.Effect
}

// masks is what the rules of several roles amount to, by the field's object.name: the strongest effect wins.
type masks map[string]mask.Effect

func (m masks) add(rules []FieldRule) {
	for _, r := range rules {
		if name := r.Field.String(); r.Effect.Rank() > m[name].Rank() {
			m[name] = r.Effect
		}
	}
}

// strongest is what rules do to each field.
func strongest(rules []FieldRule) masks {
	out := masks{}
	out.add(rules)
	return out
}

// Mask is what the user's roles do to a field, by its object.name; "" for nothing.
func (g *Grants) Mask(field string) mask.Effect { return g.masks[field] }

// Masked reports whether the user is kept from any field at all. Nearly nobody is, and nothing is asked for them then.
func (g *Grants) Masked() bool { return len(g.masks) > 0 }

// Hides reports whether one of fields is hidden from the user. A name that ends in .* stands for all that begin so.
func (g *Grants) Hides(fields ...string) bool { return g.reaches(mask.Hide, fields) }

// Freezes reports whether the user may not write one of fields: it is hidden from them, or read-only.
func (g *Grants) Freezes(fields ...string) bool { return g.reaches(mask.ReadOnly, fields) }

func (g *Grants) reaches(effect mask.Effect, fields []string) bool {
	if len(g.masks) == 0 {
		return false
	}
	return slices.ContainsFunc(fields, func(f string) bool {
		prefix, all := strings.CutSuffix(f, "*")
		if !all {
			return g.masks[f].Rank() >= effect.Rank()
		}
		for name, e := range g.masks {
			if strings.HasPrefix(name, prefix) && e.Rank() >= effect.Rank() {
				return true
			}
		}
		return false
	})
}

// Masks lists the user's rules, by object and field.
func (g *Grants) Masks() []FieldRule {
	out := make([]FieldRule, 0, len(g.masks))
	for name, effect := range g.masks {
		object, field, _ := strings.Cut(name, ".")
		out = append(out, FieldRule{mask.Field{Object: object, Name: field}, effect})
	}
	slices.SortFunc(out, func(a, b FieldRule) int { return strings.Compare(a.Field.String(), b.Field.String()) })
	return out
}

// mayUnmask refuses what would show others a field that the caller is kept from themselves (A3), with one NOT_ALLOWED
// fault at field for each: before is what the masks were, after what they would be.
func mayUnmask(access Access, before, after masks, field string) error {
	var c fault.Check
	for _, own := range access.Grants().Masks() {
		name := own.Field.String()
		if was := before[name]; was.Rank() > after[name].Rank() {
			c.Add(fault.NotAllowed, field, "you cannot free %s: you are kept from it yourself", name)
		}
	}
	return c.Err()
}

// mayShow refuses to give somebody a role that shows more than the caller may see: each field that the caller is kept
// from must be kept at least as well from whoever has nothing but the role.
func mayShow(access Access, lines []line, rules masks, field string) error {
	var c fault.Check
	if len(outcome(lines)) == 0 {
		return nil // the role gives nothing that could show a field
	}
	for _, own := range access.Grants().Masks() {
		if name := own.Field.String(); own.Effect.Rank() > rules[name].Rank() {
			c.Add(fault.NotAllowed, field, "you cannot give a role that frees %s: you are kept from it yourself", name)
		}
	}
	return c.Err()
}

// FieldsChange replaces what the tenant's own lines of a role do to fields; those of its template stay.
type FieldsChange struct {
	ID              publicid.RoleID
	ExpectedVersion int
	Fields          []*FieldInput
}

// FieldInput is one line: keep whoever has the role from the field, or from writing it.
type FieldInput struct {
	Object string
	Field  string // of the catalogue, or custom.KEY
	Effect mask.Effect
}

// maxFieldRules is how many rules on fields one role may have: the catalogue once, and as many of the tenant's own.
const maxFieldRules = 200

// Validate reports everything wrong with the lines at once, each at fields.N. A field may be named once.
func (ch FieldsChange) Validate() error {
	var c fault.Check
	if len(ch.Fields) > maxFieldRules {
		c.Add(fault.TooLong, "fields", "there are %d lines, at most %d are allowed", len(ch.Fields), maxFieldRules)
		return c.Err()
	}
	seen := map[mask.Field]bool{}
	for i, f := range ch.Fields {
		c.Index("fields", i, func(c *fault.Check) {
			field := f.rule().Field
			c.That(mask.Known(field), fault.UnknownValue, "field", "%.40q is no field of %.40q that can be masked", f.Field, f.Object)
			c.That(f.Effect.Rank() > 0, fault.UnknownValue, "effect", "%.20q is neither HIDE nor READ_ONLY", f.Effect)
			c.That(!seen[field], fault.Duplicate, "field", "%.80s is named twice", field)
			seen[field] = true
		})
	}
	return c.Err()
}

func (f *FieldInput) rule() FieldRule {
	return FieldRule{mask.Field{Object: f.Object, Name: f.Field}, f.Effect}
}
