package fields

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/ent/customvalue"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Keep writes the values of a record once more for filters and sorts. It is called in the transaction of the record's
// write, when the record has its id.
type Keep = func(subject uuid.UUID) error

// Settle gives the values that a record has after a change: old are those that it has, in what the change says of them,
// made tells that the record is new. When something changes it hands the new values to set, which gives them to the
// record. It serves the owners of the records, which have asked for permissions and locked the row; only what a REFERENCE
// points at is checked here, against what the caller may see. Faults: those of [custom.Settle]; NOT_FOUND and WRONG_STATE
// for a REFERENCE to what is out of sight or archived; LIMIT_REACHED.
func (s *Service) Settle(ctx context.Context, tx *ent.Tx, noun custom.Noun, old custom.Set, in []*custom.Input, made bool, set func(custom.Set)) (Keep, error) {
	if len(in) == 0 && !made {
		return keepNothing, nil
	}
	if len(in) > s.Limit {
		return nil, fault.New(fault.Invalid, fault.LimitReached, "custom has %d entries, at most %d are allowed", len(in), s.Limit).At("custom")
	}
	if err := s.writable(ctx, noun, in); err != nil {
		return nil, err
	}
	rows, err := s.of(ctx, tx.CustomField, noun, true)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	now := custom.Settle(&c, definitions(rows), old, in, made)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := s.seen(ctx, tx, rows, old, now, in); err != nil {
		return nil, err
	}
	return s.keep(ctx, tx, rows, old, now, set), nil
}

// Copy gives a new record the values of an old one, as far as their fields are still in use: a renewed contract goes on
// with what its predecessor said.
func (s *Service) Copy(ctx context.Context, tx *ent.Tx, noun custom.Noun, from custom.Set, set func(custom.Set)) (Keep, error) {
	if len(from) == 0 {
		return keepNothing, nil
	}
	rows, err := s.of(ctx, tx.CustomField, noun, false)
	if err != nil {
		return nil, err
	}
	now := custom.Set{}
	for _, f := range rows {
		if raw, ok := from[f.Key]; ok {
			now[f.Key] = raw
		}
	}
	return s.keep(ctx, tx, rows, nil, now, set), nil
}

func keepNothing(uuid.UUID) error { return nil }

// keep hands over what has changed and returns how to write it to the columns.
func (s *Service) keep(ctx context.Context, tx *ent.Tx, rows []*ent.CustomField, old, now custom.Set, set func(custom.Set)) Keep {
	values := custom.Values(definitions(rows), now)
	var changed []publicid.CustomFieldID
	var creates []*ent.CustomValueCreate
	for _, f := range rows {
		before, had := old[f.Key]
		after, has := now[f.Key]
		if had == has && bytes.Equal(before, after) {
			continue
		}
		if had {
			changed = append(changed, f.ID)
		}
		if has {
			column := values[f.Key].Column()
			creates = append(creates, tx.CustomValue.Create().SetFieldID(f.ID).
				SetNillableText(column.Text).SetNillableNumber(column.Number).SetNillableDay(column.Day))
		}
	}
	if len(changed)+len(creates) == 0 {
		return keepNothing
	}
	set(now)
	return func(subject uuid.UUID) error {
		if len(changed) > 0 {
			_, err := tx.CustomValue.Delete().Where(customvalue.SubjectID(subject), customvalue.FieldIDIn(changed...)).Exec(ctx)
			if err != nil {
				return tenancy.Fault(err, "take custom values away")
			}
		}
		for _, c := range creates {
			c.SetSubjectID(subject)
		}
		return tenancy.Fault(tx.CustomValue.CreateBulk(creates...).Exec(ctx), "write custom values")
	}
}
