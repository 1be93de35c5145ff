package policies

import (
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// Access is a decision that was made: one user, one permission, and how far it reaches. The same value filters a
// list, checks a lookup and judges a row that is about to be written.
type Access struct {
	Scope  grant.Scope
	grants *Grants
	reads  bool // the action is to read: shares of either level reach
}

// Where narrows a query to the rows within reach: those of the user's scope, and the customers and contracts that are
// shared with them (A3). The table must have the columns owner_id and department_id.
func (a Access) Where(s *sql.Selector) {
	if a.Scope.Rank() == 0 {
		s.Where(sql.False())
		return
	}
	a.where(s, s.C("owner_id"), s.C("department_id"), a.lentIn(s))
}

// On is Where for a table whose rows answer to a user and a department under other names: a user owns their own row. It
// knows of no shares.
func (a Access) On(owner, department string) func(*sql.Selector) {
	return func(s *sql.Selector) { a.where(s, s.C(owner), s.C(department), nil) }
}

func (a Access) where(s *sql.Selector, owner, department string, shared *sql.Predicate) {
	mine := sql.EQ(owner, a.user())
	if shared != nil {
		mine = sql.Or(mine, shared)
	}
	switch {
	case a.Scope == grant.Tenant:
	case a.Scope == grant.Subtree && len(a.grants.subtree) > 0:
		s.Where(sql.Or(mine, anyOf(department, a.grants.subtree)))
	case a.Scope == grant.Department && a.grants.department != nil:
		s.Where(sql.Or(mine, sql.EQ(department, *a.grants.department)))
	case a.Scope.Rank() > 0: // own, and wider scopes of somebody without a department
		s.Where(mine)
	default:
		s.Where(sql.False())
	}
}

// Through narrows a query to rows whose parent is within reach: contacts through their customers, for instance.
// Column is the query's reference to the parent table's id.
func (a Access) Through(table, column string, tenant int64) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if a.Scope == grant.Tenant {
			return
		}
		t := sql.Table(table)
		parent := sql.Select(t.C("id")).From(t).Where(sql.EQ(t.C("tenant_id"), tenant))
		parent.SetDialect(s.Dialect())
		a.Where(parent)
		s.Where(sql.In(s.C(column), parent))
	}
}

// Covers reports whether a row of the given owner and department is within the user's scope, by the same rule as Where. A
// record that may be shared is judged by CoversCustomer and CoversContract.
func (a Access) Covers(owner *publicid.UserID, department *publicid.DepartmentID) bool {
	if a.Scope == grant.Tenant {
		return true
	}
	if a.Scope.Rank() == 0 {
		return false
	}
	if owner != nil && *owner == a.user() {
		return true
	}
	if department == nil || a.grants.department == nil {
		return false
	}
	switch a.Scope {
	case grant.Subtree:
		return slices.Contains(a.grants.subtree, *department)
	case grant.Department:
		return *department == *a.grants.department
	}
	return false
}

// User is who the decision was made for.
func (a Access) User() publicid.UserID { return a.user() }

// Home is the user's department, nil for none.
func (a Access) Home() *publicid.DepartmentID { return a.grants.department }

func (a Access) user() publicid.UserID { return a.grants.user }

// anyOf compares with a list in one parameter, so that the statement's text does not depend on its length and stays
// in the statement cache.
func anyOf(column string, ids []publicid.DepartmentID) *sql.Predicate {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" = ANY(").Arg(pq.Array(texts)).WriteString("::uuid[])")
	})
}
