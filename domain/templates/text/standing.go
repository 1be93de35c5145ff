package text

import (
	"slices"

	"heyue/platform/date"
	"heyue/platform/enum"
)

// Date is a day of the calendar.
type Date = date.Date

// VersionStatus is where a version of a template stands.
type VersionStatus string

// The life of a version: only a draft's content changes, only a published one begins new contracts.
const (
	Draft     VersionStatus = "DRAFT"
	Published VersionStatus = "PUBLISHED"
	Retired   VersionStatus = "RETIRED"
)

// Values returns all statuses as text, for the entity schema.
func (VersionStatus) Values() []string {
	return []string{string(Draft), string(Published), string(Retired)}
}

// ExceptionStatus is where a clause exception stands.
type ExceptionStatus string

// The life of a clause exception: only an accepted one changes the text.
const (
	Proposed  ExceptionStatus = "PROPOSED"
	Accepted  ExceptionStatus = "ACCEPTED"
	Rejected  ExceptionStatus = "REJECTED"
	Withdrawn ExceptionStatus = "WITHDRAWN"
)

// Values returns all statuses as text, for the entity schema.
func (ExceptionStatus) Values() []string {
	return []string{string(Proposed), string(Accepted), string(Rejected), string(Withdrawn)}
}

// Source says where a slot's value comes from (E4). A value of the contract is read whenever the text is made and
// cannot differ from it; the others are taken over while the contract is drafted.
type Source string

// Sources of values.
const (
	CustomerName       Source = "CUSTOMER_NAME"
	CustomerAddress    Source = "CUSTOMER_ADDRESS"
	CustomerCreditCode Source = "CUSTOMER_CREDIT_CODE"
	CustomerPhone      Source = "CUSTOMER_PHONE"
	CustomerEmail      Source = "CUSTOMER_EMAIL"
	ContactName        Source = "CONTACT_NAME"
	ContactJobTitle    Source = "CONTACT_JOB_TITLE"
	ContactPhone       Source = "CONTACT_PHONE"
	ContactMobile      Source = "CONTACT_MOBILE"
	ContactEmail       Source = "CONTACT_EMAIL"
	TenantName         Source = "TENANT_NAME"
	ContractNumber     Source = "CONTRACT_NUMBER"
	ContractTitle      Source = "CONTRACT_TITLE"
	ContractAmount     Source = "CONTRACT_AMOUNT"
	ContractSignedOn   Source = "CONTRACT_SIGNED_ON"
	ContractStart      Source = "CONTRACT_EFFECTIVE_ON"
	ContractEnd        Source = "CONTRACT_ENDS_ON"
	ContractTerm       Source = "CONTRACT_TERM"
	ContractLines      Source = "CONTRACT_LINES"
	ContractPlan       Source = "CONTRACT_PLAN"
	Previous           Source = "PREVIOUS" // the same slot of the customer's last contract under the template
)

// Sources returns all sources.
func Sources() []Source {
	return []Source{
		CustomerName, CustomerAddress, CustomerCreditCode, CustomerPhone, CustomerEmail,
		ContactName, ContactJobTitle, ContactPhone, ContactMobile, ContactEmail, TenantName,
		ContractNumber, ContractTitle, ContractAmount, ContractSignedOn, ContractStart, ContractEnd, ContractTerm,
		ContractLines, ContractPlan, Previous,
	}
}

// Values returns all sources as text.
func (Source) Values() []string { return enum.Texts(Sources()) }

// Live reports whether the value is the contract's own and read whenever the text is made.
func (s Source) Live() bool {
	switch s {
	case ContractNumber, ContractTitle, ContractAmount, ContractSignedOn, ContractStart, ContractEnd, ContractTerm, ContractLines, ContractPlan:
		return true
	}
	return false
}

// Fits reports whether a slot of type t can take what the source gives.
func (s Source) Fits(t Type) bool {
	switch s {
	case "":
		return t != Field
	case ContractAmount:
		return t == Money
	case ContractSignedOn, ContractStart, ContractEnd:
		return t == Day
	case ContractTerm:
		return t == Period
	case ContractLines, ContractPlan:
		return t == Table
	case ContractNumber, ContractTitle:
		return t == Text
	case Previous:
		return t != Field
	}
	return slices.Contains(Sources(), s) && (t == Text || t == Field)
}
