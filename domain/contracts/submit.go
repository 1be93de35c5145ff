package contracts

import (
	"context"

	"heyue/domain/approvals/flow"
	"heyue/domain/contracts/content"
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	"heyue/ent"
	"heyue/ent/contractparty"
	"heyue/ent/contractstep"
	entsignature "heyue/ent/signature"
	"heyue/ent/signaturevoid"
	"heyue/identity"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Note is a step that needs nothing but a contract at the version the caller has seen, and at times a reason.
type Note struct {
	ID              publicid.ContractID
	ExpectedVersion int
	Reason          *string
}

func (n Note) target() Target { return Target{n.ID, n.ExpectedVersion} }

// Validate reports everything wrong with the note.
func (n Note) Validate() error {
	var c fault.Check
	c.OptText("reason", n.Reason, 2000)
	return c.Err()
}

// reasoned is Validate where the reason must be given.
func (n Note) reasoned() error {
	var c fault.Check
	c.Text("reason", given.Trimmed(n.Reason), 1, 2000)
	return c.Err()
}

// Approvals is the engine that finds who must decide on a contract. It calls Approved, Rejected and SentBack when they
// have. Its methods run in the contract's transaction, with the contract locked.
type Approvals interface {
	// Begin starts the flow that fits the contract, with those whom the submitter chose.
	Begin(ctx context.Context, tx *ent.Tx, c *ent.Contract, chosen []*flow.Choice) error
	// Yield ends the shipped flow, if that is what runs, because somebody decides directly. WRONG_STATE while one of the
	// tenant's own decides.
	Yield(ctx context.Context, tx *ent.Tx, id publicid.ContractID) error
	// Cancel ends the flow, if one is running, because the contract was withdrawn.
	Cancel(ctx context.Context, tx *ent.Tx, id publicid.ContractID) error
}

// Submission is a Note with whom the submitter wants to decide, where the flow lets them choose (F3).
type Submission struct {
	Note
	Chosen []*flow.Choice
}

// Validate reports everything wrong with the submission at once.
func (n Submission) Validate() error {
	var c fault.Check
	c.OptText("reason", n.Reason, 2000)
	flow.CheckChoices(&c, "chosen", n.Chosen)
	return c.Err()
}

// Submit asks for approval of a draft with at least two parties. A vehicle contract needs the customer's "no objection" to
// what it says now (HR5). Where no flow of the tenant's fits, somebody else with contract:approve may decide, too. Needs
// contract:submit. Faults: TOO_LONG, REQUIRED at chosen, NOT_FOUND, VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Submit(ctx context.Context, n Submission) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractSubmit, n.target(), n.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		sides, err := tx.ContractParty.Query().Where(contractparty.ContractID(c.ID)).Count(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "count parties")
		}
		if sides < lifecycle.MinParties {
			return nil, fault.New(fault.State, fault.WrongState, "a contract needs at least %d parties, this one has %d", lifecycle.MinParties, sides)
		}
		print, err := s.Fingerprint(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		if err := mayGo(ctx, tx, c, print); err != nil {
			return nil, err
		}
		now, err := s.take(ctx, tx, c, step{event: lifecycle.Submit, on: here.today, reason: n.Reason, print: &print}, nil)
		if err != nil || s.Approvals == nil {
			return now, err
		}
		return now, s.Approvals.Begin(ctx, tx, now, n.Chosen)
	})
}

// mayGo asks whether the customer has agreed, where that is needed, to what the contract says now.
func mayGo(ctx context.Context, tx *ent.Tx, c *ent.Contract, print content.Print) error {
	if c.Status != lifecycle.Draft {
		return nil // Next says what is wrong
	}
	said, err := last(ctx, tx, c.ID, lifecycle.NoObjection)
	if err != nil {
		return err
	}
	agreed := said != nil && said.Print != nil && *said.Print == print
	if err := lifecycle.MaySubmit(c.Kind, agreed); err != nil {
		if said != nil && said.Print != nil && !agreed {
			return fault.New(fault.State, fault.WrongState, "the customer raised no objection to an earlier draft; %v changed since", said.Print.Changed(print))
		}
		return fault.New(fault.State, fault.WrongState, "%s", fault.All(err)[0].Message)
	}
	return nil
}

// Withdraw takes a contract back before all have signed; signatures given so far are void. Needs contract:submit. Faults:
// TOO_LONG, NOT_FOUND, VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Withdraw(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractSubmit, n.target(), n.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		now, err := s.take(ctx, tx, c, step{event: lifecycle.Withdraw, on: here.today, reason: n.Reason}, nil)
		if err != nil {
			return nil, err
		}
		if err := s.voidAll(ctx, tx, c.ID, "the contract was withdrawn"); err != nil {
			return nil, err
		}
		if s.Approvals != nil && c.Status == lifecycle.InReview {
			return now, s.Approvals.Cancel(ctx, tx, c.ID)
		}
		return now, nil
	})
}

