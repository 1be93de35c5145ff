package graph

import (
	"context"
	"math"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// UserErrors splits err: faults that the user can mend become the payload's userErrors, everything else stays an error
// of the operation (graphql.md 4.4). With err nil both are empty.
func UserErrors(err error) ([]*fault.Fault, error) {
	faults := fault.All(err)
	if err != nil && faults == nil {
		return nil, err
	}
	users := make([]*fault.Fault, 0, len(faults))
	for _, f := range faults {
		if !f.Kind.IsUser() {
			return nil, err
		}
		if len(f.Field) > 0 {
			f = f.At("input")
		}
		users = append(users, f)
	}
	return users, nil
}

// Present gives a fault the form that a caller sees at the top level: a code, a safe message, and where it applies the
// argument to blame and the seconds to wait. An error that holds no fault is not ours to show: nil.
func Present(_ context.Context, err error) *gqlerror.Error {
	faults := fault.All(err)
	if len(faults) == 0 {
		return nil
	}
	f := faults[0]
	if f.Kind == fault.Internal {
		return nil
	}
	e := &gqlerror.Error{Message: f.Message, Err: err, Extensions: map[string]any{"code": string(code(f))}}
	if len(f.Field) > 0 {
		e.Extensions["argument"] = f.Field
	}
	if f.RetryAfter > 0 {
		e.Extensions["retryAfter"] = int(math.Ceil(f.RetryAfter.Seconds()))
	}
	return e
}

// code is the fault's own code where the kind is for programs to handle; a user's fault that has no payload to go to,
// such as a malformed argument of a query, is a bad request.
func code(f *fault.Fault) fault.Code {
	if f.Kind.IsUser() {
		return fault.CodeBadRequest
	}
	return f.Code
}
