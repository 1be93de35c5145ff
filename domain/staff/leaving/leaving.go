// Package leaving names what somebody who leaves may hold, and to whom it goes (B6). It is a leaf, so that every package
// whose records have owners can hand them over without knowing who asks.
package leaving

import (
	"heyue/platform/enum"
	"heyue/platform/publicid"
)

// Handover says whose things go where.
type Handover struct {
	From publicid.UserID
	// To is the successor; nil puts records into the pool of their department, without an owner.
	To *publicid.UserID
	// Home is the department of whoever leaves. It takes records into its pool that have no department; nil for none.
	Home *publicid.DepartmentID
}

// Kind is a sort of thing that somebody may hold.
type Kind string

// Kinds, in the order in which they are handed over. Records come first and what hangs from them after, as everywhere
// locks are taken; delegations before tasks, or a stand-in who leaves would be given the task again.
const (
	Customers      Kind = "CUSTOMERS"
	Contracts      Kind = "CONTRACTS"
	ServiceRecords Kind = "SERVICE_RECORDS"
	Delegations    Kind = "DELEGATIONS"    // times in which they stand in for somebody, or somebody for them
	ApprovalTasks  Kind = "APPROVAL_TASKS" // open, or waiting for their turn
	DueDates       Kind = "DUE_DATES"      // open obligations
	Departments    Kind = "DEPARTMENTS"    // they are the head of
	Reports        Kind = "REPORTS"        // users who report to them
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{Customers, Contracts, ServiceRecords, Delegations, ApprovalTasks, DueDates, Departments, Reports}
}

// Values lists the kinds for the API.
func (Kind) Values() []string { return enum.Texts(Kinds()) }

// Told is what the audit says of one record of the given department: its owner and department before and after.
func (h Handover) Told(department *publicid.DepartmentID) (before, after map[string]any) {
	pooled := department
	if h.To == nil && department == nil {
		pooled = h.Home
	}
	before = map[string]any{"owner_id": h.From, "department_id": department}
	return before, map[string]any{"owner_id": h.To, "department_id": pooled}
}
