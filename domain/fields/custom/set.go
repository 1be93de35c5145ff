package custom

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"heyue/platform/fault"
)

// Apply gives the values of a record after a change: what the change names is set, null takes a value away, the rest
// stays. It records every fault with its key as path: UNKNOWN_VALUE for a field that there is not and an option that is
// archived, NOT_ALLOWED for an archived field, REQUIRED for one that may not be empty, and those of [Definition.Read].
// A required field that an old record never had does not stand in the way of changing others: it is asked for when the
// record is made, and when the change names it.
func Apply(c *fault.Check, fields []Definition, old Set, change map[string]json.RawMessage, made bool) Set {
	known := map[string]Definition{}
	for _, d := range fields {
		known[d.Key] = d
	}
	now := maps.Clone(old)
	if now == nil {
		now = Set{}
	}
	for _, name := range slices.Sorted(maps.Keys(change)) {
		d, ok := known[name]
		switch {
		case !ok:
			c.Add(fault.UnknownValue, clip(name), "there is no custom field %.40q", name)
		case d.Archived:
			c.Add(fault.NotAllowed, d.Key, "the custom field %s is archived", d.Key)
		case null(change[name]):
			delete(now, name)
			c.That(!d.Required, fault.Required, d.Key, "%s is required", d.Key)
		default:
			now[name] = d.put(c, old[name], change[name])
		}
	}
	if made {
		for _, d := range fields {
			_, named := change[d.Key]
			c.That(named || !d.Required || d.Archived, fault.Required, d.Key, "%s is required", d.Key)
		}
	}
	return now
}

// put reads a new value. An archived option may stay and not be chosen.
func (d Definition) put(c *fault.Check, old, raw json.RawMessage) json.RawMessage {
	now := d.Read(c, raw).canonical()
	if d.Type == Choice && !bytes.Equal(old, now) {
		for _, o := range d.Options {
			text, _ := scalar(now, false)
			c.That(!o.Archived || o.Key != text, fault.UnknownValue, d.Key, "the option %s of %s is archived", o.Key, d.Key)
		}
	}
	return now
}

// Values reads a stored set. What its field does not take any more is left out: sets are only ever written by [Apply],
// so that is a bug, and not the reader's to trip over.
func Values(fields []Definition, s Set) map[string]Value {
	out := make(map[string]Value, len(s))
	for _, d := range fields {
		raw, ok := s[d.Key]
		if !ok {
			continue
		}
		var c fault.Check
		if v := d.Read(&c, raw); c.Err() == nil {
			out[d.Key] = v
		}
	}
	return out
}

// Facts are the values as the conditions of approvals compare them, by key: text as it is, numbers and sums as plain
// decimals (a sum without its currency), days as YYYY-MM-DD. A field without a value is absent.
func Facts(values map[string]Value) map[string]string {
	out := make(map[string]string, len(values))
	for name, v := range values {
		out[name] = v.String()
	}
	return out
}

func null(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" || len(raw) == 0 }

func clip(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40])
	}
	return name
}
