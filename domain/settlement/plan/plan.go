// Package plan holds the rules of money due under a contract (H1–H5): the lines of a settlement plan, how they are
// paid, and what sums may be booked against them. It is pure; the service locks the rows, asks here, and the
// database repeats the bounds as checks (architecture.md 4).
package plan

import (
	"slices"

	"heyue/platform/date"
	"heyue/platform/enum"
)

// LineState is how far one line of a settlement plan is paid. Overdue is not a state: it changes with the day
// and without any event, so it is asked (Overdue), never stored.
type LineState string

// The states of a plan line.
const (
	Planned    LineState = "PLANNED"     // nothing received or paid yet
	PartlyPaid LineState = "PARTLY_PAID" // something, but less than planned
	Paid       LineState = "PAID"        // all of it, or more within the allowed excess
	Cancelled  LineState = "CANCELLED"   // will not fall due; nothing was paid on it
)

// LineStates returns all states.
func LineStates() []LineState { return []LineState{Planned, PartlyPaid, Paid, Cancelled} }

// Values returns all states as text, for the entity schema.
func (LineState) Values() []string { return enum.Texts(LineStates()) }

// Valid reports whether s is a known state.
func (s LineState) Valid() bool { return slices.Contains(LineStates(), s) }

// IsOpen reports whether money is still to come on the line, so that it is reminded of.
func (s LineState) IsOpen() bool { return s == Planned || s == PartlyPaid }

// Overdue reports whether a line in state s that was due on due is late when it is today in the tenant's zone:
// it may be paid on the day itself.
func Overdue(s LineState, due, today date.Date) bool { return s.IsOpen() && today.After(due) }

// Mode is how a contract is to be paid as a whole (H4).
type Mode string

// The modes of payment.
const (
	DepositBalance Mode = "DEPOSIT_BALANCE" // 定金, then the balance at pick-up or delivery
	Single         Mode = "SINGLE"          // 一次付清: everything at once
	Loan           Mode = "LOAN"            // 贷款: a lender pays, mostly after a down payment
	Instalments    Mode = "INSTALMENTS"     // 分期: any number of dated parts; not for vehicles
)

// Modes returns the modes a contract may have: exactly three for a vehicle contract (HR6), all four for others.
func Modes(vehicle bool) []Mode {
	if vehicle {
		return []Mode{DepositBalance, Single, Loan}
	}
	return []Mode{DepositBalance, Single, Loan, Instalments}
}

// Values returns all modes as text, for the entity schema.
func (Mode) Values() []string { return enum.Texts(Modes(false)) }

// Valid reports whether m is a known mode.
func (m Mode) Valid() bool { return slices.Contains(Modes(false), m) }

// Method is how one payment was made (O1–O3).
type Method string

// The methods of payment.
const (
	BankTransfer   Method = "BANK_TRANSFER"
	Cash           Method = "CASH"
	Card           Method = "CARD"
	Cheque         Method = "CHEQUE"
	AcceptanceBill Method = "ACCEPTANCE_BILL"  // 承兑汇票: money at the bill's due date, not at receipt
	PostalOrder    Method = "POSTAL_ORDER"     // 邮汇
	CashOnDelivery Method = "CASH_ON_DELIVERY" // 货到付款: collected by the courier
	Alipay         Method = "ALIPAY"
	WeChatPay      Method = "WECHAT"
	OtherMethod    Method = "OTHER"
)

// Methods returns all methods in the order in which they are offered.
func Methods() []Method {
	return []Method{
		BankTransfer, Cash, Card, Cheque, AcceptanceBill, PostalOrder, CashOnDelivery, Alipay, WeChatPay, OtherMethod,
	}
}

// Values returns all methods as text, for the entity schema.
func (Method) Values() []string { return enum.Texts(Methods()) }

// Valid reports whether m is a known method.
func (m Method) Valid() bool { return slices.Contains(Methods(), m) }

// EntryKind says what an entry of a contract's account is.
type EntryKind string

// The kinds of entries. Entries are only ever added: a mistake is reversed, once, by an entry that names it.
const (
	PaymentEntry  EntryKind = "PAYMENT"  // money came in or went out, as the contract's direction has it
	RefundEntry   EntryKind = "REFUND"   // money went back
	ReversalEntry EntryKind = "REVERSAL" // another entry never happened
)

// EntryKinds returns all kinds.
func EntryKinds() []EntryKind { return []EntryKind{PaymentEntry, RefundEntry, ReversalEntry} }

// Values returns all kinds as text, for the entity schema.
func (EntryKind) Values() []string { return enum.Texts(EntryKinds()) }
