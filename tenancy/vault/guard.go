package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/platform/fault"
	"heyue/tenancy/catalog"
)

// entity is a row with sealed texts as ent holds it.
type entity struct {
	table string
	id    uuid.UUID
	texts []sealedText
}

type sealedText struct {
	column string
	value  *string
	blind  *string // nil where there is no blind column
}

// Guard makes ent seal and open: whatever writes an entity through client seals its texts, and whatever reads one has them
// open. Statements written by hand are not seen; they use SealEntity and leave reading to ent. A change of many rows at
// once may empty a sealed column and not fill it, because each row's text is sealed for that row.
func (v *Vault) Guard(client *ent.Client) {
	client.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if err := v.before(ctx, m); err != nil {
				return nil, err
			}
			out, err := next.Mutate(ctx, m)
			if err == nil {
				err = v.open(ctx, out)
			}
			return out, err
		})
	})
	client.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			out, err := next.Query(ctx, q)
			if err == nil {
				err = v.open(ctx, out)
			}
			return out, err
		})
	}))
}

// before seals what a mutation writes.
func (v *Vault) before(ctx context.Context, m ent.Mutation) error {
	if a, ok := m.(*ent.AuditEntryMutation); ok {
		return v.beforeAudit(ctx, a)
	}
	name, id, ok := mutated(m)
	if !ok || m.Op().Is(ent.OpDelete|ent.OpDeleteOne) {
		return nil
	}
	table := v.tables[name]
	for _, s := range table.Sealed {
		value, ok := m.Field(s.Column)
		if !ok {
			continue
		}
		if err := v.set(ctx, m, table.Name, s, id, value.(string)); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) set(ctx context.Context, m ent.Mutation, table string, s catalog.Sealed, id uuid.UUID, plain string) error {
	sealed, blind := "", ""
	if plain != "" {
		if id == uuid.Nil {
			return fmt.Errorf("vault: %s.%s of many rows cannot be set at once", table, s.Column)
		}
		keys, err := v.keys(ctx, true)
		if err != nil {
			return err
		}
		if sealed, err = keys.Seal(table, s.Column, id, plain); err != nil {
			return err
		}
		blind = keys.Blind(table, s.Column, s.Form, plain)
	}
	if err := m.SetField(s.Column, sealed); err != nil || s.Blind == "" {
		return err
	}
	return m.SetField(s.Blind, blind)
}

// open opens the sealed texts of what ent returns.
func (v *Vault) open(ctx context.Context, out ent.Value) error {
	switch out := out.(type) {
	case *ent.AuditEntry:
		return v.openAudit(ctx, out)
	case []*ent.AuditEntry:
		return v.openAudit(ctx, out...)
	}
	return each(out, func(e entity) error {
		for _, t := range e.texts {
			if !strings.HasPrefix(*t.value, mark) {
				continue
			}
			plain, err := v.openText(ctx, e.table, t.column, e.id, *t.value)
			if err != nil {
				return err
			}
			*t.value = plain
		}
		return nil
	})
}

// OpenText opens a text of a column as it stands in the database, which a statement written by hand has read.
func (v *Vault) OpenText(ctx context.Context, table, column string, id uuid.UUID, text string) (string, error) {
	if !strings.HasPrefix(text, mark) {
		return text, nil
	}
	return v.openText(ctx, table, column, id, text)
}

// openText opens one text; keys that do not know who sealed it are read again, once.
func (v *Vault) openText(ctx context.Context, table, column string, id uuid.UUID, text string) (string, error) {
	keys, err := v.keys(ctx, false)
	if err != nil {
		return "", err
	}
	if keys != nil {
		plain, err := keys.Open(table, column, id, text)
		if !errors.Is(err, errUnknown) {
			return plain, err
		}
		v.Forget(keys.tenant)
		if keys, err = v.keys(ctx, false); err != nil {
			return "", err
		}
	}
	if keys == nil {
		return "", fault.New(fault.Internal, fault.CodeInternal, "vault: %s.%s of %s does not open: the tenant has no keys", table, column, id)
	}
	plain, err := keys.Open(table, column, id, text)
	if errors.Is(err, errUnknown) {
		err = fault.New(fault.Internal, fault.CodeInternal, "vault: %s.%s of %s does not open: the tenant has no such key", table, column, id)
	}
	return plain, err
}

// SealEntity seals the texts of an entity, or of a slice of them, in place, with their blind columns: for statements that
// are written by hand. Its fields are not for people to read any more.
func (v *Vault) SealEntity(ctx context.Context, value ent.Value) error {
	return each(value, func(e entity) error {
		if !slices.ContainsFunc(e.texts, func(t sealedText) bool { return *t.value != "" }) {
			return nil
		}
		keys, err := v.keys(ctx, true)
		if err != nil {
			return err
		}
		table := v.tables[e.table]
		for i, s := range table.Sealed {
			t := e.texts[i]
			plain := *t.value
			if *t.value, err = keys.Seal(e.table, s.Column, e.id, plain); err != nil {
				return err
			}
			if t.blind != nil {
				*t.blind = keys.Blind(e.table, s.Column, s.Form, plain)
			}
		}
		return nil
	})
}

// Blinds gives what stands in for values in the blind column of a sealed one, for filters. Values of a tenant without keys
// stand nowhere.
func (v *Vault) Blinds(ctx context.Context, table, column string, values []string) ([]string, error) {
	t := v.tables[table]
	at := slices.IndexFunc(t.Sealed, func(s catalog.Sealed) bool { return s.Column == column && s.Blind != "" })
	if at < 0 {
		return nil, fmt.Errorf("vault: %s.%s has no blind column", table, column)
	}
	keys, err := v.keys(ctx, false)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(values))
	for i, value := range values {
		if out[i] = "-"; keys != nil {
			out[i] = keys.Blind(table, column, t.Sealed[at].Form, value)
		}
		if value == "" {
			out[i] = ""
		}
	}
	return out, nil
}
