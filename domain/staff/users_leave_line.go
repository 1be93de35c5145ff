package staff

import (
	"context"

	"heyue/audit"
	"heyue/domain/staff/leaving"
	"heyue/ent"
	"heyue/ent/user"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

func (s *Users) reports(ctx context.Context, id publicid.UserID) (int, error) {
	n, err := s.Client.User.Query().Where(user.ManagerID(id)).Count(ctx)
	return n, tenancy.Fault(err, "count who reports to a user")
}

// handOverReports has those who reported to somebody report to the successor, or without one to whoever the leaver
// reported to. A successor from below takes the leaver's own place in the line, or it would lead in a circle.
func (s *Users) handOverReports(ctx context.Context, tx *ent.Tx, h leaving.Handover) error {
	left, err := tx.User.Get(ctx, h.From)
	if err != nil {
		return tenancy.Fault(err, "read a user")
	}
	to := left.ManagerID
	if h.To != nil {
		to = h.To
		below, err := isBelow(ctx, tx, *h.To, h.From)
		if err != nil {
			return err
		}
		if below {
			if err := s.reportTo(ctx, tx, left.ManagerID, *h.To); err != nil {
				return err
			}
		}
	}
	ids, err := tx.User.Query().Where(user.ManagerID(h.From)).Order(user.ByID()).ForUpdate().IDs(ctx)
	if err != nil {
		return tenancy.Fault(err, "lock who reports to a user")
	}
	return s.reportTo(ctx, tx, to, ids...)
}

// isBelow reports whether the line of managers of u leads to above.
func isBelow(ctx context.Context, tx *ent.Tx, u, above publicid.UserID) (bool, error) {
	at := u
	for range maxLine {
		row, err := tx.User.Query().Where(user.ID(at)).Select(user.FieldManagerID).Only(ctx)
		if err != nil || row.ManagerID == nil {
			return false, tenancy.Fault(err, "read a reporting line")
		}
		if at = *row.ManagerID; at == above {
			return true, nil
		}
	}
	return false, nil
}

// reportTo sets whom users report to; nil is nobody.
func (s *Users) reportTo(ctx context.Context, tx *ent.Tx, manager *publicid.UserID, ids ...publicid.UserID) error {
	if len(ids) == 0 {
		return nil
	}
	before, err := tx.User.Query().Where(user.IDIn(ids...)).Order(user.ByID()).Select(user.FieldID, user.FieldManagerID).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read whom users report to")
	}
	update := tx.User.Update().Where(user.IDIn(ids...)).AddVersion(1)
	if manager != nil {
		update.SetManagerID(*manager)
	} else {
		update.ClearManagerID()
	}
	if err := update.Exec(ctx); err != nil {
		return tenancy.Fault(err, "write whom users report to")
	}
	entries := make([]audit.Entry, len(before))
	for i, u := range before {
		entries[i] = audit.Entry{
			Action: "hand_over", Object: "user", ID: u.ID.UUID(),
			Before: map[string]any{"manager_id": u.ManagerID}, After: map[string]any{"manager_id": manager},
		}
	}
	return s.Audit.RecordMany(ctx, tx, entries)
}
