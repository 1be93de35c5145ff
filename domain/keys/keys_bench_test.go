package keys_test

import (
	"testing"

	"heyue/domain/keys"
	"heyue/policies"
	"heyue/tests/fixture"
)

// BenchmarkEnter compares what proving a key costs with what an access token does, and what a decision costs under each.
func BenchmarkEnter(b *testing.B) {
	w := fixture.New(b)
	tn := w.Tenant(b, "acme")
	sales := w.User(b, tn, "sales", tn.Root)
	svc := &keys.Service{Client: w.Client, Policies: w.Policies, Audit: w.Audit, Sessions: w.Sessions, Lister: w.Lister, Clock: w.Clock, Limits: keys.DefaultLimits()}
	made, err := svc.Create(sales, draft())
	if err != nil {
		b.Fatal(err)
	}
	tokens, err := w.Sessions.Login(b.Context(), w.SetPassword(b, tn, sales))
	if err != nil {
		b.Fatal(err)
	}
	for name, bearer := range map[string]string{"key": made.Text, "token": tokens.AccessToken} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Sessions.Authenticate(b.Context(), bearer); err != nil {
					b.Fatal(err)
				}
			}
		})
		ctx, err := w.Sessions.Authenticate(b.Context(), bearer)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("decision with a "+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Policies.Require(ctx, policies.CustomerRead); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
