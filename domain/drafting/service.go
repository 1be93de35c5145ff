// Package drafting gives contracts their text: a published version of a template, the values of its slots, the optional
// clauses that are in, and the clause exceptions that were accepted (E1–E4, HR2). The text itself is rendered whenever it
// is asked for and stored nowhere, so that nothing but these can change it. Drafters give values; who wants a clause
// worded otherwise proposes an exception, and somebody else decides.
package drafting

import (
	"context"

	"heyue/audit"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/platform/clock"
	"heyue/platform/publicid"
	"heyue/policies"
)

// Contracts locks contracts for changes of their text; see package contracts.
type Contracts interface {
	Edit(ctx context.Context, tx *ent.Tx, id publicid.ContractID, expectedVersion int) (*ent.Contract, error)
	Hold(ctx context.Context, tx *ent.Tx, p policies.Permission, id publicid.ContractID) (*ent.Contract, error)
	Touch(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*ent.Contract, error)
}

// Templates publishes the words of one contract as a template of its own; see package templates.
type Templates interface {
	Own(ctx context.Context, tx *ent.Tx, c *ent.Contract, content text.Content) (*ent.TemplateVersion, error)
}

// Limits bound the texts of contracts.
type Limits struct {
	Exceptions int // of one contract, withdrawn and rejected ones included
	Text       text.Limits
}

// DefaultLimits are in force unless the installation says otherwise.
func DefaultLimits() Limits { return Limits{Exceptions: 200, Text: text.DefaultLimits()} }

// Service is the use cases of contract text. It is the only writer of contract texts and clause exceptions.
type Service struct {
	Client    *ent.Client
	Policies  *policies.Engine
	Audit     audit.Recorder
	Contracts Contracts
	Templates Templates
	Clock     clock.Clock
	Limits    Limits
	Approvals Approvals // nil: people with clause_exception:decide decide
}
