package fields

import (
	"context"
	"slices"

	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Value is what one field of a record holds. Exactly one of the parts is set, as the field's type says.
type Value struct {
	Field     *ent.CustomField
	Text      *string
	Number    *money.Decimal
	Money     *money.Money
	Date      *date.Date
	Choice    *custom.Option
	Reference *publicid.Any
}

// Key is the key of the value's field.
func (v *Value) Key() string { return v.Field.Key }

// Reader shows the values of the records of one noun. Every value that leaves the product through the API passes it.
type Reader struct{ fields []*ent.CustomField }

// Reader returns what shows the values of a noun's records, archived fields included. It serves edges of records that the
// caller holds already, and asks for no permission of its own; fields that are hidden from the caller are left out.
func (s *Service) Reader(ctx context.Context, noun custom.Noun) (Reader, error) {
	rows, err := s.of(ctx, s.Client.CustomField, noun, true)
	if err == nil {
		rows, err = s.visible(ctx, noun, rows)
	}
	return Reader{rows}, err
}

// Values are the values of one record in the order of their fields; a field without one is left out.
func (r Reader) Values(set custom.Set) []*Value {
	found := custom.Values(definitions(r.fields), set)
	out := make([]*Value, 0, len(found))
	for _, f := range r.fields {
		if v, ok := found[f.Key]; ok {
			out = append(out, show(f, v))
		}
	}
	return out
}

func show(f *ent.CustomField, v custom.Value) *Value {
	out := &Value{Field: f}
	switch v.Type {
	case custom.Number:
		out.Number = &v.Number
	case custom.Money:
		out.Money = &v.Money
	case custom.Date:
		out.Date = &v.Date
	case custom.Choice:
		at := slices.IndexFunc(f.Options, func(o custom.Option) bool { return o.Key == v.Text })
		out.Choice = &f.Options[at] // a choice that is none of the options is not read
	case custom.Reference:
		if id, err := publicid.ParseAny(v.Text); err == nil { // checked when it was read
			out.Reference = &id
		}
	default:
		out.Text = &v.Text
	}
	return out
}
