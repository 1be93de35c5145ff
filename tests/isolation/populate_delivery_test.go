package isolation

import (
	"time"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/platform/publicid"
)

// delivery gives the tenant a program's endpoint, a message to it that was given up, and words of its own.
func (p *population) delivery(tx *ent.Tx) error {
	ctx, at := p.tn.Ctx, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	e, err := tx.Endpoint.Create().SetChannel(channel.Webhook).SetName(p.m).SetURL("https://" + p.m + ".invalid/").SetCredentials([]byte{0}).
		SetOptions(map[string]string{"signName": p.m}).SetEvents([]string{}).SetShownFields([]string{}).SetUserID(p.user).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixEndpointID, e.ID.String())
	d, err := tx.Delivery.Create().SetSourceID(e.ID.UUID()).SetKind("endpoint.test").SetOccurredAt(at).SetChannel(channel.Webhook).SetTarget(e.ID.String()).
		SetEndpointID(e.ID).SetUserID(p.user).SetAddress(p.m).SetName(p.m).SetSubjectID(e.ID.UUID()).SetPosition(1).SetState(posting.Dead).SetReason(posting.Expired).
		SetExpiresAt(at).SetProviderID(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixDeliveryID, d.ID.String())
	err = tx.DeliveryAttempt.Create().SetDeliveryID(d.ID).SetNumber(1).SetBeganAt(at).SetLatencyMs(5).SetResult(posting.Later).SetStatus(500).
		SetTrouble(p.m).SetResponseHead(p.m).Exec(ctx)
	if err != nil {
		return err
	}
	return tx.MessageTemplate.Create().SetKind(posting.AlertMessage).SetChannel(channel.Email).SetLocale("en").SetSubject(p.m).SetBody(p.m).Exec(ctx)
}
