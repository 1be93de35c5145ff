package reading

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"heyue/platform/money"
)

// Sum is a sum of money that two columns hold: minor units and the currency.
func Sum(object, field, minor, currency string) Value {
	return Value{
		Type: object, Field: field, Needs: []string{minor, currency},
		Make: func(context.Context) (func([][]byte) (any, error), error) { return sum, nil },
	}
}

func sum(held [][]byte) (any, error) {
	minor, err := Whole(held[0])
	m := money.Of(minor, money.Currency(Text(held[1])))
	return &m, err
}

// Whole reads a whole number.
func Whole(raw []byte) (int64, error) { return strconv.ParseInt(string(raw), 10, 64) }

// Text reads a text; "" for NULL.
func Text(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // PostgreSQL made it
	return s
}
