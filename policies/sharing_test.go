package policies_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/platform/date"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/policies/share"
	"heyue/tests/fixture"
)

// lender is a tenant at random in which customers and contracts are shared: with users and departments, to read and to
// write, over, ending today and without end.
type lender struct {
	organisation
	contracts []*ent.Contract
	shares    []*ent.RecordShare
}

func lend(t *testing.T, w *fixture.World, seed uint64) lender {
	t.Helper()
	l := lender{organisation: organise(t, w, seed)}
	r := rand.New(rand.NewPCG(seed, 1))
	today := date.Of(2026, 6, 15)
	var users []publicid.UserID
	for _, name := range names(l.callers) {
		users = append(users, fixture.Caller(t, l.callers[name]).UserID)
	}
	w.Write(t, l.Ctx, func(tx *ent.Tx) error {
		for i := range 30 {
			of := l.customers[r.IntN(len(l.customers))]
			c, err := tx.Contract.Create().SetNumber(fmt.Sprint(i)).SetTitle("x").SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).
				SetCustomerID(of.ID).SetCurrency("CNY").SetNillableOwnerID(of.OwnerID).SetNillableDepartmentID(of.DepartmentID).Save(l.Ctx)
			if err != nil {
				return err
			}
			l.contracts = append(l.contracts, c)
			err = tx.Obligation.Create().SetKind(due.ContractEnd).SetSubjectID(c.ID.UUID()).SetContractID(c.ID).SetTitle("x").SetDueOn(today).
				SetNillableOwnerID(c.OwnerID).SetNillableDepartmentID(c.DepartmentID).Exec(l.Ctx)
			if err != nil {
				return err
			}
		}
		for i := range 60 {
			row := tx.RecordShare.Create().SetLevel([]share.Level{share.Read, share.Write}[r.IntN(2)]).SetSharedByID(users[0])
			if i%2 == 0 {
				row.SetCustomerID(l.customers[i].ID)
			} else {
				row.SetContractID(l.contracts[i/2].ID)
			}
			if r.IntN(3) > 0 {
				row.SetUserID(users[r.IntN(len(users))])
			} else {
				row.SetDepartmentID(l.departments[r.IntN(len(l.departments))])
			}
			if n := r.IntN(4); n < 3 {
				row.SetEndsOn(today.AddDays(n - 1))
			}
			made, err := row.Save(l.Ctx)
			if err != nil {
				return err
			}
			l.shares = append(l.shares, made)
		}
		return policies.Bump(l.Ctx, tx)
	})
	return l
}

