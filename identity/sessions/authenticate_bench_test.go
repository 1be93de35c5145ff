package sessions_test

import (
	"testing"

	"heyue/tests/fixture"
)

// BenchmarkAuthenticate is what every request pays: one signature and one statement.
func BenchmarkAuthenticate(b *testing.B) {
	w := fixture.New(b)
	tn := w.Tenant(b, "acme")
	tokens, err := w.Sessions.Login(b.Context(), w.SetPassword(b, tn, tn.Admin))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.Sessions.Authenticate(b.Context(), tokens.AccessToken); err != nil {
			b.Fatal(err)
		}
	}
}
