package staff

import (
	"context"

	"heyue/ent"
	"heyue/ent/user"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// works wants an active user, or nobody.
func works(ctx context.Context, tx *ent.Tx, id *publicid.UserID, field string) error {
	if id == nil {
		return nil
	}
	ok, err := tx.User.Query().Where(user.ID(*id), user.StateEQ(account.Active)).Exist(ctx)
	if err == nil && !ok {
		return fault.NoSuch("active user", field)
	}
	return tenancy.Fault(err, "look up a user")
}

// maxLine bounds the walk up a reporting line.
const maxLine = 100

// line sets or clears whom a user reports to. A line that would lead back to the user is INCONSISTENT at managerId. The
// caller holds the tenant's lock, so that two changes cannot make a circle between them.
func (ch UserChange) line(ctx context.Context, tx *ent.Tx, m *ent.UserMutation) error {
	if ch.ManagerID == nil {
		for _, c := range ch.Clear {
			if c == ClearManager {
				m.ClearManagerID()
			}
		}
		return nil
	}
	if err := works(ctx, tx, ch.ManagerID, "managerId"); err != nil {
		return err
	}
	at := ch.ManagerID
	for range maxLine {
		if at == nil {
			m.SetManagerID(*ch.ManagerID)
			return nil
		}
		if *at == ch.ID {
			break
		}
		above, err := tx.User.Query().Where(user.ID(*at)).Select(user.FieldManagerID).Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "read a reporting line")
		}
		at = above.ManagerID
	}
	return fault.New(fault.Invalid, fault.Inconsistent, "the line of managers would lead back to the user").At("managerId")
}
