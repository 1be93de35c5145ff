package isolation

import (
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/policies/share"
)

// share lends the customer to the administrator and the contract to their department.
func (p *population) share(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	row, err := tx.RecordShare.Create().SetCustomerID(p.record.ID).SetUserID(p.user).SetLevel(share.Write).SetSharedByID(p.user).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixRecordShareID, row.ID.String())
	return tx.RecordShare.Create().SetContractID(p.agreement.ID).SetDepartmentID(p.tn.Root).SetLevel(share.Read).SetSharedByID(p.user).Exec(ctx)
}