func names(callers map[string]context.Context) (out []string) {
	for name := range callers {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// lent says by the rows alone whether a share reaches a record.
func (l lender) lent(a policies.Access, today date.Date, writes bool, of func(*ent.RecordShare) bool) bool {
	return slices.ContainsFunc(l.shares, func(s *ent.RecordShare) bool {
		if !of(s) || s.EndsOn != nil && s.EndsOn.Before(today) || writes && s.Level != share.Write {
			return false
		}
		if s.UserID != nil {
			return *s.UserID == a.User()
		}
		for d := a.Home(); d != nil; d = l.parents[*d] {
			if *d == *s.DepartmentID {
				return true
			}
		}
		return false
	})
}

// TestSharesReachExactlyTheirRecord: lists, lookups and checks agree with the rows, whatever is shared with whom, to read and
// to write, on the day and on the next; so do contacts through their customers and obligations of their contracts.
func TestSharesReachExactlyTheirRecord(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	moved := 0
	for seed := range uint64(3) {
		l := lend(t, w, seed)
		for day := range 2 {
			w.Clock.Set(fixture.Start().Add(time.Duration(day) * 24 * time.Hour))
			today := date.Of(2026, 6, 15+day)
			for name, ctx := range l.callers {
				moved += l.check(t, w, fmt.Sprintf("seed %d, day %d, %s", seed, day, name), w.Next(t, ctx), today)
			}
		}
		w.Clock.Set(fixture.Start())
	}
	if moved < 50 {
		t.Errorf("shares reached only %d records beyond scopes", moved)
	}
}

func (l lender) check(t *testing.T, w *fixture.World, who string, ctx context.Context, today date.Date) (beyond int) {
	t.Helper()
	must := func(p policies.Permission) policies.Access {
		a, err := w.Policies.Require(ctx, p)
		if err != nil {
			t.Fatal(who, ": ", err)
		}
		return a
	}
	for _, writes := range []bool{false, true} {
		ofCustomers, ofContracts := must(policies.CustomerRead), must(policies.ContractRead)
		if writes {
			ofCustomers, ofContracts = must(policies.CustomerUpdate), must(policies.ContractUpdate)
		}
		listed, err := w.Client.Customer.Query().Where(ofCustomers.Where).IDs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range l.customers {
			lent := l.lent(ofCustomers, today, writes, func(s *ent.RecordShare) bool { return s.CustomerID != nil && *s.CustomerID == c.ID })
			scope := ofCustomers.Covers(c.OwnerID, c.DepartmentID)
			if want, got, in := lent || scope, ofCustomers.CoversCustomer(c.ID, c.OwnerID, c.DepartmentID), slices.Contains(listed, c.ID); got != want || in != want {
				t.Errorf("%s, customer, write %v: want %v, checked %v, listed %v", who, writes, want, got, in)
			}
			if lent && !scope {
				beyond++
			}
		}
		contacts, err := w.Client.Contact.Query().Where(ofCustomers.Through("customers", "customer_id", l.ID)).Count(ctx)
		if err != nil || contacts != len(listed) {
			t.Errorf("%s: %d contacts through %d customers, %v", who, contacts, len(listed), err)
		}
		papers, err := w.Client.Contract.Query().Where(ofContracts.Where).IDs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		obligations, err := w.Client.Obligation.Query().Where(ofContracts.Where).Count(ctx)
		if err != nil || obligations != len(papers) {
			t.Errorf("%s: %d obligations of %d contracts, %v", who, obligations, len(papers), err)
		}
		for _, c := range l.contracts {
			lent := l.lent(ofContracts, today, writes, func(s *ent.RecordShare) bool { return s.ContractID != nil && *s.ContractID == c.ID })
			scope := ofContracts.Covers(c.OwnerID, c.DepartmentID)
			found, err := w.Client.Contract.Query().Where(contract.ID(c.ID), ofContracts.Where).Exist(ctx)
			if want, got := lent || scope, ofContracts.CoversContract(&c.ID, c.OwnerID, c.DepartmentID); err != nil || got != want || found != want || slices.Contains(papers, c.ID) != want {
				t.Errorf("%s, contract, write %v: want %v, checked %v, found %v, %v", who, writes, want, got, found, err)
			}
			if lent && !scope {
				beyond++
			}
		}
	}
	return beyond
}

// TestSharesGiveNoPermission: who may read no contracts reads none that is shared with them, with a key that is for something
// else neither, and a share to read lets nobody write.
func TestSharesGiveNoPermission(t *testing.T) {
	t.Parallel()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	acme.Roles["reader"] = roleWith(t, w, acme, "reader", line{policies.CustomerRead, grant.Own, grant.Allow}, line{policies.CustomerUpdate, grant.Own, grant.Allow})
	ctx := w.User(t, acme, "reader")
	me := fixture.Caller(t, ctx)
	var customer *ent.Customer
	w.Write(t, acme.Ctx, func(tx *ent.Tx) (err error) {
		if customer, err = tx.Customer.Create().SetName("x").SetCode("1").Save(acme.Ctx); err != nil {
			return err
		}
		if err := tx.RecordShare.Create().SetCustomerID(customer.ID).SetUserID(me.UserID).SetLevel(share.Read).SetSharedByID(me.UserID).Exec(acme.Ctx); err != nil {
			return err
		}
		return policies.Bump(acme.Ctx, tx)
	})
	ctx = w.Next(t, ctx)
	for p, want := range map[policies.Permission]int{policies.CustomerRead: 1, policies.CustomerUpdate: 0} {
		a, err := w.Policies.Require(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := w.Client.Customer.Query().Where(a.Where).Count(ctx); err != nil || n != want {
			t.Errorf("%s reaches %d customers, want %d, %v", p, n, want, err)
		}
	}
	grants, err := w.Policies.Caller(ctx)
	if err != nil {
		t.Fatal(err)
	}
	lacked, ok := grants.Access(policies.CustomerArchive)
	if n, err := w.Client.Customer.Query().Where(lacked.Where).Count(ctx); ok || err != nil || n != 0 || lacked.CoversCustomer(customer.ID, nil, nil) {
		t.Errorf("a permission that is lacking reaches %d customers, %v", n, err)
	}
	if n, err := w.Client.Customer.Query().Where(policies.Access{}.Where).Count(ctx); err != nil || n != 0 {
		t.Errorf("an access that was never granted reaches %d customers, %v", n, err)
	}
}
