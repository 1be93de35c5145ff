// Package settings is what a tenant may decide for itself, as one value stored as JSON on the tenant's row (A5).
// Every limit and threshold of the product that a business may want otherwise is here with its default; nothing
// here can weaken isolation or permissions. It is pure; the tenant service reads, validates and stores it.
package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/numbering"
	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
)

// Limits and defaults of how long a tenant's events are kept for clients that resume.
const (
	MinEventRetentionDays     = 1
	MaxEventRetentionDays     = 365
	DefaultEventRetentionDays = 30
)

// The tenant's own starting points.
const (
	DefaultTimeZone = "Asia/Shanghai"
	DefaultLocale   = "zh-CN"
)

// Settings are one tenant's decisions. Default makes them; the zero value is not valid. JSON written by an older
// version is read with today's defaults for what it lacks.
type Settings struct {
	TimeZone string         `json:"timeZone"` // IANA name; contract dates begin and end in it
	Locale   string         `json:"locale"`   // language of messages that no user's own choice decides
	Currency money.Currency `json:"currency"` // offered first for new contracts

	ContractNumberRule  string  `json:"contractNumberRule"`  // see package numbering
	ContractNumberRules ByKind  `json:"contractNumberRules"` // for kinds that are numbered otherwise
	ReminderLadders     Ladders `json:"reminderLadders"`     // see package schedule

	// AlertChannels are the ways by which an alert reaches whoever it is for.
	AlertChannels []channel.Channel `json:"alertChannels"`

	// ExchangeRates say what 100 units of other currencies are worth in Currency, as Chinese banks quote them (每100外币).
	// They compare sums, as in the conditions of approval flows; no money is ever booked by them.
	ExchangeRates Rates `json:"exchangeRates"`

	// ReceiptExcess is how far the money booked on a plan line may go beyond the planned sum, in basis points of
	// it (hundredths of a percent); 0 for not at all. It must not exceed plan.MaxTolerance.
	ReceiptExcess int `json:"receiptExcess"`
	// PlanTolerance is how far a plan's total may be from the contract's value, in basis points of it.
	PlanTolerance int `json:"planTolerance"`
	// PaymentRequestsRequired is whether money goes out under payable contracts only after a request was agreed to (F8).
	PaymentRequestsRequired bool `json:"paymentRequestsRequired"`

	// EventRetentionDays is how long a client may stay away and still resume its event stream without a gap (J9).
	EventRetentionDays int `json:"eventRetentionDays"`
}

// ByKind holds a number rule for some kinds of contract.
type ByKind map[lifecycle.Kind]string

// Rates hold what 100 units of a currency are worth.
type Rates map[money.Currency]money.Decimal

// Ladders holds the reminder ladder of every kind of obligation.
type Ladders map[due.Kind]schedule.Ladder

// Locales returns the languages the product speaks.
func Locales() []string { return []string{"zh-CN", "en"} }

// Default returns the settings of a new tenant. Sums must match exactly until the tenant says otherwise.
func Default() Settings {
	return Settings{
		TimeZone:            DefaultTimeZone,
		Locale:              DefaultLocale,
		Currency:            money.CNY,
		ContractNumberRule:  numbering.DefaultRule,
		ContractNumberRules: ByKind{},
		ExchangeRates:       Rates{},
		ReminderLadders:     defaultLadders(),
		AlertChannels:       []channel.Channel{channel.InApp},
		EventRetentionDays:  DefaultEventRetentionDays,
	}
}

// defaultLadders gives every kind of obligation the shipped ladder: 90, 30, 7 and 1 days before, on the day, and weekly
// once overdue (J1, J4). A tenant shortens what it finds too long. Approvals are told at once; a task is reminded of on
// the day it should be decided by, then daily for ten days (F4, J5), a result never again. An endpoint that
// was disabled is told of at once, then weekly for a month.
func defaultLadders() Ladders {
	ladders := Ladders{}
	for _, k := range due.Kind("").Values() {
		ladders[due.Kind(k)] = schedule.Default()
	}
	at := schedule.Default().At
	ladders[due.ApprovalTask] = schedule.Ladder{Before: []int{0}, OverdueEvery: 1, OverdueMax: 10, At: at, Grace: 3}
	ladders[due.EndpointDisabled] = schedule.Ladder{Before: []int{0}, OverdueEvery: 7, OverdueMax: 4, At: at}
	ladders[due.ApprovalResult] = schedule.Ladder{Before: []int{}, At: at}
	return ladders
}

