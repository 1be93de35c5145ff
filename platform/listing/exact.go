package listing

import "entgo.io/ent/dialect/sql"

// Exact filters a column that is encrypted (tenancy/vault); all given conditions must hold. Values are found that mean the
// same, however they are written: a telephone number by its digits, an address in capitals or not.
type Exact struct {
	Eq      *string
	In      []string
	IsEmpty *bool
}

// exact compares the blind column of an encrypted one. Its index holds only values that are some, and the condition says
// so, because PostgreSQL cannot know it of a parameter.
func (c *compiler) exact(table, column string, f *Exact, path string) predicate {
	blind := column + "_blind"
	values := func(given []string) []any {
		for _, v := range given {
			if !c.searchable(v, path) {
				return nil
			}
		}
		if c.req.Blind == nil {
			c.fail(path, "%s cannot be filtered by here", path)
			return nil
		}
		found, err := c.req.Blind(table, column, given)
		if err != nil && c.err == nil {
			c.err = err
		}
		out := make([]any, len(found))
		for i, v := range found {
			out[i] = v
		}
		return out
	}
	one := func(s string) predicate {
		found := values([]string{s})
		if len(found) == 0 {
			return nil
		}
		if s == "" {
			return empty(column, true)
		}
		return join([]predicate{empty(blind, false), eq(blind, found[0])}, sql.And)
	}
	if len(f.In) > MaxIn {
		return c.fail(path, "%s has %d values, at most %d are allowed", path, len(f.In), MaxIn)
	}
	ps := []predicate{when(f.Eq, one), when(f.IsEmpty, func(b bool) predicate { return empty(column, b) })}
	if f.In != nil {
		found := values(f.In)
		ps = append(ps, func(s *sql.Selector) *sql.Predicate {
			if len(found) == 0 {
				return sql.False()
			}
			return sql.In(s.C(blind), found...)
		})
	}
	return join(ps, sql.And)
}
