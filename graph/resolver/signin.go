package resolver

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"heyue/platform/fault"
)

// userAgent is the device that a request says it comes from.
func userAgent(ctx context.Context) string {
	return graphql.GetOperationContext(ctx).Headers.Get("User-Agent")
}

// notLetIn makes a refused sign-in something that the user can mend. Elsewhere UNAUTHENTICATED asks the program to sign
// in; here it is the person who has to look at what they typed.
func notLetIn(err error) error {
	if err == nil || fault.KindOf(err) != fault.Unauthenticated {
		return err
	}
	f := fault.New(fault.Invalid, fault.WrongCredentials, "nobody can sign in with this tenant, e-mail address and password")
	f.Cause = err
	return f
}
