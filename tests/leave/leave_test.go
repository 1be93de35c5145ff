// Package leave shows on the whole product that whoever leaves leaves nothing behind, however much they had.
package leave

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"heyue/domain/approvals"
	"heyue/domain/staff"
	"heyue/domain/staff/leaving"
	"heyue/ent"
	"heyue/ent/approvaldelegation"
	"heyue/ent/auditentry"
	"heyue/ent/customer"
	"heyue/ent/department"
	"heyue/ent/user"
	"heyue/platform/date"
	"heyue/platform/pgtest"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(pgtest.ServerGoroutine))
}

// office is a tenant with somebody who leaves.
type office struct {
	*stage.Stage
	acme         *fixture.Tenant
	home         publicid.DepartmentID
	left, heir   publicid.UserID
	leaver, next context.Context
}

func open(t *testing.T) office {
	t.Helper()
	s := stage.New(t)
	acme := s.Tenant(t, "acme")
	home := s.Department(t, acme, "SALES")
	leaver, next := s.User(t, acme, "manager", home), s.User(t, acme, "manager", home)
	return office{s, acme, home, fixture.Caller(t, leaver).UserID, fixture.Caller(t, next).UserID, leaver, next}
}

func (o office) leave(t *testing.T, successor *publicid.UserID) error {
	t.Helper()
	u := o.Client.User.GetX(o.acme.Ctx, o.left)
	_, err := o.Services.Users.Leave(o.Next(t, o.acme.Admin), staff.Leaver{ID: o.left, ExpectedVersion: u.Version, SuccessorID: successor})
	return err
}

const (
	many = 10_000
	lot  = 1_000
)

// TestTenThousandRecordsMoveInOneStep: each has its audit entry, those without a department go into the leaver's pool,
// and another owner's stay.
func TestTenThousandRecordsMoveInOneStep(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Write(t, o.acme.Ctx, func(tx *ent.Tx) error {
		for from := 0; from < many; from += lot {
			rows := make([]*ent.CustomerCreate, lot)
			for i := range rows {
				rows[i] = tx.Customer.Create().SetName("n").SetCode(publicid.NewCustomerID().String()).SetOwnerID(o.left)
				if i%2 == 0 {
					rows[i].SetDepartmentID(o.acme.Root)
				}
			}
			if err := tx.Customer.CreateBulk(rows...).Exec(o.acme.Ctx); err != nil {
				return err
			}
		}
		return tx.Customer.Create().SetName("n").SetCode("theirs").SetOwnerID(o.heir).Exec(o.acme.Ctx)
	})
	shares, err := o.Services.Users.PreviewLeave(o.Next(t, o.acme.Admin), o.left)
	if err != nil || len(shares) != len(leaving.Kinds()) || shares[0].Kind != leaving.Customers || shares[0].Count != many {
		t.Fatalf("the preview says %v, %v", shares, err)
	}
	if err := o.leave(t, nil); err != nil {
		t.Fatal(err)
	}
	c := o.Client.Customer
	counts := map[string]int{
		"left behind":             c.Query().Where(customer.OwnerID(o.left)).CountX(o.acme.Ctx),
		"pooled where they were":  c.Query().Where(customer.OwnerIDIsNil(), customer.DepartmentID(o.acme.Root), customer.Version(2)).CountX(o.acme.Ctx),
		"pooled in the leaver's":  c.Query().Where(customer.OwnerIDIsNil(), customer.DepartmentID(o.home), customer.Version(2)).CountX(o.acme.Ctx),
		"another's, as they were": c.Query().Where(customer.OwnerID(o.heir), customer.Version(1)).CountX(o.acme.Ctx),
		"entries":                 o.Client.AuditEntry.Query().Where(auditentry.Action("hand_over"), auditentry.Object("customer")).CountX(o.acme.Ctx),
	}
	want := map[string]int{"left behind": 0, "pooled where they were": many / 2, "pooled in the leaver's": many / 2, "another's, as they were": 1, "entries": many}
	for name, n := range want {
		if counts[name] != n {
			t.Errorf("%s: %d, want %d", name, counts[name], n)
		}
	}
}

// TestNothingMovesWhenTheStepFails: the last administrator stays, with everything that they have.
func TestNothingMovesWhenTheStepFails(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.left = fixture.Caller(t, o.acme.Admin).UserID
	o.Write(t, o.acme.Ctx, func(tx *ent.Tx) error {
		return tx.Customer.Create().SetName("n").SetCode("c").SetOwnerID(o.left).Exec(o.acme.Ctx)
	})
	fixture.Want(t, "the last administrator", o.leave(t, &o.heir), "NOT_ALLOWED")
	if n := o.Client.Customer.Query().Where(customer.OwnerID(o.left)).CountX(o.acme.Ctx); n != 1 {
		t.Error("their customer has moved")
	}
}

// TestPlacesArePassedOn: departments, the line of managers, and times of absence, with a successor from below.
func TestPlacesArePassedOn(t *testing.T) {
	t.Parallel()
	o := open(t)
	boss := fixture.Caller(t, o.acme.Admin).UserID
	third := o.User(t, o.acme, "manager", o.home)
	thirdID := fixture.Caller(t, third).UserID
	o.Write(t, o.acme.Ctx, func(tx *ent.Tx) error {
		if err := tx.Department.UpdateOneID(o.home).SetHeadID(o.left).Exec(o.acme.Ctx); err != nil {
			return err
		}
		for who, manager := range map[publicid.UserID]publicid.UserID{o.left: boss, thirdID: o.left, o.heir: thirdID} {
			if err := tx.User.UpdateOneID(who).SetManagerID(manager).Exec(o.acme.Ctx); err != nil {
				return err
			}
		}
		return nil
	})
	week := func(ctx context.Context, to publicid.UserID) publicid.ApprovalDelegationID {
		day := date.In(fixture.Start(), fixture.Start().Location())
		d, err := o.Services.Approvals.Delegate(o.Next(t, ctx), approvals.Absence{DelegateID: to, StartsOn: day, EndsOn: day})
		if err != nil {
			t.Fatal(err)
		}
		return d.ID
	}
	own, forThird, forHeir := week(o.leaver, boss), week(third, o.left), week(o.next, o.left)
	if err := o.leave(t, &o.heir); err != nil {
		t.Fatal(err)
	}
	if head := o.Client.Department.Query().Where(department.ID(o.home)).OnlyX(o.acme.Ctx).HeadID; head == nil || *head != o.heir {
		t.Errorf("the department's head is %v", head)
	}
	for who, manager := range map[publicid.UserID]publicid.UserID{o.heir: boss, thirdID: o.heir} {
		if u := o.Client.User.Query().Where(user.ID(who)).OnlyX(o.acme.Ctx); u.ManagerID == nil || *u.ManagerID != manager {
			t.Errorf("%s reports to %v, want %v", who, u.ManagerID, manager)
		}
	}
	at := func(id publicid.ApprovalDelegationID) *ent.ApprovalDelegation {
		return o.Client.ApprovalDelegation.Query().Where(approvaldelegation.ID(id)).OnlyX(o.acme.Ctx)
	}
	if at(own).EndedAt == nil || at(forHeir).EndedAt == nil {
		t.Error("a delegation of the leaver, or of the successor to them, goes on")
	}
	if d := at(forThird); d.EndedAt != nil || d.DelegateID != o.heir {
		t.Errorf("the third is stood in for by %v", d)
	}
}
