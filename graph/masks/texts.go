package masks

import (
	"errors"

	"heyue/platform/fault"
)

// Messages quote values: what is still open, what is booked. A caller who is kept from any field gets the messages that
// quote nothing as they are, and in the place of the others one that says the same by its code.

// plain is faults without what they quote.
func plain(faults []*fault.Fault) []*fault.Fault {
	out := make([]*fault.Fault, len(faults))
	for i, f := range faults {
		out[i] = plainOne(f)
	}
	return out
}

func plainOne(f *fault.Fault) *fault.Fault {
	if !f.Quotes {
		return f
	}
	c := *f
	c.Message, c.Quotes = sentence(f.Code), false
	return &c
}

// plainly is plain for an error of the operation.
func plainly(err error) error {
	if err == nil {
		return nil
	}
	var list fault.List
	if errors.As(err, &list) {
		return fault.List(plain(list))
	}
	var f *fault.Fault
	if errors.As(err, &f) && f.Quotes {
		return plainOne(f)
	}
	return err
}

// sentence says what a code means.
func sentence(code fault.Code) string {
	switch code {
	case fault.Required:
		return "a value is required"
	case fault.TooShort:
		return "the value is too short"
	case fault.TooLong:
		return "the value is too long"
	case fault.Malformed:
		return "the value has the wrong form"
	case fault.OutOfRange:
		return "the value is outside what is possible"
	case fault.UnknownValue:
		return "the value is not known"
	case fault.Inconsistent:
		return "the values do not fit together"
	case fault.Duplicate:
		return "there is one already"
	case fault.Missing:
		return "not found"
	case fault.WrongState:
		return "this is not possible as things stand"
	case fault.InUse:
		return "it is in use"
	case fault.NotAllowed:
		return "this is not allowed"
	case fault.LimitReached:
		return "a limit is reached"
	}
	return "the request cannot be carried out"
}
