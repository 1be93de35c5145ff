package custom

import (
	"encoding/json"
	"fmt"
	"strings"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Input is one value as a caller gives it: the field by its key, the value in the part that is named like the field's
// type. Without any part it takes the value away.
type Input struct {
	Key       string
	Text      *string
	Number    *money.Decimal
	Money     *money.Input
	Date      *date.Date
	Choice    *string
	Reference *publicid.Any
}

// Settle gives the values of a record after inputs, as [Apply] does, and records every fault where a caller looks for
// it: below custom, at the position of the value and its part, such as custom.2.money; at custom itself when a required
// field was not named. Codes besides those of Apply: DUPLICATE for a field that is named twice, INCONSISTENT for two
// parts, MALFORMED for the part of another type.
func Settle(c *fault.Check, fields []Definition, old Set, inputs []*Input, made bool) Set {
	known := make(map[string]Definition, len(fields))
	for _, d := range fields {
		known[d.Key] = d
	}
	places, refused, change := map[string]string{}, map[string]bool{}, map[string]json.RawMessage{}
	for i, in := range inputs {
		d, ok := known[in.Key]
		place := fmt.Sprintf("custom.%d", i)
		switch _, twice := places[in.Key]; {
		case !ok:
			c.Add(fault.UnknownValue, place+".key", "there is no custom field %.40q", in.Key)
			continue
		case twice:
			c.Add(fault.Duplicate, place+".key", "the custom field %s is named twice", in.Key)
			continue
		}
		raw, code, message := in.raw(d.Type)
		places[in.Key] = place + "." + d.Type.part()
		if d.Archived {
			places[in.Key] = place + ".key"
		}
		if code != "" {
			c.Add(code, places[in.Key], "%s %s", d.Key, message)
			refused[in.Key] = true
			continue
		}
		change[in.Key] = raw
	}
	var inner fault.Check
	now := Apply(&inner, fields, old, change, made)
	for _, f := range fault.All(inner.Err()) {
		place, named := places[f.Field[0]]
		switch {
		case refused[f.Field[0]]:
		case named:
			c.Add(f.Code, strings.Join(append([]string{place}, f.Field[1:]...), "."), "%s", f.Message)
		default:
			c.Add(f.Code, "custom", "%s", f.Message)
		}
	}
	return now
}

// part names the part of an input that holds a value of the type.
func (t Type) part() string { return strings.ToLower(string(t)) }

// parts are the values of the parts that are given, by the type that they are for.
func (in *Input) parts() map[Type]any {
	out := map[Type]any{}
	if in.Text != nil {
		out[Text] = *in.Text
	}
	if in.Number != nil {
		out[Number] = in.Number.String()
	}
	if in.Money != nil {
		out[Money] = map[string]string{"amount": in.Money.Amount.String(), "currency": string(in.Money.Currency)}
	}
	if in.Date != nil {
		out[Date] = in.Date.String()
	}
	if in.Choice != nil {
		out[Choice] = *in.Choice
	}
	if in.Reference != nil {
		out[Reference] = in.Reference.String()
	}
	return out
}

// raw is the given value as [Apply] takes it: null for none. A code other than "" says what is wrong.
func (in *Input) raw(t Type) (raw json.RawMessage, code fault.Code, message string) {
	parts := in.parts()
	value, fits := parts[t]
	switch {
	case len(parts) == 0:
		return json.RawMessage("null"), "", ""
	case len(parts) > 1:
		return nil, fault.Inconsistent, "was given more than one value"
	case !fits:
		return nil, fault.Malformed, fmt.Sprintf("is a %s; give its value as %s", t, t.part())
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fault.Malformed, "is not valid text"
	}
	return raw, "", ""
}
