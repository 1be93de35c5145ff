package templates

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"heyue/domain/templates/shipped"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Seed gives a tenant the shipped templates that it does not have yet, published.
type Seed struct{ Clock clock.Clock }

// Run adds what is missing for the context's tenant, as part of tx, named in the language of locale. A template whose
// code is there already, archived ones included, stays as it is, so a release that ships more may run it again. The
// caller has made the tenant in tx or holds its row (tenancy.Lock). Every error is a fault.
func (s Seed) Run(ctx context.Context, tx *ent.Tx, locale string) error {
	all, err := shipped.All()
	if err != nil {
		return fault.Wrap(err, "read the shipped templates")
	}
	rows, err := tx.Template.Query().Select("id", "code").All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the templates")
	}
	present := make(map[string]bool, len(rows))
	for _, r := range rows {
		present[r.Code] = true
	}
	for _, t := range all {
		if present[t.Code] {
			continue
		}
		if err := s.add(ctx, tx, t, spoken(locale), s.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// spoken is the language of a locale: Chinese for zh, English for everything else.
func spoken(locale string) text.Language {
	if lang, _, _ := strings.Cut(locale, "-"); strings.EqualFold(lang, "zh") {
		return text.ZH
	}
	return text.EN
}

func (s Seed) add(ctx context.Context, tx *ent.Tx, t shipped.Template, l text.Language, at time.Time) error {
	row, err := tx.Template.Create().SetCode(t.Code).SetKind(t.Kind).SetName(t.Name.In(l)).SetDescription(t.Description.In(l)).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write a shipped template")
	}
	hash := t.Content.Hash()
	err = tx.TemplateVersion.Create().SetTemplateID(row.ID).SetNumber(1).SetStatus(text.Published).SetPublishedAt(at).
		SetContent(t.Content).SetContentHash(hex.EncodeToString(hash[:])).Exec(ctx)
	return tenancy.Fault(err, "write a shipped template's version")
}
