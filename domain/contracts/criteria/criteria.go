// Package criteria holds what contracts can be selected by. It is apart from the contracts' use cases so that reports
// select by the same words, and every figure of a report can be opened as the list of contracts that it counts.
package criteria

import (
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	customers "heyue/domain/customers/criteria"
	"heyue/domain/progress/work"
	"heyue/domain/settlement/plan"
	"heyue/platform/date"
	"heyue/platform/listing"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// Filter selects contracts by every key of K1. Without Archived, archived contracts are left out.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	Number            *listing.Text           `column:"number"`
	Title             *listing.Text           `column:"title"`
	Customer          *customers.Filter       `relation:"customers,customer_id,id"`
	CustomerID        []publicid.CustomerID   `column:"customer_id"`
	SignedOn          *listing.Dates          `column:"signed_on"`
	EffectiveOn       *listing.Dates          `column:"effective_on"`
	EndsOn            *listing.Dates          `column:"ends_on"`
	Kind              []lifecycle.Kind        `column:"kind"`
	Direction         []lifecycle.Direction   `column:"direction"`
	Status            []lifecycle.Status      `column:"status"`
	Currency          []money.Currency        `column:"currency"`
	OwnerID           []publicid.UserID       `column:"owner_id"`
	DepartmentID      []publicid.DepartmentID `column:"department_id"`
	WithoutOwner      *bool                   `filter:"null,owner_id"`
	WithoutDepartment *bool                   `filter:"null,department_id"`
	Instalment        *Instalment             `relation:"payment_plan_lines,id,contract_id"`
	ProgressLine      *Work                   `relation:"progress_lines,id,contract_id"`
	Milestone         *Milestone              `relation:"milestones,id,contract_id"`
	Archived          *bool                   `filter:"archived"`
	Custom            []*listing.Custom       `custom:"CONTRACT"`
}

// Instalment selects contracts that have an instalment like this.
type Instalment struct {
	DueOn    *listing.Dates   `column:"due_on"`
	State    []plan.LineState `column:"state"`
	Awaiting *bool            `column:"awaiting"`
}

// Work selects contracts that have a progress line like this.
type Work struct {
	Kind      []work.Kind    `column:"kind"`
	PlannedOn *listing.Dates `column:"planned_on"`
	State     []work.State   `column:"state"`
}

// Milestone selects contracts that have a milestone like this.
type Milestone struct {
	Kind  []milestone.Kind  `column:"kind"`
	DueOn *listing.Dates    `column:"due_on"`
	State []milestone.State `column:"state"`
}

// Standing are the statuses in which a contract's dates stand, so that one that has passed is overdue.
func Standing() []lifecycle.Status {
	var out []lifecycle.Status
	for _, s := range lifecycle.Statuses() {
		if s.OwesObligations() {
			out = append(out, s)
		}
	}
	return out
}

// Overdue selects contracts of which something should have happened before today: an instalment, a progress line or a
// milestone is open, its day has passed, and the contract's dates stand.
func Overdue(today date.Date) *Filter {
	yesterday := today.AddDays(-1)
	before, firm := &listing.Dates{To: &yesterday}, false
	return &Filter{Status: Standing(), Or: []*Filter{
		{Instalment: &Instalment{DueOn: before, State: []plan.LineState{plan.Planned, plan.PartlyPaid}, Awaiting: &firm}},
		{ProgressLine: &Work{PlannedOn: before, State: work.Open()}},
		{Milestone: &Milestone{DueOn: before, State: []milestone.State{milestone.Open}}},
	}}
}
