package service

import (
	"context"

	"heyue/audit"
	"heyue/domain/staff/leaving"
	"heyue/ent"
	"heyue/ent/servicerecord"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Held counts what a user owns, archived ones too. Whoever asks has the permission checked.
func (s *Service) Held(ctx context.Context, user publicid.UserID) (int, error) {
	n, err := s.Client.ServiceRecord.Query().Where(servicerecord.OwnerID(user)).Count(ctx)
	return n, tenancy.Fault(err, "count a user's service records")
}

// HandOver gives everything that somebody who leaves owns to their successor, or to the pool of its department, in a few
// statements however much it is (B6). Each record's version goes up and each has its audit entry. The caller has the
// permission checked and the user locked.
func (s *Service) HandOver(ctx context.Context, tx *ent.Tx, h leaving.Handover) error {
	held, err := tx.ServiceRecord.Query().Where(servicerecord.OwnerID(h.From)).Order(servicerecord.ByID()).ForUpdate().
		Select(servicerecord.FieldID, servicerecord.FieldDepartmentID).All(ctx)
	if err != nil || len(held) == 0 {
		return tenancy.Fault(err, "lock a user's service records")
	}
	if h.To == nil && h.Home != nil {
		err = tx.ServiceRecord.Update().Where(servicerecord.OwnerID(h.From), servicerecord.DepartmentIDIsNil()).SetDepartmentID(*h.Home).Exec(ctx)
		if err != nil {
			return tenancy.Fault(err, "pool service records")
		}
	}
	update := tx.ServiceRecord.Update().Where(servicerecord.OwnerID(h.From)).AddVersion(1)
	if h.To != nil {
		update.SetOwnerID(*h.To)
	} else {
		update.ClearOwnerID()
	}
	if err := update.Exec(ctx); err != nil {
		return tenancy.Fault(err, "hand service records over")
	}
	entries := make([]audit.Entry, len(held))
	for i, r := range held {
		before, after := h.Told(r.DepartmentID)
		entries[i] = audit.Entry{Action: "hand_over", Object: "service_record", ID: r.ID.UUID(), Before: before, After: after}
	}
	return s.Audit.RecordMany(ctx, tx, entries)
}
