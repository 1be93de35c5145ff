package isolation

import (
	"time"

	"heyue/ent"
	"heyue/identity/opaque"
	"heyue/platform/publicid"
	"heyue/policies/grant"
)

// key lets a program in for the administrator, who has an identity at a sign-in provider too.
func (p *population) key(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	until := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	session, err := tx.Session.Create().SetUserID(p.user).SetUserAgent(p.m).SetExpiresAt(until).Save(ctx)
	if err != nil {
		return err
	}
	prefix, _, digest := opaque.NewKey(p.tn.ID)
	k, err := tx.APIKey.Create().SetName(p.m).SetUserID(p.user).SetSessionID(session.ID).SetPrefix(prefix).SetSecretHash(digest.Hex()).
		SetPermissions([]grant.Line{{Object: "customer", Action: "read", Scope: grant.Tenant}}).SetNetworks([]string{}).SetExpiresAt(until).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixAPIKeyID, k.ID.String())
	provider, err := tx.OIDCProvider.Create().SetName(p.m).SetIssuer("https://idp.example/" + p.m).SetClientID(p.m).SetDomains([]string{"example.com"}).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixOIDCProviderID, provider.ID.String())
	x, err := tx.ExternalIdentity.Create().SetUserID(p.user).SetProviderID(provider.ID).SetSubject(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixExternalIdentityID, x.ID.String())
	return nil
}
