package factor

import (
	"encoding/base32"
	"net/url"

	"heyue/ent/predicate"
	entuser "heyue/ent/user"
	"heyue/identity"
)

// issuer is what authenticators show above the code.
const issuer = "heyue"

// enrolment writes a secret as authenticators read it (the Key URI Format of Google Authenticator).
func enrolment(email, tenant string, raw []byte) *Enrolment {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	u := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + issuer + " " + tenant + ":" + email,
		RawQuery: url.Values{"secret": {text}, "issuer": {issuer + " " + tenant}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}.Encode(),
	}
	return &Enrolment{URL: u.String(), Secret: text}
}

func user(c identity.Caller) predicate.User { return entuser.ID(c.UserID) }
