package isolation

import (
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
)

// progress gives the contract a delivery of which a part is done.
func (p *population) progress(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	l, err := tx.ProgressLine.Create().SetContractID(p.agreement.ID).SetKind(work.Delivery).SetTitle(p.m).SetUnit(p.m).SetPlannedOn(date.MustParse("2026-07-01")).
		SetPlannedQuantity(money.Whole(10)).SetActualQuantity(money.Whole(4)).SetState(work.Started).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixProgressLineID, l.ID.String())
	e, err := tx.ProgressEntry.Create().SetContractID(p.agreement.ID).SetLineID(l.ID).SetQuantity(money.Whole(4)).SetHappenedOn(date.MustParse("2026-06-01")).
		SetReference(p.m).SetNote(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixProgressEntryID, e.ID.String())
	return nil
}
