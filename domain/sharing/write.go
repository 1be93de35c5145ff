package sharing

import (
	"context"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/department"
	"heyue/ent/predicate"
	"heyue/ent/recordshare"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/policies"
	"heyue/tenancy"
)

// Share lets a user or a department reach a record. Needs customer:update or contract:update reaching it, by scope or by a
// share to write, then at most until that share's end, and user:read or department:read. Faults: those of Draft.Validate;
// NOT_FOUND at customerId, contractId, userId or departmentId; WRONG_STATE for a user who has left and an archived department;
// NOT_ALLOWED at endsOn; DUPLICATE; LIMIT_REACHED.
func (s *Service) Share(ctx context.Context, d Draft) (made *ent.RecordShare, err error) {
	if err := s.may(ctx); err != nil {
		return nil, err
	}
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := d.Validate(today); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		r, err := s.reach(ctx, tx, d.CustomerID, d.ContractID)
		if err != nil {
			return err
		}
		if err := r.mayLend(d.EndsOn); err != nil {
			return err
		}
		if err := s.grantee(ctx, tx, d); err != nil {
			return err
		}
		if err := s.room(ctx, tx, d, today); err != nil {
			return err
		}
		made, err = tx.RecordShare.Create().SetNillableCustomerID(d.CustomerID).SetNillableContractID(d.ContractID).
			SetNillableUserID(d.UserID).SetNillableDepartmentID(d.DepartmentID).SetLevel(d.Level).SetNillableEndsOn(d.EndsOn).
			SetSharedByID(r.access.User()).Save(ctx)
		if _, taken := tenancy.UniqueViolation(err); taken {
			return fault.New(fault.Conflict, fault.Duplicate, "it is shared with them already; change that share").At(d.with())
		}
		if err != nil {
			return tenancy.Fault(err, "write a share")
		}
		return s.finish(ctx, tx, audit.Entry{Action: "create", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// may refuses whoever could share nothing at all before anything is looked at.
func (s *Service) may(ctx context.Context) error {
	grants, err := s.Policies.Caller(ctx)
	if err != nil {
		return err
	}
	for _, p := range []policies.Permission{policies.CustomerUpdate, policies.ContractUpdate} {
		if _, ok := grants.Access(p); ok {
			return nil
		}
	}
	return fault.Forbidden(policies.CustomerUpdate.String())
}

func (d Draft) with() string {
	if d.UserID != nil {
		return "userId"
	}
	return "departmentId"
}

// grantee wants somebody whom the caller sees and who is still there.
func (s *Service) grantee(ctx context.Context, tx *ent.Tx, d Draft) error {
	if d.DepartmentID != nil {
		if _, err := s.Policies.Require(ctx, policies.DepartmentRead); err != nil {
			return err
		}
		row, err := tx.Department.Query().Where(department.ID(*d.DepartmentID)).Only(ctx)
		if err != nil {
			return absent(err, "department", "departmentId")
		}
		if row.ArchivedAt != nil {
			return fault.New(fault.State, fault.WrongState, "the department is archived").At("departmentId")
		}
		return nil
	}
	sees, err := s.Policies.Require(ctx, policies.UserRead)
	if err != nil {
		return err
	}
	row, err := tx.User.Query().Where(user.ID(*d.UserID), sees.On(user.FieldID, user.FieldDepartmentID)).Only(ctx)
	if err != nil {
		return absent(err, "user", "userId")
	}
	if row.State != account.Active {
		return fault.New(fault.State, fault.WrongState, "the user has left").At("userId")
	}
	return nil
}

// room counts, under the tenant's lock, what has not ended, and clears away what the record's former shares left.
func (s *Service) room(ctx context.Context, tx *ent.Tx, d Draft, today date.Date) error {
	of, with := d.matching()
	if _, err := tx.RecordShare.Delete().Where(of, recordshare.EndsOnLT(today)).Exec(ctx); err != nil {
		return tenancy.Fault(err, "clear away ended shares")
	}
	for _, limit := range []struct {
		of   predicate.RecordShare
		most int
		what string
	}{
		{of, s.Limits.Record, "the record is shared %d times"},
		{with, s.Limits.Grantee, "%d records are shared with them"},
		{recordshare.TenantIDGT(0), s.Limits.Tenant, "there are %d shares"},
	} {
		n, err := tx.RecordShare.Query().Where(limit.of, inForce(today)).Count(ctx)
		if err != nil {
			return tenancy.Fault(err, "count shares")
		}
		if n >= limit.most {
			return fault.New(fault.State, fault.LimitReached, limit.what+", which is as many as there may be", n)
		}
	}
	return nil
}

// matching finds the other shares of the record and those with the same grantee.
func (d Draft) matching() (of, with predicate.RecordShare) {
	if d.CustomerID != nil {
		of = recordshare.CustomerID(*d.CustomerID)
	} else {
		of = recordshare.ContractID(*d.ContractID)
	}
	if d.UserID != nil {
		return of, recordshare.UserID(*d.UserID)
	}
	return of, recordshare.DepartmentID(*d.DepartmentID)
}

// Update changes the level or the end of a share. Needs what Share needs of the record; who reaches it by a share only
// changes the shares that they made. Faults: those of Change.Validate; NOT_FOUND; VERSION_CONFLICT, then the share as it is
// comes with the error; NOT_ALLOWED at endsOn.
func (s *Service) Update(ctx context.Context, ch Change) (*ent.RecordShare, error) {
	if err := s.may(ctx); err != nil {
		return nil, err
	}
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := ch.Validate(today); err != nil {
		return nil, err
	}
	return s.change(ctx, Target{ch.ID, ch.ExpectedVersion}, today, func(tx *ent.Tx, r record, old *ent.RecordShare) (*ent.RecordShare, error) {
		update, until := tx.RecordShare.UpdateOne(old).AddVersion(1), old.EndsOn
		if ch.Level != nil {
			update.SetLevel(*ch.Level)
		}
		switch {
		case ch.EndsOn != nil:
			until = ch.EndsOn
			update.SetEndsOn(*ch.EndsOn)
		case len(ch.Clear) > 0:
			until = nil
			update.ClearEndsOn()
		}
		if err := r.mayLend(until); err != nil {
			return nil, err
		}
		now, err := update.Save(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "write a share")
		}
		return now, s.finish(ctx, tx, audit.Entry{Action: "update", ID: old.ID.UUID(), Before: old, After: now})
	})
}

// End takes a share back. Needs what Update needs. Faults: NOT_FOUND; VERSION_CONFLICT as of Update. It returns the share as
// it was.
func (s *Service) End(ctx context.Context, t Target) (*ent.RecordShare, error) {
	if err := s.may(ctx); err != nil {
		return nil, err
	}
	_, today, err := tenancy.Local(ctx, s.Client.Tenant, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, t, today, func(tx *ent.Tx, _ record, old *ent.RecordShare) (*ent.RecordShare, error) {
		if err := tx.RecordShare.DeleteOne(old).Exec(ctx); err != nil {
			return nil, tenancy.Fault(err, "take a share back")
		}
		return old, s.finish(ctx, tx, audit.Entry{Action: "delete", ID: old.ID.UUID(), Before: old})
	})
}

// change loads a share under the tenant's lock and lets edit alter it. On a version conflict it returns the share as it is
// beside the error.
func (s *Service) change(ctx context.Context, t Target, today date.Date,
	edit func(tx *ent.Tx, r record, old *ent.RecordShare) (*ent.RecordShare, error),
) (now *ent.RecordShare, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if _, err := tenancy.Lock(ctx, tx); err != nil {
			return err
		}
		old, err := tx.RecordShare.Query().Where(recordshare.ID(t.ID), inForce(today)).Only(ctx)
		if err != nil {
			return absent(err, "share", "id")
		}
		r, err := s.reach(ctx, tx, old.CustomerID, old.ContractID)
		if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Denied {
			return fault.NoSuch("share", "id")
		}
		if err != nil {
			return err
		}
		if !r.owned && old.SharedByID != r.access.User() {
			return fault.NoSuch("share of yours", "id")
		}
		if old.Version != t.ExpectedVersion {
			now = old
			return fault.Stale("share")
		}
		now, err = edit(tx, r, old)
		return err
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
