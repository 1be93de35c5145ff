package fields

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/customfield"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Reorder puts the fields of a noun in a new order and returns them in it. The order names every field in use once, so
// that it cannot lose one that somebody else has just defined. Needs custom_field:update. Faults: those of
// Order.Validate; NOT_FOUND for what is no field in use of the noun; INCONSISTENT when one is left out.
func (s *Service) Reorder(ctx context.Context, o Order) (now []*ent.CustomField, err error) {
	if _, err := s.Policies.Require(ctx, policies.CustomFieldUpdate); err != nil {
		return nil, err
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		fields, err := s.ordered(ctx, tx, o)
		if err != nil {
			return err
		}
		now = make([]*ent.CustomField, len(fields))
		for i, f := range fields {
			if now[i], err = s.move(ctx, tx, f, (i+1)*step); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return now, nil
}

// ordered locks the fields and returns them in their new order.
func (s *Service) ordered(ctx context.Context, tx *ent.Tx, o Order) ([]*ent.CustomField, error) {
	if _, err := tenancy.Lock(ctx, tx); err != nil { // no field is added meanwhile
		return nil, err
	}
	rows, err := tx.CustomField.Query().Where(customfield.NounEQ(o.Noun), customfield.ArchivedAtIsNil()).
		Order(ent.Asc(customfield.FieldID)).ForUpdate().All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "load custom fields")
	}
	byID := make(map[publicid.CustomFieldID]*ent.CustomField, len(rows))
	for _, f := range rows {
		byID[f.ID] = f
	}
	fields := make([]*ent.CustomField, len(o.IDs))
	for i, id := range o.IDs {
		if fields[i] = byID[id]; fields[i] == nil {
			return nil, fault.NoSuch("custom field", "ids")
		}
	}
	if len(fields) != len(rows) {
		return nil, fault.New(fault.Invalid, fault.Inconsistent, "there are %d custom fields in use, the order names %d", len(rows), len(fields)).At("ids")
	}
	return fields, nil
}

func (s *Service) move(ctx context.Context, tx *ent.Tx, old *ent.CustomField, position int) (*ent.CustomField, error) {
	if old.Position == position {
		return old, nil
	}
	now, err := tx.CustomField.UpdateOne(old).AddVersion(1).SetPosition(position).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "write a custom field")
	}
	return now, s.Audit.Record(ctx, tx, audit.Entry{Action: "update", Object: "custom_field", ID: old.ID.UUID(), Before: old, After: now})
}
