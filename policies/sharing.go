package policies

import (
	"context"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/recordshare"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/policies/share"
)

// noun is a kind of record that can be shared.
type noun int

const (
	customers noun = iota
	contracts
	nouns
)

// carrier tells which column of a table names the record that its rows stand or fall with.
type carrier struct {
	noun   noun
	column string
}

// carriers are the tables whose rows a share reaches (A3): the record itself, and what has an owner of its own for the
// sake of its scope only. Whatever else is part of a record is read through it.
func carriers(table string) (carrier, bool) {
	switch table {
	case "customers":
		return carrier{customers, "id"}, true
	case "contracts":
		return carrier{contracts, "id"}, true
	case "obligations", "approvals":
		return carrier{contracts, "contract_id"}, true
	}
	return carrier{}, false
}

// lent is one share as a snapshot keeps it: which record, whether it may be changed, and the last day; zero for no end.
type lent struct {
	record uuid.UUID
	ends   date.Date
	noun   noun
	write  bool
}

// loadShares reads what is shared in the tenant, by the user or the department that it is shared with.
func loadShares(ctx context.Context, tx *ent.Tx, today date.Date) (map[uuid.UUID][]lent, error) {
	rows, err := tx.RecordShare.Query().Where(recordshare.Or(recordshare.EndsOnIsNil(), recordshare.EndsOnGTE(today))).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	out := map[uuid.UUID][]lent{}
	for _, r := range rows {
		l := lent{write: r.Level == share.Write}
		if r.EndsOn != nil {
			l.ends = *r.EndsOn
		}
		if r.CustomerID != nil {
			l.noun, l.record = customers, r.CustomerID.UUID()
		} else {
			l.noun, l.record = contracts, r.ContractID.UUID()
		}
		var with uuid.UUID
		if r.UserID != nil {
			with = r.UserID.UUID()
		} else {
			with = r.DepartmentID.UUID()
		}
		out[with] = append(out[with], l)
	}
	return out, nil
}

// lot is what is shared with one user on one level. Its ids are one parameter of a statement, so that the statement's
// text does not depend on how many there are.
type lot struct {
	ends map[uuid.UUID]date.Date // zero for no end
	ids  string
}

// portion is everything that is shared with one user, true up to a day.
type portion struct {
	read, write [nouns]lot
	through     date.Date // the first of its ends; zero for none
}

// shared works out what reaches a user: their own shares and those of their department and all above it.
func (s *Snapshot) shared(user publicid.UserID, above []publicid.DepartmentID) *portion {
	if len(s.rules.Shares) == 0 {
		return nil
	}
	all := slices.Clone(s.rules.Shares[user.UUID()])
	for _, d := range above {
		all = append(all, s.rules.Shares[d.UUID()]...)
	}
	if len(all) == 0 {
		return nil
	}
	today := s.rules.Today()
	p := &portion{}
	for _, l := range all {
		if !l.ends.IsZero() {
			if l.ends.Before(today) {
				continue
			}
			if p.through.IsZero() || l.ends.Before(p.through) {
				p.through = l.ends
			}
		}
		p.read[l.noun].add(l)
		if l.write {
			p.write[l.noun].add(l)
		}
	}
	for n := range nouns {
		p.read[n].seal()
		p.write[n].seal()
	}
	return p
}

// add keeps the latest end of a record's shares.
func (l *lot) add(s lent) {
	if l.ends == nil {
		l.ends = map[uuid.UUID]date.Date{}
	}
	old, ok := l.ends[s.record]
	if !ok || !old.IsZero() && (s.ends.IsZero() || s.ends.After(old)) {
		l.ends[s.record] = s.ends
	}
}

func (l *lot) seal() {
	ids := make([]string, 0, len(l.ends))
	for id := range l.ends {
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	l.ids = "{" + strings.Join(ids, ",") + "}"
}

// lapsed reports whether one of the shares that g was compiled with has ended since.
func (s *Snapshot) lapsed(g *Grants) bool {
	return g.shared != nil && !g.shared.through.IsZero() && g.shared.through.Before(s.rules.Today())
}

// above lists a department and everything over it.
func (s *Snapshot) above(home *publicid.DepartmentID) (out []publicid.DepartmentID) {
	for d := home; d != nil && !slices.Contains(out, *d); d = s.rules.Departments[*d] {
		out = append(out, *d)
	}
	return out
}

// lot is what is shared with the user of this decision on the level that its action takes.
func (a Access) lot(n noun) lot {
	switch {
	case a.grants == nil || a.grants.shared == nil || a.Scope.Rank() == 0:
		return lot{}
	case a.reads:
		return a.grants.shared.read[n]
	}
	return a.grants.shared.write[n]
}

// lentIn is the condition that a row of s is shared, nil when nothing of its table is.
func (a Access) lentIn(s *sql.Selector) *sql.Predicate {
	c, ok := carriers(s.TableName())
	if !ok {
		return nil
	}
	l := a.lot(c.noun)
	if len(l.ends) == 0 {
		return nil
	}
	column := s.C(c.column)
	return sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" = ANY(").Arg(l.ids).WriteString("::uuid[])")
	})
}

// CoversCustomer reports whether a customer is within reach, by its owner and department or by a share of it: the rule of
// Where for one row.
func (a Access) CoversCustomer(id publicid.CustomerID, owner *publicid.UserID, department *publicid.DepartmentID) bool {
	_, shared := a.lot(customers).ends[id.UUID()]
	return shared || a.Covers(owner, department)
}

// CoversContract is CoversCustomer for a contract, or for what stands or falls with one: an obligation, an approval. With
// id nil it is Covers.
func (a Access) CoversContract(id *publicid.ContractID, owner *publicid.UserID, department *publicid.DepartmentID) bool {
	if id != nil {
		if _, shared := a.lot(contracts).ends[id.UUID()]; shared {
			return true
		}
	}
	return a.Covers(owner, department)
}

// CustomerUntil is the last day for which a customer is shared with the user, on the level of this decision's action: zero
// for no end, false when it is not shared with them.
func (a Access) CustomerUntil(id publicid.CustomerID) (date.Date, bool) {
	d, ok := a.lot(customers).ends[id.UUID()]
	return d, ok
}

// ContractUntil is CustomerUntil for a contract.
func (a Access) ContractUntil(id publicid.ContractID) (date.Date, bool) {
	d, ok := a.lot(contracts).ends[id.UUID()]
	return d, ok
}

// Place is what data scopes are made of.
type Place struct {
	Owner      *publicid.UserID
	Department *publicid.DepartmentID
}

// MayMove reports whether a row that is being changed may have its new place: where it stays, always; where it moves, from
// and to what is within the user's own scope. Somebody whom a record is shared with may change it, and not give it away.
func (a Access) MayMove(from, to Place) bool {
	if same(from.Owner, to.Owner) && same(from.Department, to.Department) {
		return true
	}
	return a.Covers(from.Owner, from.Department) && a.Covers(to.Owner, to.Department)
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
