package custom

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Limits of values.
const (
	MaxText   = 500 // characters of a TEXT: it stands in an index, whose entries hold some 2,700 bytes
	maxDigits = 14  // digits of a NUMBER before the point, so that ten-thousandths fit 64 bits
)

// Value is one value, checked. Exactly one of its parts is set, as the field's type says.
type Value struct {
	Type   Type
	Text   string        // TEXT; the key of a CHOICE; the public id of a REFERENCE
	Number money.Decimal // NUMBER
	Money  money.Money   // MONEY
	Date   date.Date     // DATE
}

// Read checks the value of one field and records a fault under the field's key. A CHOICE that is archived, unlike one
// that never was, is Read's to accept: records that have it keep it. Codes: MALFORMED, TOO_LONG, OUT_OF_RANGE,
// UNKNOWN_VALUE.
func (d Definition) Read(c *fault.Check, raw json.RawMessage) Value {
	v := Value{Type: d.Type}
	if d.Type == Money {
		v.Money = d.readMoney(c, raw)
		return v
	}
	text, ok := scalar(raw, d.Type == Number)
	if !ok {
		c.Add(fault.Malformed, d.Key, "%s is %s", d.Key, d.wanted())
		return v
	}
	switch d.Type {
	case Number:
		v.Number = d.readNumber(c, text)
	case Date:
		day, err := date.Parse(text)
		c.That(err == nil, fault.Malformed, d.Key, "%s is %s", d.Key, d.wanted())
		v.Date = day
	case Choice:
		known := slices.ContainsFunc(d.Options, func(o Option) bool { return o.Key == text })
		c.That(known, fault.UnknownValue, d.Key, "%.40q is not an option of %s", text, d.Key)
		v.Text = text
	case Reference:
		id, err := publicid.ParseAny(text)
		c.That(err == nil && id.Prefix == d.Target.prefix(), fault.Malformed, d.Key, "%s is %s", d.Key, d.wanted())
		v.Text = text
	default:
		c.Text(d.Key, text, 1, MaxText)
		v.Text = strings.TrimSpace(text)
	}
	return v
}

func (d Definition) readNumber(c *fault.Check, text string) money.Decimal {
	n, err := money.ParseDecimal(text)
	if err != nil {
		f := fault.All(err)[0]
		c.Add(f.Code, d.Key, "%s", f.Message)
		return n
	}
	whole, _, _ := strings.Cut(strings.TrimPrefix(n.String(), "-"), ".")
	c.That(len(whole) <= maxDigits, fault.OutOfRange, d.Key, "%s has more than %d digits before the point", d.Key, maxDigits)
	return n
}

func (d Definition) readMoney(c *fault.Check, raw json.RawMessage) money.Money {
	var in struct {
		Amount   json.RawMessage
		Currency money.Currency
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if strict.Decode(&in) != nil {
		c.Add(fault.Malformed, d.Key, "%s is %s", d.Key, d.wanted())
		return money.Money{}
	}
	amount, ok := scalar(in.Amount, true)
	if !ok {
		c.Add(fault.Malformed, d.Key+".amount", "%s is %s", d.Key, d.wanted())
		return money.Money{}
	}
	m, err := money.Parse(amount, in.Currency)
	if err != nil {
		f := fault.All(err)[0]
		c.Add(f.Code, d.Key, "%s", f.Message)
	}
	return m
}

// wanted says what a value of the field looks like.
func (d Definition) wanted() string {
	switch d.Type {
	case Number:
		return `a decimal such as "12.5"`
	case Money:
		return `a sum such as {"amount": "12.50", "currency": "CNY"}`
	case Date:
		return `a day such as "2026-11-30"`
	case Reference:
		return "the id of a " + strings.ToLower(string(*d.Target))
	}
	return "text"
}

// prefix is what the public ids of a target begin with.
func (t Target) prefix() string {
	return map[Target]string{
		ToCustomer: publicid.PrefixCustomerID, ToContact: publicid.PrefixContactID, ToContract: publicid.PrefixContractID, ToUser: publicid.PrefixUserID,
	}[t]
}

// scalar reads a JSON string, or a number as it was written.
func scalar(raw json.RawMessage, number bool) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		return text, true
	}
	var n json.Number
	if number && json.Unmarshal(raw, &n) == nil {
		return n.String(), n != ""
	}
	return "", false
}

// canonical writes the one form in which a value is stored and shown.
func (v Value) canonical() json.RawMessage {
	var form any = v.Text
	switch v.Type {
	case Number:
		form = v.Number.String()
	case Money:
		form = v.Money
	case Date:
		form = v.Date.String()
	}
	raw, err := json.Marshal(form)
	if err != nil {
		panic(err) // text, or a type of ours that marshals itself
	}
	return raw
}

// String is the value as conditions compare it; see [Facts].
func (v Value) String() string {
	switch v.Type {
	case Number:
		return v.Number.String()
	case Money:
		return v.Money.Amount().String()
	case Date:
		return v.Date.String()
	}
	return v.Text
}
