// Package capitals writes sums of renminbi in Chinese capital characters, 大写金额, as they stand on bills and in
// contracts: characters that nobody turns into others with a stroke of the pen. It follows the rules for filling in
// bills that the People's Bank of China added to the Measures for Payment and Settlement (正确填写票据和结算凭证的基本规定,
// 1997): the sum begins with 人民币, ends with 整 after 元 or 角 and with nothing after 分, and zeros are read once.
package capitals

import (
	"strings"

	"heyue/platform/fault"
	"heyue/platform/money"
)

// Most is the largest sum that can be written, in fen: below one hundred thousand 亿.
const Most = 9_999_999_999_999_99

const digits = "零壹贰叁肆伍陆柒捌玖"

func digit(n int64) string { return string([]rune(digits)[n]) }

// Of writes a sum: 1234.50 CNY is 人民币壹仟贰佰叁拾肆元伍角整. A sum below zero begins with 人民币负. It fails with
// UNKNOWN_VALUE for another currency, which has no capitals, and with OUT_OF_RANGE beyond Most either way.
func Of(m money.Money) (string, error) {
	if m.Currency() != money.CNY {
		return "", fault.New(fault.Invalid, fault.UnknownValue, "only CNY is written in Chinese capitals, not %s", m.Currency())
	}
	fen := m.Minor()
	if fen > Most || fen < -Most {
		return "", fault.New(fault.Invalid, fault.OutOfRange, "%s is beyond what is written in Chinese capitals", m)
	}
	var b strings.Builder
	b.WriteString("人民币")
	if fen < 0 {
		b.WriteString("负")
		fen = -fen
	}
	yuan, jiao, cents := fen/100, fen/10%10, fen%10
	if yuan > 0 || fen == 0 {
		b.WriteString(integer(yuan) + "元")
	}
	b.WriteString(fraction(yuan, jiao, cents))
	return b.String(), nil
}

// fraction writes what is less than a yuan. A 零 stands for missing 角 before 分, and before 角 when the yuan end in 0.
func fraction(yuan, jiao, fen int64) string {
	if jiao == 0 && fen == 0 {
		return "整"
	}
	s := ""
	if yuan > 0 && (jiao == 0 || yuan%10 == 0) {
		s = "零"
	}
	if jiao > 0 {
		s += digit(jiao) + "角"
	}
	if fen == 0 {
		return s + "整"
	}
	return s + digit(fen) + "分"
}

// integer writes a whole number up to 16 digits in groups of four: 亿, 万 and the rest. Zeros inside and between groups
// are read as one 零; those at the end of a group are not read.
func integer(n int64) string {
	if n == 0 {
		return digit(0)
	}
	units := []string{"", "万", "亿", "万亿"}
	s, zero := "", false
	for i := len(units) - 1; i >= 0; i-- {
		part := n / pow10(4*i) % 10000
		if part == 0 {
			zero = zero || s != ""
			continue
		}
		if s != "" && (zero || part < 1000) {
			s += digit(0)
		}
		unit := units[i]
		if i == 3 && n/pow10(8)%10000 > 0 {
			unit = "万" // 亿 follows and carries both
		}
		s, zero = s+group(part)+unit, false
	}
	return s
}

// group writes 1 to 9999.
func group(n int64) string {
	units := []string{"", "拾", "佰", "仟"}
	s, zero := "", false
	for i := 3; i >= 0; i-- {
		d := n / pow10(i) % 10
		if d == 0 {
			zero = s != ""
			continue
		}
		if zero {
			s += digit(0)
		}
		s, zero = s+digit(d)+units[i], false
	}
	return s
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
