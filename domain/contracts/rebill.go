package contracts

import (
	"context"

	"heyue/ent"
	"heyue/tenancy"
)

// Rebill lets edit correct the payment plan of a locked contract that binds, and puts that on record for a reason (F8, G3).
// The approval on the contract goes on holding: two people have agreed to the correction, and the plan still makes up the
// amount. Edit's own faults pass through.
func (s *Service) Rebill(ctx context.Context, tx *ent.Tx, c *ent.Contract, reason string, edit func() error) (*ent.Contract, error) {
	before, err := s.Fingerprint(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	if err := s.keep(ctx, tx, c, nil); err != nil {
		return nil, err
	}
	if err := edit(); err != nil {
		return nil, err
	}
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	record, err := s.Register(ctx, tx, c, here.today, reason, "")
	if err != nil {
		return nil, err
	}
	update := tx.Contract.UpdateOne(c).AddVersion(1)
	if c.ApprovedPrint != nil && *c.ApprovedPrint == before {
		after, err := s.Fingerprint(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		update.SetApprovedPrint(after)
	}
	now, err := update.Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "count a contract's version")
	}
	return now, s.keep(ctx, tx, now, &record)
}
