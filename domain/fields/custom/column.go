package custom

import (
	"strconv"
	"strings"

	"heyue/platform/date"
	"heyue/platform/money"
)

// scale is how many decimals of a NUMBER are kept.
const scale = 4

// Column is a value as it stands in the columns that lists are filtered and sorted by: TEXT, CHOICE and REFERENCE as
// text, NUMBER in ten-thousandths, MONEY in its currency's smallest unit with the currency as text, DATE as a day.
type Column struct {
	Text   *string
	Number *int64
	Day    *date.Date
}

// Column takes a value apart for the columns of its type.
func (v Value) Column() Column {
	switch v.Type {
	case Number:
		n := TenThousandths(v.Number)
		return Column{Number: &n}
	case Money:
		currency, minor := string(v.Money.Currency()), v.Money.Minor()
		return Column{Text: &currency, Number: &minor}
	case Date:
		return Column{Day: &v.Date}
	}
	return Column{Text: &v.Text}
}

// TenThousandths is a NUMBER as its column holds it. One that no field takes, with more than 14 digits before the point,
// becomes the nearest that the column can hold.
func TenThousandths(d money.Decimal) int64 {
	whole, rest, _ := strings.Cut(d.String(), ".")
	n, err := strconv.ParseInt(whole+rest+strings.Repeat("0", scale-len(rest)), 10, 64)
	_ = err // out of range: n is the end of the range on that side
	return n
}
