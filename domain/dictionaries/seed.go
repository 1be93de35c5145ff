// Package dictionaries owns the code lists that a tenant maintains for itself (A4): customer source, industry, service
// type … Other tables hold an entry's code, which never changes; its labels may. An archived entry is not offered for
// new records and stays readable for old ones.
package dictionaries

import (
	"context"

	"heyue/domain/dictionaries/shipped"
	"heyue/ent"
	"heyue/tenancy"
)

// Seed gives the context's tenant the shipped entries that it does not have yet, as part of tx. It changes no entry
// that exists, so a release that ships more of them may run it again. The caller has made the tenant in tx or holds
// its row, since two seeds at once would collide. Every error is a fault.
func Seed(ctx context.Context, tx *ent.Tx) error {
	type key struct {
		list shipped.List
		code string
	}
	rows, err := tx.DictionaryEntry.Query().Select("id", "list", "code").All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the dictionaries")
	}
	present := make(map[key]bool, len(rows))
	for _, r := range rows {
		present[key{r.List, r.Code}] = true
	}
	var missing []*ent.DictionaryEntryCreate
	for _, e := range shipped.All() {
		if !present[key{e.List, e.Code}] {
			missing = append(missing, tx.DictionaryEntry.Create().SetList(e.List).SetCode(e.Code).
				SetLabelZh(e.ZH).SetLabelEn(e.EN).SetPosition(e.Order))
		}
	}
	return tenancy.Fault(tx.DictionaryEntry.CreateBulk(missing...).Exec(ctx), "write the shipped dictionaries")
}