// Validate reports everything that is wrong, each fault with its path such as reminderLadders.PAYMENT_DUE.before.2.
func (s Settings) Validate() error {
	var c fault.Check
	_, err := date.LoadZone(s.TimeZone)
	adopt(&c, "timeZone", err)
	c.That(slices.Contains(Locales(), s.Locale), fault.UnknownValue, "locale",
		"%.20q is not a language of this product; choose one of %s", s.Locale, strings.Join(Locales(), ", "))
	_, err = money.ParseCurrency(string(s.Currency))
	adopt(&c, "currency", err)
	_, err = numbering.Parse(s.ContractNumberRule)
	adopt(&c, "contractNumberRule", err)
	s.ContractNumberRules.check(&c)
	s.ReminderLadders.check(&c)
	checkChannels(&c, s.AlertChannels)
	s.ExchangeRates.check(&c, s.Currency)
	inRange(&c, "receiptExcess", s.ReceiptExcess, 0, plan.MaxTolerance)
	inRange(&c, "planTolerance", s.PlanTolerance, 0, plan.MaxTolerance)
	inRange(&c, "eventRetentionDays", s.EventRetentionDays, MinEventRetentionDays, MaxEventRetentionDays)
	return c.Err()
}

func checkChannels(c *fault.Check, channels []channel.Channel) {
	c.That(len(channels) > 0, fault.Required, "alertChannels", "name at least one channel, or nobody is reminded")
	for i, ch := range channels {
		at := "alertChannels." + strconv.Itoa(i)
		c.That(ch.Valid(), fault.UnknownValue, at, "%.20q is not a channel", string(ch))
		c.That(!slices.Contains(channels[:i], ch), fault.Duplicate, at, "%.20s is named twice", string(ch))
	}
}

func (b ByKind) check(c *fault.Check) {
	for _, k := range slices.Sorted(maps.Keys(b)) {
		field := "contractNumberRules." + clip(string(k))
		if !k.Valid() {
			c.Add(fault.UnknownValue, field, "%.20q is not a kind of contract", string(k))
			continue
		}
		_, err := numbering.Parse(b[k])
		adopt(c, field, err)
	}
}

func (r Rates) check(c *fault.Check, own money.Currency) {
	for _, k := range slices.Sorted(maps.Keys(r)) {
		field := "exchangeRates." + clip(string(k))
		_, err := money.ParseCurrency(string(k))
		adopt(c, field, err)
		c.That(k != own, fault.Inconsistent, field, "%s is the tenant's own currency", own)
		c.That(r[k].Sign() > 0, fault.OutOfRange, field, "a rate is more than 0, not %s", r[k])
	}
}

func (l Ladders) check(c *fault.Check) {
	kinds := due.Kind("").Values()
	for _, k := range slices.Sorted(maps.Keys(l)) {
		field := "reminderLadders." + clip(string(k))
		if !slices.Contains(kinds, string(k)) {
			c.Add(fault.UnknownValue, field, "%.20q is not a kind of obligation", string(k))
			continue
		}
		adopt(c, field, l[k].Validate())
	}
	for _, k := range kinds {
		_, ok := l[due.Kind(k)]
		c.That(ok, fault.Required, "reminderLadders."+k, "the ladder of %s is missing", k)
	}
}

// Zone returns the tenant's time zone. It fails only for settings that were never validated.
func (s Settings) Zone() (*time.Location, error) { return date.LoadZone(s.TimeZone) }

// Convert gives a sum in another currency by the tenant's rates; false when one is missing or the sum gets too large.
func (s Settings) Convert(m money.Money, into money.Currency) (money.Decimal, bool) {
	hundred := money.Whole(100)
	rate := func(c money.Currency) money.Decimal {
		if c == s.Currency {
			return hundred
		}
		return s.ExchangeRates[c] // zero without one
	}
	from, to := rate(m.Currency()), rate(into)
	if from.IsZero() || to.IsZero() {
		return money.Decimal{}, false
	}
	sum, err := m.At(from, to, into)
	return sum.Amount(), err == nil
}

// NumberRule returns the rule that contracts of kind k are numbered by.
func (s Settings) NumberRule(k lifecycle.Kind) (numbering.Rule, error) {
	if text, ok := s.ContractNumberRules[k]; ok {
		return numbering.Parse(text)
	}
	return numbering.Parse(s.ContractNumberRule)
}

// Ladder returns the reminder ladder for obligations of kind k.
func (s Settings) Ladder(k due.Kind) schedule.Ladder {
	if l, ok := s.ReminderLadders[k]; ok {
		return l
	}
	return defaultLadders()[k]
}

// adopt takes over the faults of err under field.
func adopt(c *fault.Check, field string, err error) {
	for _, f := range fault.All(err) {
		c.Add(f.Code, strings.Join(append([]string{field}, f.Field...), "."), "%s", f.Message)
	}
}

func inRange(c *fault.Check, field string, n, lo, hi int) {
	c.That(n >= lo && n <= hi, fault.OutOfRange, field, "%s is %d to %d, not %d", field, lo, hi, n)
}

// clip keeps a hostile key from filling a path.
func clip(s string) string { return fmt.Sprintf("%.32s", s) }
