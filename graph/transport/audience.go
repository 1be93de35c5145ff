package transport

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// Audience is who gets the same of a subscription. Receivers share an execution when their audiences have equal keys, and
// they ask the same: one document but for its layout, with equal variables, from the same place on. Whoever makes audiences
// sees to it that equal keys mean equal rights to whatever the subscription may show, since one of the receivers is asked
// for all of them, and that an audience is of one tenant.
type Audience struct {
	// Key is equal for those who get the same; "" shares with nobody.
	Key string
	// From is where the receiver wants to begin, as far as variables, [LastEventID] and [Resume] do not say; those who begin at
	// different places share nothing.
	From string
	// Scope is what [Server.Recheck] is told when rules have changed; its tenant, for instance.
	Scope string
	// Pin binds an execution to the decision that the audience was made by, so that it cannot be made by a newer one that
	// has been asked about one receiver only.
	Pin func(context.Context) context.Context
}

// groupKey is what members of a group have in common.
type groupKey [sha256.Size]byte

// keyOf is the group for an audience of an operation; false when it is for one receiver only.
func (s *Server) keyOf(ctx context.Context, a Audience, oc *graphql.OperationContext) (groupKey, bool) {
	if a.Key == "" {
		return groupKey{}, false
	}
	variables, err := json.Marshal(oc.Variables)
	if err != nil { // scalars of ours that cannot be written down
		return groupKey{}, false
	}
	h := sha256.New()
	from := Resume(ctx)
	if from == "" {
		from = LastEventID(ctx) + "\x00" + a.From
	}
	for _, part := range []string{a.Scope, a.Key, s.normal(oc), string(variables), from} {
		sum := sha256.Sum256([]byte(part)) // so that no two lists of parts come to the same
		_, _ = h.Write(sum[:])             // a hash takes everything
	}
	return groupKey(h.Sum(nil)), true
}

// normalBytes is the memory that texts of normalised operations may take. A frontend has a handful.
const normalBytes = 1 << 20

// normal is an operation's text without its layout: the operation itself and the fragments of its document.
func (s *Server) normal(oc *graphql.OperationContext) string {
	id := oc.OperationName + "\x00" + oc.RawQuery
	if text, ok := s.normals.get(id); ok {
		return text
	}
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("")).FormatQueryDocument(&ast.QueryDocument{
		Operations: ast.OperationList{oc.Operation}, Fragments: oc.Doc.Fragments,
	})
	s.normals.add(id, b.String(), len(id)+b.Len())
	return b.String()
}
