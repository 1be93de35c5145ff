package approvals

import (
	"context"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approvaldelegation"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// maxChain is how far a stand-in's own stand-in is followed.
const maxChain = 10

// maxAwayDays is how long one delegation may be.
const maxAwayDays = 366

// Absence says who stands in for the caller, from the first to the last day.
type Absence struct {
	DelegateID publicid.UserID
	StartsOn   date.Date
	EndsOn     date.Date
}

// Validate reports everything wrong with the absence at once.
func (a Absence) Validate() error {
	var c fault.Check
	c.That(!a.EndsOn.Before(a.StartsOn), fault.Inconsistent, "endsOn", "endsOn is before startsOn")
	c.That(a.EndsOn.Since(a.StartsOn) <= maxAwayDays, fault.OutOfRange, "endsOn", "a delegation is for at most %d days", maxAwayDays)
	return c.Err()
}

// DelegationTarget is a delegation at the version that the caller has seen.
type DelegationTarget struct {
	ID              publicid.ApprovalDelegationID
	ExpectedVersion int
}

// Delegate has the tasks that the caller would be given on those days given to somebody else; those that are open
// already stay. Needs approval:decide. Faults: those of Validate; OUT_OF_RANGE for days that have passed; NOT_FOUND and
// NOT_ALLOWED (oneself) at delegateId; DUPLICATE for days that another delegation covers; LIMIT_REACHED.
func (s *Service) Delegate(ctx context.Context, a Absence) (made *ent.ApprovalDelegation, err error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalDecide)
	if err != nil {
		return nil, err
	}
	if err := a.Validate(); err != nil {
		return nil, err
	}
	me := access.User()
	if a.DelegateID == me {
		return nil, fault.New(fault.Invalid, fault.NotAllowed, "nobody stands in for themselves").At("delegateId")
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if err := s.roomToDelegate(ctx, tx, me, a); err != nil {
			return err
		}
		made, err = tx.ApprovalDelegation.Create().SetUserID(me).SetDelegateID(a.DelegateID).SetStartsOn(a.StartsOn).SetEndsOn(a.EndsOn).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "delegate")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "delegate", Object: "approval_delegation", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// roomToDelegate checks a new delegation against the user's others, whose row is locked so that two cannot overlap.
func (s *Service) roomToDelegate(ctx context.Context, tx *ent.Tx, me publicid.UserID, a Absence) error {
	if _, err := tx.User.Query().Where(user.ID(me)).ForUpdate().Only(ctx); err != nil {
		return tenancy.Fault(err, "lock a user")
	}
	ok, err := tx.User.Query().Where(user.ID(a.DelegateID), user.StateEQ(account.Active)).Exist(ctx)
	if err != nil {
		return tenancy.Fault(err, "look up a user")
	}
	if !ok {
		return fault.NoSuch("active user", "delegateId")
	}
	today, err := s.today(ctx, tx)
	if err != nil {
		return err
	}
	if a.EndsOn.Before(today) {
		return fault.New(fault.Invalid, fault.OutOfRange, "those days have passed").At("endsOn")
	}
	planned, err := tx.ApprovalDelegation.Query().Where(approvaldelegation.UserID(me), approvaldelegation.EndedAtIsNil()).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read delegations")
	}
	open := 0
	for _, d := range planned {
		if d.EndsOn.Before(today) {
			continue
		}
		open++
		if !d.EndsOn.Before(a.StartsOn) && !a.EndsOn.Before(d.StartsOn) {
			return fault.New(fault.Conflict, fault.Duplicate, "another delegation covers %s to %s; end it first", d.StartsOn, d.EndsOn).At("startsOn")
		}
	}
	if open >= s.Limits.Delegations {
		return fault.New(fault.State, fault.LimitReached, "you have %d delegations planned, which is as many as there may be", open)
	}
	return nil
}

func (s *Service) today(ctx context.Context, tx *ent.Tx) (date.Date, error) {
	c, err := calendar(ctx, tx)
	if err != nil {
		return date.Date{}, err
	}
	return date.In(s.Clock.Now(), c.Zone), nil
}

// EndDelegation ends one of the caller's delegations now; tasks that the stand-in was given stay with them. Needs
// approval:decide. Faults: NOT_FOUND, VERSION_CONFLICT with the delegation as it is now, WRONG_STATE when it was ended.
func (s *Service) EndDelegation(ctx context.Context, t DelegationTarget) (now *ent.ApprovalDelegation, err error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalDecide)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tx.ApprovalDelegation.Query().Where(approvaldelegation.ID(t.ID), approvaldelegation.UserID(access.User())).ForUpdate().Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return fault.NoSuch("delegation", "id")
		case err != nil:
			return tenancy.Fault(err, "load a delegation")
		case old.Version != t.ExpectedVersion:
			now = old
			return fault.Stale("delegation")
		case old.EndedAt != nil:
			return fault.New(fault.State, fault.WrongState, "the delegation was ended already").At("id")
		}
		if now, err = tx.ApprovalDelegation.UpdateOne(old).SetEndedAt(s.Clock.Now()).AddVersion(1).Save(ctx); err != nil {
			return tenancy.Fault(err, "end a delegation")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "end", Object: "approval_delegation", ID: t.ID.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// Delegations lists the caller's own, those in force and to come first. Needs approval:decide.
func (s *Service) Delegations(ctx context.Context) ([]*ent.ApprovalDelegation, error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalDecide)
	if err != nil {
		return nil, err
	}
	rows, err := s.Client.ApprovalDelegation.Query().Where(approvaldelegation.UserID(access.User())).
		Order(ent.Desc(approvaldelegation.FieldEndsOn, approvaldelegation.FieldID)).Limit(2 * s.Limits.Delegations).All(ctx)
	return rows, tenancy.Fault(err, "list delegations")
}

// standIn follows delegations from u to whoever is there on a day. Nobody stands in on their own request unless the node
// lets them; then the task stays where it was.
func standIn(ctx context.Context, tx *ent.Tx, u publicid.UserID, on date.Date, n flow.Node, submitter publicid.UserID) (publicid.UserID, error) {
	at := u
	for range maxChain {
		d, err := tx.ApprovalDelegation.Query().Where(approvaldelegation.UserID(at), approvaldelegation.EndedAtIsNil(),
			approvaldelegation.StartsOnLTE(on), approvaldelegation.EndsOnGTE(on)).WithDelegate().First(ctx)
		if ent.IsNotFound(err) {
			return at, nil
		}
		if err != nil {
			return u, tenancy.Fault(err, "read delegations")
		}
		gone := d.Edges.Delegate.State != account.Active
		if gone || d.DelegateID == u || d.DelegateID == submitter && !n.AllowSubmitter {
			return at, nil
		}
		at = d.DelegateID
	}
	return at, nil
}
