package isolation

import (
	"encoding/json"

	"github.com/google/uuid"

	"heyue/domain/fields/custom"
	"heyue/ent"
	"heyue/platform/publicid"
)

// fields gives every noun a text and a reference of the tenant's own, and the customer and the contract a text in them.
func (p *population) fields(tx *ent.Tx) error {
	ctx, customer := p.tn.Ctx, custom.ToCustomer
	for _, noun := range custom.Nouns() {
		note, err := tx.CustomField.Create().SetNoun(noun).SetKey("note").SetType(custom.Text).SetLabelZh(p.m).SetLabelEn(p.m).Save(ctx)
		if err != nil {
			return err
		}
		_, err = tx.CustomField.Create().SetNoun(noun).SetKey("probe").SetType(custom.Reference).SetTarget(customer).SetLabelZh(p.m).SetLabelEn(p.m).Save(ctx)
		if err != nil {
			return err
		}
		subject := map[custom.Noun]uuid.UUID{custom.Customer: p.record.ID.UUID(), custom.Contract: p.agreement.ID.UUID()}[noun]
		if subject == uuid.Nil {
			continue
		}
		p.note(publicid.PrefixCustomFieldID, note.ID.String())
		if err := tx.CustomValue.Create().SetFieldID(note.ID).SetSubjectID(subject).SetText(p.m).Exec(ctx); err != nil {
			return err
		}
	}
	text, err := json.Marshal(p.m)
	if err != nil {
		return err
	}
	values := custom.Set{"note": text}
	if err := tx.Customer.UpdateOneID(p.record.ID).SetCustom(values).Exec(ctx); err != nil {
		return err
	}
	return tx.Contract.UpdateOneID(p.agreement.ID).SetCustom(values).Exec(ctx)
}
