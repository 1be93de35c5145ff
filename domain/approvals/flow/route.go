package flow

import (
	"fmt"
	"slices"

	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Candidate is a flow of the tenant that may apply.
type Candidate struct {
	Name       string
	Definition Definition
}

// Shipped is the flow that applies when the tenant has none that does: whoever answers for the subject's department
// decides, never the submitter (HR3).
func Shipped() Candidate {
	return Candidate{Name: "shipped", Definition: Definition{Nodes: []Node{
		{Key: "head", Name: "部门负责人", Mode: One, Approvers: []Approver{{By: ByHead}}, EscalateAfterHours: shippedHours},
	}}}
}

// shippedHours is two working days.
const shippedHours = 18

// Choice is whom the submitter wants at a node that lets them choose.
type Choice struct {
	Node    string
	UserIDs []publicid.UserID
}

// CheckChoices wants at most MaxNodes choices of at most MaxApprovers users each.
func CheckChoices(c *fault.Check, field string, choices []*Choice) {
	c.That(len(choices) <= MaxNodes, fault.TooLong, field, "%d choices are given, a flow has at most %d nodes", len(choices), MaxNodes)
	for i, one := range choices {
		n := len(one.UserIDs)
		c.That(n <= MaxApprovers, fault.TooLong, fmt.Sprintf("%s.%d.userIds", field, i), "%d users are named, at most %d decide at a node", n, MaxApprovers)
	}
}

// Choose takes the first candidate whose conditions all hold and says which rule fired; -1 and the shipped flow when
// none does.
func Choose(candidates []Candidate, f Facts, rates Rates) (index int, chosen Candidate, why []string) {
	for i, c := range candidates {
		if why, ok := Match(c.Definition.Conditions, f, rates); ok {
			return i, c, why
		}
	}
	return -1, Shipped(), []string{"no flow of the tenant applies: the shipped one"}
}

// Asked is who submits, about what, and whom they chose where a node lets them.
type Asked struct {
	Facts     Facts
	Submitter publicid.UserID
	Chosen    map[string][]publicid.UserID // by the key of the node
}

// Planned is a node as one run will have it.
type Planned struct {
	Node      Node
	Approvers []publicid.UserID // in order, each once; one for the mode ONE
	Copies    []publicid.UserID
	Reasons   []string // which rules fired and how approvers were found
	Missing   bool     // the submitter has still to choose
}

// Plan lists the nodes that apply with their approvers. It fails with State WRONG_STATE when nobody is there to decide
// at a node.
func Plan(d Definition, asked Asked, p People, rates Rates) ([]Planned, error) {
	var out []Planned
	for _, n := range d.Nodes {
		why, ok := Match(n.Conditions, asked.Facts, rates)
		if !ok {
			continue
		}
		r := resolver{People: p, asked: asked, node: n, reasons: why}
		planned := r.plan()
		if len(planned.Approvers) == 0 && !planned.Missing {
			return nil, fault.New(fault.State, fault.WrongState, "nobody is there to decide at %q; name approvers in the flow, or heads and managers", n.Name)
		}
		out = append(out, planned)
	}
	return out, nil
}

type resolver struct {
	People
	asked   Asked
	node    Node
	reasons []string
	missing bool
}

func (r *resolver) say(reason string) { r.reasons = append(r.reasons, reason) }

func (r *resolver) plan() Planned {
	var approvers, copies []publicid.UserID
	for _, a := range r.node.Approvers {
		for _, u := range r.find(a) {
			if u, ok := r.admit(u); ok && !slices.Contains(approvers, u) {
				approvers = append(approvers, u)
			}
		}
	}
	if len(approvers) == 0 && !r.missing {
		approvers = r.lastResort()
	}
	if r.node.Mode == One && len(approvers) > 1 {
		approvers = approvers[:1]
	}
	for _, a := range r.node.Copies {
		for _, u := range r.find(a) {
			if r.active(u) && !slices.Contains(copies, u) {
				copies = append(copies, u)
			}
		}
	}
	return Planned{r.node, approvers, copies, r.reasons, r.missing}
}

// find names the people that an approver stands for.
func (r *resolver) find(a Approver) []publicid.UserID {
	switch a.By {
	case ByUser:
		if a.UserID != nil {
			return []publicid.UserID{*a.UserID}
		}
	case ByRole:
		if a.RoleID != nil {
			return r.Roles[*a.RoleID]
		}
	case ByHead:
		return r.head(a)
	case ByManager:
		if m, ok := r.Superior(r.asked.Submitter); ok {
			return []publicid.UserID{m}
		}
		r.say("the submitter has nobody above them")
	case ByChoice:
		return r.choice(a)
	}
	return nil
}

func (r *resolver) head(a Approver) []publicid.UserID {
	department := a.DepartmentID
	if department == nil && len(r.asked.Facts.Departments) > 0 {
		department = &r.asked.Facts.Departments[0]
	}
	if department == nil {
		department = r.Users[r.asked.Submitter].Department
	}
	var except []publicid.UserID
	if !r.node.AllowSubmitter {
		except = append(except, r.asked.Submitter)
	}
	if u, ok := r.headOf(department, except...); ok {
		return []publicid.UserID{u}
	}
	r.say("no department above has a head")
	return nil
}

func (r *resolver) choice(a Approver) []publicid.UserID {
	var out []publicid.UserID
	for _, u := range r.asked.Chosen[r.node.Key] {
		if slices.Contains(a.AmongIDs, u) {
			out = append(out, u)
		}
	}
	if len(out) == 0 {
		r.missing = true
		r.say("the submitter chooses")
	}
	return out
}

// admit decides who is asked in place of u: u, unless they have left or it is their own request; then somebody above.
func (r *resolver) admit(u publicid.UserID) (publicid.UserID, bool) {
	own := u == r.asked.Submitter && !r.node.AllowSubmitter
	if !own && r.active(u) {
		return u, true
	}
	if own {
		r.say("nobody approves their own request: somebody above the submitter is asked")
	} else {
		r.say("an approver is no longer active and is left out")
		return u, false
	}
	return r.Superior(u)
}

// lastResort asks the administrators.
func (r *resolver) lastResort() []publicid.UserID {
	for _, u := range r.Admins {
		if r.active(u) && (u != r.asked.Submitter || r.node.AllowSubmitter) {
			r.say("no approver was found: an administrator is asked")
			return []publicid.UserID{u}
		}
	}
	return nil
}
