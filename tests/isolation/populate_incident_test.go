package isolation

import (
	"time"

	"heyue/domain/incidents/incident"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/publicid"
)

// incident puts a breach of the contract on record, with a notice.
func (p *population) incident(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	i, err := tx.Incident.Create().SetContractID(p.agreement.ID).SetKind(incident.Breach).SetSide(incident.Theirs).SetTitle(p.m).SetDescription(p.m).
		SetHappenedOn(date.MustParse("2026-02-01")).SetReportedByID(p.user).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixIncidentID, i.ID.String())
	return tx.IncidentEntry.Create().SetIncidentID(i.ID).SetKind(incident.Talk).SetHappenedOn(date.MustParse("2026-02-02")).SetTold(p.m).SetChannel(p.m).
		SetContent(p.m).SetRecordedByID(p.user).SetRecordedAt(time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)).Exec(ctx)
}
