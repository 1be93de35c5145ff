package transport

import (
	"context"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// authenticate runs the hook on an Authorization header value. No header is anonymous; a header that is
// no bearer token is refused rather than ignored, so that a mistake never turns into anonymity.
func (s *Server) authenticate(ctx context.Context, header string) (context.Context, *gqlerror.Error) {
	if header == "" {
		return ctx, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return nil, s.present.present(ctx, coded(fault.CodeUnauthenticated, "send a token as Authorization: Bearer …"))
	}
	if s.options.Authenticate == nil {
		return nil, s.present.present(ctx, coded(fault.CodeUnauthenticated, "this server takes no tokens"))
	}
	limited, cancel := context.WithTimeout(ctx, s.options.OperationTimeout)
	defer cancel()
	next, err := s.options.Authenticate(limited, token)
	if err != nil || next == nil {
		return nil, s.rejected(limited, err)
	}
	return known{ctx, next}, nil
}

// known has what a hook found out, and ends with what the hook was called for: the time that the hook itself had, which
// is that of an operation, is over with it.
type known struct {
	context.Context
	found context.Context
}

// Value is what the hook put there, or what was there before.
func (k known) Value(key any) any { return k.found.Value(key) }

// open runs the Init hook for a connection that stays.
func (s *Server) open(ctx context.Context) (Lease, *gqlerror.Error) {
	if s.options.Init == nil {
		return Lease{Context: ctx}, nil
	}
	lease, err := s.options.Init(ctx) // whose context a lease may go on using
	if err != nil {
		return Lease{}, s.rejected(ctx, err)
	}
	if lease.Context == nil {
		lease.Context = ctx
	}
	return lease, nil
}

// renew runs the hook before an operation of a connection that stays.
func (s *Server) renew(ctx context.Context) (context.Context, *gqlerror.Error) {
	if s.options.Renew == nil {
		return ctx, nil
	}
	limited, cancel := context.WithTimeout(ctx, s.options.OperationTimeout)
	defer cancel()
	next, err := s.options.Renew(limited)
	if err != nil {
		return nil, s.rejected(limited, err)
	}
	return known{ctx, next}, nil
}

// rejected presents the error of a hook. What Present does not know is a bad token: a hook need not
// dress up every parse error.
func (s *Server) rejected(ctx context.Context, err error) *gqlerror.Error {
	if err != nil && s.options.Present != nil {
		if e := s.options.Present(ctx, err); codeOf(e) != "" {
			return s.present.present(ctx, e)
		}
	}
	if ctx.Err() != nil {
		return s.present.present(ctx, stopped(ctx))
	}
	return s.present.present(ctx, coded(fault.CodeUnauthenticated, "the token is not valid"))
}
