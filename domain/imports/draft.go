package imports

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"heyue/domain/ocds"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/platform/date"
)

// local is what a tenant decides for its imports.
type local struct {
	settings.Settings
	zone  *time.Location
	today date.Date
	young bool // the tables may be nearly empty; see freshPlans
}

// draft is one process mapped to our terms, before any row of the database was looked at.
type draft struct {
	source    *ocds.Process
	customers []customerDraft
	contracts []contractDraft
	problems  []ocds.Problem
	counted   map[string]int // index in problems by path and reason, for problems about many values
}

// customerDraft is an organisation of the other side as one process describes it.
type customerDraft struct {
	key, mention string
	row          ent.Customer
	contacts     []ent.Contact
	said         signature
}

// part is a part of a contract and what names it in the source for good.
type part[T any] struct {
	source string
	row    T
}

type contractDraft struct {
	source     string
	index      int    // in the process
	customer   string // key of the counterparty
	state      ocds.Status
	row        ent.Contract
	parties    []part[partyDraft]
	lines      []part[ent.ContractLine]
	payments   []part[ent.Payment]
	milestones []part[ent.Milestone]
	documents  []part[ent.DocumentReference]
	changes    []part[ent.ContractChange]
	said       signature
}

type partyDraft struct {
	ent.ContractParty
	customer string // key, or empty
}

// mapping is the version of how sources become rows. Raising it makes the next import look at everything anew.
const mapping = "1:"

func newDraft(p *ocds.Process, here local) *draft {
	d := &draft{source: p, counted: map[string]int{}}
	if !d.process() {
		return d
	}
	parties := d.organisations()
	for i := range p.Contracts {
		d.contracts = append(d.contracts, d.contract(i, parties, here))
	}
	return d
}

// process tells whether there is anything to import: input that belongs to no process has problems only.
func (d *draft) process() bool { return d.source.OCID != "" && d.source.SourceHash != "" }

func (d *draft) hash() string { return mapping + d.source.SourceHash }

// note records a problem at a place of the process.
func (d *draft) note(path string, severity ocds.Severity, format string, args ...any) {
	d.problems = append(d.problems, d.problem(path, severity, fmt.Sprintf(format, args...)))
}

func (d *draft) problem(path string, severity ocds.Severity, reason string) ocds.Problem {
	return ocds.Problem{
		Line: d.source.Line, Element: d.source.Element, Offset: d.source.Offset, OCID: d.source.OCID,
		Path: path, Reason: reason, Severity: severity, Count: 1,
	}
}

// count records a problem that many values of a process may have, once with their number.
func (d *draft) count(pattern string, severity ocds.Severity, reason string) {
	at, ok := d.counted[pattern+"\x00"+reason]
	if ok {
		d.problems[at].Count++
		return
	}
	d.counted[pattern+"\x00"+reason] = len(d.problems)
	d.note(pattern, severity, "%s", reason)
}

const noPlace = "has no place in a contract file and was left out"

// lost counts a value that there is no column for.
func (d *draft) lost(there bool, pattern string) {
	if there {
		d.count(pattern, ocds.Field, noPlace)
	}
}

// text brings a text to what a column takes: no NUL, at most limit characters.
func (d *draft) text(pattern, s string, limit int) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
		d.count(pattern, ocds.Altered, "contains the character NUL, which was left out")
	}
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	d.count(pattern, ocds.Altered, fmt.Sprintf("is longer than %d characters and was cut", limit))
	return strings.TrimSpace(string([]rune(s)[:limit]))
}

func day(d date.Date) *date.Date {
	if d.IsZero() {
		return nil
	}
	return &d
}
