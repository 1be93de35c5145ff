package capitals_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"heyue/domain/templates/capitals"
	"heyue/platform/fault"
	"heyue/platform/money"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for amount, want := range map[string]string{
		"0":                 "零元整",
		"0.01":              "壹分",
		"0.10":              "壹角整",
		"0.11":              "壹角壹分",
		"1":                 "壹元整",
		"1.01":              "壹元零壹分",
		"1.20":              "壹元贰角整",
		"10":                "壹拾元整",
		"10.50":             "壹拾元零伍角整",
		"100.05":            "壹佰元零伍分",
		"105":               "壹佰零伍元整",
		"1005.32":           "壹仟零伍元叁角贰分",
		"1409.50":           "壹仟肆佰零玖元伍角整",
		"6007.14":           "陆仟零柒元壹角肆分",
		"1680.32":           "壹仟陆佰捌拾元零叁角贰分",
		"16409.02":          "壹万陆仟肆佰零玖元零贰分",
		"107000.53":         "壹拾万柒仟元零伍角叁分",
		"10000":             "壹万元整",
		"10001":             "壹万零壹元整",
		"100100":            "壹拾万零壹佰元整",
		"110000":            "壹拾壹万元整",
		"149597":            "壹拾肆万玖仟伍佰玖拾柒元整",
		"1000000":           "壹佰万元整",
		"10010001":          "壹仟零壹万零壹元整",
		"100000000":         "壹亿元整",
		"100000001":         "壹亿零壹元整",
		"100010000":         "壹亿零壹万元整",
		"110000000":         "壹亿壹仟万元整",
		"1000000000000":     "壹万亿元整",
		"1000000000001":     "壹万亿零壹元整",
		"1000100000000":     "壹万零壹亿元整",
		"2345678901234.56":  "贰万叁仟肆佰伍拾陆亿柒仟捌佰玖拾万壹仟贰佰叁拾肆元伍角陆分",
		"9999999999999.99":  "玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
		"-0.05":             "负伍分",
		"-1409.50":          "负壹仟肆佰零玖元伍角整",
		"-9999999999999.99": "负玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
	} {
		m, err := money.Parse(amount, money.CNY)
		if err != nil {
			t.Fatal(amount, err)
		}
		if got, err := capitals.Of(m); err != nil || got != "人民币"+want {
			t.Errorf("%s is %q, %v; want 人民币%s", amount, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m    money.Money
		code fault.Code
	}{
		"another currency": {money.Of(100, "USD"), fault.UnknownValue},
		"no sum":           {money.Money{}, fault.UnknownValue},
		"too much":         {money.Of(capitals.Most+1, money.CNY), fault.OutOfRange},
		"too little":       {money.Of(-capitals.Most-1, money.CNY), fault.OutOfRange},
	} {
		if s, err := capitals.Of(c.m); len(fault.All(err)) != 1 || fault.All(err)[0].Code != c.code {
			t.Errorf("%s: %q, %v; want %s", name, s, err, c.code)
		}
	}
}

// TestReadsBack: whoever reads the capitals gets the sum, no 零 stands twice or at the end, and 整 ends what has no 分.
func TestReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.SampledFrom([]int64{10, 1000, 1_000_000, 100_000_000, 1_000_000_000_00, capitals.Most}).Draw(t, "scale")
		fen := rapid.Int64Range(-scale, scale).Draw(t, "fen")
		if rapid.Bool().Draw(t, "many zeros") {
			fen -= fen % rapid.SampledFrom([]int64{10, 100, 10_000, 1_000_000, 1_000_000_00}).Draw(t, "round")
		}
		s, err := capitals.Of(money.Of(fen, money.CNY))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, s); got != fen {
			t.Fatalf("%d is %s, which reads %d", fen, s, got)
		}
		if strings.Contains(s, "零零") || strings.HasSuffix(s, "零") || strings.Contains(s, "零万") || strings.Contains(s, "零亿") {
			t.Fatalf("%d has a 零 too many: %s", fen, s)
		}
		if strings.HasSuffix(s, "整") == (fen%10 != 0) {
			t.Fatalf("%d ends wrongly: %s", fen, s)
		}
	})
}

// read understands capitals without the writer's help.
func read(t *rapid.T, s string) int64 {
	s, ok := strings.CutPrefix(s, "人民币")
	if !ok {
		t.Fatalf("no 人民币: %s", s)
	}
	s, minus := strings.CutPrefix(s, "负")
	var total, section, figure, fen int64
	for _, r := range strings.TrimSuffix(s, "整") {
		if i := strings.IndexRune("零壹贰叁肆伍陆柒捌玖", r); i >= 0 {
			figure = int64(i / len("零"))
			continue
		}
		switch r {
		case '拾':
			section, figure = section+figure*10, 0
		case '佰':
			section, figure = section+figure*100, 0
		case '仟':
			section, figure = section+figure*1000, 0
		case '万':
			total, section, figure = total+(section+figure)*10_000, 0, 0
		case '亿':
			total, section, figure = (total+section+figure)*100_000_000, 0, 0
		case '元':
			fen, total, section, figure = (total+section+figure)*100, 0, 0, 0
		case '角':
			fen, figure = fen+figure*10, 0
		case '分':
			fen, figure = fen+figure, 0
		default:
			t.Fatalf("%q in %s", r, s)
		}
	}
	if minus {
		return -fen
	}
	return fen
}
