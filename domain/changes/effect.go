package changes

import (
	"context"

	"heyue/domain/changes/terms"
	"heyue/ent"
	"heyue/ent/changeevidence"
	"heyue/ent/contract"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// Effect tells what a change order that the caller was given makes different on its first day. Of an approved one it is
// what it made different of what was known before; of any other, what it would make different of the terms as they are. Nil
// when it no longer fits those.
func (s *Service) Effect(ctx context.Context, o *ent.ChangeOrder) (out *terms.Comparison, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // for one moment's view; it writes nothing
		c, err := tx.Contract.Query().Where(contract.ID(o.ContractID)).ForShare().Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "look up a contract")
		}
		l, err := s.open(ctx, tx, c)
		if err != nil {
			return err
		}
		before, after, err := l.around(o)
		if err != nil {
			if fault.KindOf(err).IsUser() {
				return nil
			}
			return err
		}
		out, err = s.compare(ctx, tx, c, before, after)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// around is what is in force on the first day of a change order without it and with it.
func (l *ledger) around(o *ent.ChangeOrder) (before, after terms.Sheet, err error) {
	for i, v := range l.versions {
		if v.ChangeOrderID == nil || *v.ChangeOrderID != o.ID {
			continue
		}
		if before, err = terms.Replay(l.base(), entries(l.versions[:i]), *v.EffectiveOn, v.RecordedAt); err != nil {
			return before, after, err
		}
		after, err = terms.Apply(before, v.Delta)
		return before, after, err
	}
	if before, err = l.at(l.first(o.EffectiveOn)); err != nil {
		return before, after, err
	}
	after, err = terms.Apply(before, o.Delta)
	return before, after, err
}

// Snapshot returns the contract of a version that the caller was given with the terms of that version; see AsOf for what is
// of then and what is of now.
func (s *Service) Snapshot(ctx context.Context, v *ent.ContractVersion) (then *ent.Contract, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // for one moment's view; it writes nothing
		c, err := tx.Contract.Query().Where(contract.ID(v.ContractID)).Only(ctx)
		if err != nil {
			return tenancy.Fault(err, "look up a contract")
		}
		then, err = s.overlay(ctx, tx, c, v.Content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return then, nil
}

// EvidenceOf returns the evidence of change orders with its documents, oldest first.
func (s *Service) EvidenceOf(ctx context.Context, ids []publicid.ChangeOrderID) ([]*ent.ChangeEvidence, error) {
	rows, err := s.Client.ChangeEvidence.Query().Where(changeevidence.ChangeOrderIDIn(ids...)).WithDocument().Order(ent.Asc(changeevidence.FieldID)).All(ctx)
	return rows, tenancy.Fault(err, "read evidence")
}
