package isolation

import (
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/policies/decision"
	"heyue/policies/share"
	"heyue/tests/fixture"
)

// share lends the customer to the administrator and the contract to their department, and puts a denial on record.
func (p *population) share(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	row, err := tx.RecordShare.Create().SetCustomerID(p.record.ID).SetUserID(p.user).SetLevel(share.Write).SetSharedByID(p.user).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixRecordShareID, row.ID.String())
	logged, err := tx.Decision.Create().SetKind(decision.Denied).SetUserID(p.user).SetObject("contract").SetAction("read").SetOperation(p.m).SetPolicyVersion(1).
		SetOccurredAt(fixture.Start()).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixDecisionID, logged.ID.String())
	return tx.RecordShare.Create().SetContractID(p.agreement.ID).SetDepartmentID(p.tn.Root).SetLevel(share.Read).SetSharedByID(p.user).Exec(ctx)
}
