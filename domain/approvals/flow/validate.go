package flow

import (
	"fmt"
	"slices"

	"heyue/domain/contracts/content"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
)

// Limits of a definition.
const (
	MaxNodes      = 30
	MaxConditions = 20
	MaxApprovers  = 50
	MaxValues     = 100
	MaxHours      = 900 // working hours before an escalation: a hundred days
	maxKey        = 40
	maxName       = 100
)

// Check records everything wrong with the definition in c.
func (d Definition) Check(c *fault.Check) {
	c.That(len(d.Nodes) >= 1 && len(d.Nodes) <= MaxNodes, fault.OutOfRange, "nodes", "a flow has 1 to %d nodes, not %d", MaxNodes, len(d.Nodes))
	checkConditions(c, "conditions", d.Conditions)
	seen := map[string]bool{}
	for i, n := range d.Nodes[:min(len(d.Nodes), MaxNodes)] {
		at := fmt.Sprintf("nodes.%d", i)
		n.check(c, at)
		c.That(!seen[n.Key], fault.Duplicate, at+".key", "another node has the key %.40q", n.Key)
		seen[n.Key] = true
	}
}

func (n Node) check(c *fault.Check, at string) {
	c.Text(at+".key", n.Key, 1, maxKey)
	c.Text(at+".name", n.Name, 1, maxName)
	c.That(slices.Contains(Modes(), n.Mode), fault.UnknownValue, at+".mode", "%.20q is not a mode", string(n.Mode))
	c.That(n.EscalateAfterHours >= 0 && n.EscalateAfterHours <= MaxHours, fault.OutOfRange, at+".escalateAfterHours",
		"a task is escalated after 0 (never) to %d working hours", MaxHours)
	for i, p := range n.Watches {
		c.That(slices.Contains(content.All(), p), fault.UnknownValue, fmt.Sprintf("%s.watches.%d", at, i), "%.20q is not a part", string(p))
	}
	c.That(len(n.Approvers) >= 1 && len(n.Approvers) <= MaxApprovers, fault.OutOfRange, at+".approvers", "a node has 1 to %d approvers", MaxApprovers)
	for i, a := range n.Approvers[:min(len(n.Approvers), MaxApprovers)] {
		a.check(c, fmt.Sprintf("%s.approvers.%d", at, i))
	}
	c.That(len(n.Copies) <= MaxApprovers, fault.OutOfRange, at+".copies", "a node is copied to at most %d", MaxApprovers)
	for i, a := range n.Copies[:min(len(n.Copies), MaxApprovers)] {
		a.check(c, fmt.Sprintf("%s.copies.%d", at, i))
		c.That(a.By != ByChoice, fault.Inconsistent, fmt.Sprintf("%s.copies.%d.by", at, i), "copies are not chosen")
	}
	checkConditions(c, at+".conditions", n.Conditions)
}

func (a Approver) check(c *fault.Check, at string) {
	switch a.By {
	case ByUser:
		c.That(a.UserID != nil, fault.Required, at+".userId", "name the user")
	case ByRole:
		c.That(a.RoleID != nil, fault.Required, at+".roleId", "name the role")
	case ByChoice:
		c.That(len(a.AmongIDs) >= 1 && len(a.AmongIDs) <= MaxApprovers, fault.OutOfRange, at+".amongIds", "name 1 to %d users to choose from", MaxApprovers)
	case ByHead, ByManager:
	default:
		c.Add(fault.UnknownValue, at+".by", "%.20q is not a way to find an approver", string(a.By))
	}
}

func checkConditions(c *fault.Check, at string, conditions []Condition) {
	c.That(len(conditions) <= MaxConditions, fault.OutOfRange, at, "at most %d conditions", MaxConditions)
	for i, k := range conditions[:min(len(conditions), MaxConditions)] {
		k.check(c, fmt.Sprintf("%s.%d", at, i))
	}
}

func (c Condition) check(faults *fault.Check, at string) {
	bounds := c.Min != nil || c.Below != nil
	values := len(c.In) >= 1 && len(c.In) <= MaxValues
	switch c.Field {
	case FieldKind, FieldTemplate, FieldGrade:
		faults.That(values, fault.Required, at+".in", "name 1 to %d values", MaxValues)
	case FieldDepartment:
		faults.That(len(c.DepartmentIDs) >= 1 && len(c.DepartmentIDs) <= MaxValues, fault.Required, at+".departmentIds", "name 1 to %d departments", MaxValues)
	case FieldAmount:
		faults.That(bounds, fault.Required, at+".min", "give min, below or both")
		faults.That(given.Or(c.Currency).Valid(), fault.Required, at+".currency", "a condition on the amount names its currency")
	case FieldExceptions:
		faults.That(bounds, fault.Required, at+".min", "give min, below or both")
	case FieldCustom:
		faults.Text(at+".key", given.Or(c.Key), 1, maxKey)
		faults.That(bounds != values, fault.Inconsistent, at+".in", "give either values or bounds")
	default:
		faults.Add(fault.UnknownValue, at+".field", "%.20q is not a field", string(c.Field))
	}
	faults.That(c.Min == nil || c.Below == nil || c.Min.Cmp(*c.Below) < 0, fault.Inconsistent, at+".below", "below is more than min")
}

// Named lists the users, roles and departments that a definition names, for their owner to look up.
func (d Definition) Named() (users []publicid.UserID, roles []publicid.RoleID, departments []publicid.DepartmentID) {
	each := func(conditions []Condition) {
		for _, k := range conditions {
			departments = append(departments, k.DepartmentIDs...)
		}
	}
	each(d.Conditions)
	for _, n := range d.Nodes {
		each(n.Conditions)
		for _, a := range slices.Concat(n.Approvers, n.Copies) {
			if a.UserID != nil {
				users = append(users, *a.UserID)
			}
			if a.RoleID != nil {
				roles = append(roles, *a.RoleID)
			}
			if a.DepartmentID != nil {
				departments = append(departments, *a.DepartmentID)
			}
			users = append(users, a.AmongIDs...)
		}
	}
	return users, roles, departments
}