// Revise opens an approved, rejected or withdrawn contract for editing; it must be approved anew. Needs contract:submit.
// Faults: TOO_LONG, NOT_FOUND, VERSION_CONFLICT, WRONG_STATE.
func (s *Service) Revise(ctx context.Context, n Note) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractSubmit, n.target(), n.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		return s.take(ctx, tx, c, step{event: lifecycle.Revise, on: here.today, reason: n.Reason}, nil)
	})
}

// voidAll voids every signature that stands.
func (s *Service) voidAll(ctx context.Context, tx *ent.Tx, id publicid.ContractID, reason string) error {
	standing, err := tx.Signature.Query().Where(entsignature.ContractID(id), entsignature.Not(entsignature.HasVoids())).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read signatures")
	}
	for _, sig := range standing {
		if err := s.void(ctx, tx, sig.ID, reason); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) void(ctx context.Context, tx *ent.Tx, id publicid.SignatureID, reason string) error {
	row := tx.SignatureVoid.Create().SetSignatureID(id).SetReason(reason).SetVoidedAt(s.Clock.Now())
	if caller, ok := identity.Signed(ctx); ok {
		row.SetVoidedByID(caller.UserID)
	}
	return tenancy.Fault(row.Exec(ctx), "void a signature")
}

// StepsOf returns the history of the given contracts, oldest first.
func (s *Service) StepsOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.ContractStep, error) {
	rows, err := s.Client.ContractStep.Query().Where(contractstep.ContractIDIn(ids...)).WithDocument().
		Order(stepOrder).All(ctx)
	return rows, tenancy.Fault(err, "read the history of contracts")
}

// SignaturesOf returns the signatures of the given contracts, void ones too, oldest first.
func (s *Service) SignaturesOf(ctx context.Context, ids []publicid.ContractID) ([]*ent.Signature, error) {
	rows, err := s.Client.Signature.Query().Where(entsignature.ContractIDIn(ids...)).WithDocument().
		WithVoids(func(q *ent.SignatureVoidQuery) { q.Order(ent.Asc(signaturevoid.FieldID)) }).
		Order(signatureOrder).All(ctx)
	return rows, tenancy.Fault(err, "read signatures")
}

// Declaration is what a party said, on record: who said it, on which day, and what proves it.
type Declaration struct {
	ID              publicid.ContractID
	ExpectedVersion int
	DeclaredBy      string
	GivenOn         *date.Date // today unless given
	Note            *string
	Evidence        *Document
}

// Validate reports everything wrong with the declaration at once.
func (d Declaration) Validate() error {
	var c fault.Check
	c.Text("declaredBy", d.DeclaredBy, 1, 200)
	c.OptText("note", d.Note, 2000)
	document.Evidence(&c, d.Evidence)
	return c.Err()
}

// past returns day, or today when none is given; a day in the future is refused with OUT_OF_RANGE on field.
func past(day *date.Date, today date.Date, field string) (date.Date, error) {
	if day == nil {
		return today, nil
	}
	if day.After(today) {
		return today, at(fault.New(fault.Invalid, fault.OutOfRange, "%s is in the future", field), field)
	}
	return *day, nil
}

// RecordNoObjection puts on record that the customer has read the draft and objects to nothing in it (HR5, E12). An edit
// afterwards voids it. Needs contract:submit. Faults: those of Declaration.Validate; OUT_OF_RANGE for a day to come;
// NOT_FOUND, VERSION_CONFLICT, WRONG_STATE.
func (s *Service) RecordNoObjection(ctx context.Context, d Declaration) (*ent.Contract, error) {
	return s.declare(ctx, policies.ContractSubmit, d, func(tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error) {
		print, err := s.Fingerprint(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		st.event, st.print = lifecycle.NoObjection, &print
		return s.take(ctx, tx, c, st, nil)
	})
}

func (s *Service) declare(ctx context.Context, p policies.Permission, d Declaration,
	do func(tx *ent.Tx, c *ent.Contract, st step) (*ent.Contract, error),
) (*ent.Contract, error) {
	return s.act(ctx, p, Target{d.ID, d.ExpectedVersion}, d.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		on, err := past(d.GivenOn, here.today, "givenOn")
		if err != nil {
			return nil, err
		}
		filed, err := s.File(ctx, tx, c.ID, d.Evidence)
		if err != nil {
			return nil, err
		}
		return do(tx, c, step{on: on, reason: d.Note, declaredBy: d.DeclaredBy, document: filed})
	})
}

// File keeps a document as evidence, which stays whatever else of the contract is replaced; nil for none.
func (s *Service) File(ctx context.Context, tx *ent.Tx, id publicid.ContractID, d *Document) (*publicid.DocumentReferenceID, error) {
	if d == nil {
		return nil, nil
	}
	row, err := tx.DocumentReference.Create().SetContractID(id).SetTitle(d.Title).SetNillableURL(d.URL).SetNillableDocumentType(d.DocumentType).
		SetNillableFormat(d.Format).SetNillableLanguage(d.Language).SetNillablePublishedOn(d.PublishedOn).SetEvidence(true).Save(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "file evidence")
	}
	return &row.ID, nil
}
