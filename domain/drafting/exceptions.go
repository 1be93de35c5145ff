package drafting

import (
	"context"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clauseexception"
	"heyue/ent/contracttext"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Bounds of what people say about an exception, in characters.
const (
	MaxReason  = 2000
	MaxOpinion = 2000
)

// Proposal is a wish to word a clause otherwise in one contract. NewText may name the template's slots as {{key}}.
type Proposal struct {
	ContractID publicid.ContractID
	Clause     string
	NewText    string
	Reason     string
	Chosen     []*flow.Choice // who decides, where a flow lets the proposer say
}

// Decision is what becomes of a proposal.
type Decision struct {
	ID              publicid.ClauseExceptionID
	ExpectedVersion int
	Accept          bool
	Opinion         *string
}

// Withdrawal takes a proposal back.
type Withdrawal struct {
	ID              publicid.ClauseExceptionID
	ExpectedVersion int
}

// Propose puts a clause exception up for decision; the contract's text stays as it is. Needs clause_exception:propose
// reaching the contract. Faults: REQUIRED and TOO_LONG for reason and newText; UNKNOWN_VALUE for a clause or slot that the
// contract's text does not have; INCONSISTENT when nothing would change; NOT_FOUND at contractId; WRONG_STATE for a
// contract that is no draft or has no text, and while another proposal for the clause is open; LIMIT_REACHED.
func (s *Service) Propose(ctx context.Context, p Proposal) (made *ent.ClauseException, err error) {
	access, err := s.Policies.Require(ctx, policies.ClauseExceptionPropose)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	c.Text("reason", p.Reason, 1, MaxReason)
	flow.CheckChoices(&c, "chosen", p.Chosen)
	c.Text("newText", p.NewText, 1, s.Limits.Text.ClauseText)
	if err := c.Err(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		held, err := s.Contracts.Hold(ctx, tx, policies.ClauseExceptionPropose, p.ContractID)
		if err != nil {
			return err
		}
		if held.ArchivedAt != nil || !held.Status.MayEdit() {
			return fault.New(fault.State, fault.WrongState, "exceptions are proposed while the contract is a draft; it is %s", standing(held))
		}
		old, err := s.wording(ctx, tx, p)
		if err != nil {
			return err
		}
		if err := s.mayPropose(ctx, tx, p); err != nil {
			return err
		}
		made, err = tx.ClauseException.Create().SetContractID(p.ContractID).SetClauseKey(p.Clause).SetOldText(old).SetNewText(p.NewText).
			SetReason(p.Reason).SetProposedByID(access.User()).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write a clause exception")
		}
		err = s.Audit.Record(ctx, tx, audit.Entry{Action: "propose", Object: "clause_exception", ID: made.ID.UUID(), After: made})
		if err != nil || s.Approvals == nil {
			return err
		}
		return s.Approvals.Begin(ctx, tx, made, p.Chosen)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func standing(c *ent.Contract) string {
	if c.ArchivedAt != nil {
		return "archived"
	}
	return string(c.Status)
}

// wording checks the proposal against the contract's text and gives the clause's words as they are now.
func (s *Service) wording(ctx context.Context, tx *ent.Tx, p Proposal) (string, error) {
	row, content, accepted, err := s.words(ctx, tx, p.ContractID)
	if err != nil {
		return "", err
	}
	var c fault.Check
	c.That(content.Clause(p.Clause) != nil, fault.UnknownValue, "clause", "the contract's text has no clause %.40q", p.Clause)
	content.CheckWording(&c, "newText", p.NewText, s.Limits.Text)
	if err := c.Err(); err != nil {
		return "", err
	}
	old, _ := content.Wording(p.Clause, row.Language, accepted)
	c.That(old != p.NewText, fault.Inconsistent, "newText", "newText is what the clause says already")
	return old, c.Err()
}

// words reads a contract's text, its template's content and the exceptions that were accepted.
func (s *Service) words(ctx context.Context, tx *ent.Tx, id publicid.ContractID) (*ent.ContractText, text.Content, []text.Replacement, error) {
	row, err := tx.ContractText.Query().Where(contracttext.ContractID(id)).WithTemplateVersion().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, text.Content{}, nil, noText()
	}
	if err != nil {
		return nil, text.Content{}, nil, tenancy.Fault(err, "read a contract's text")
	}
	m := material{exceptions: map[publicid.ContractID][]text.Replacement{}}
	if err := m.readExceptions(ctx, tx.Client(), []publicid.ContractID{id}); err != nil {
		return nil, text.Content{}, nil, tenancy.Fault(err, "read clause exceptions")
	}
	return row, row.Edges.TemplateVersion.Content, m.exceptions[id], nil
}

// mayPropose refuses a second open proposal for a clause, and an exception too many. The contract's lock keeps others out.
func (s *Service) mayPropose(ctx context.Context, tx *ent.Tx, p Proposal) error {
	all, err := tx.ClauseException.Query().Where(clauseexception.ContractID(p.ContractID)).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read clause exceptions")
	}
	for _, x := range all {
		if x.ClauseKey == p.Clause && x.Status == text.Proposed {
			return fault.New(fault.State, fault.WrongState, "an exception for the clause %s awaits its decision", p.Clause).At("clause")
		}
	}
	if len(all) >= s.Limits.Exceptions {
		return fault.New(fault.State, fault.LimitReached, "the contract has %d exceptions, which is as many as it may have", len(all))
	}
	return nil
}

// Decide accepts or rejects a proposal of somebody else; an accepted one gives the clause its new words. Needs
// clause_exception:decide reaching the contract. Faults: TOO_LONG for the opinion; NOT_FOUND; VERSION_CONFLICT, then the
// exception as it is now comes with the error; NOT_ALLOWED for one's own proposal; WRONG_STATE for what is decided
// already, while a flow of the tenant's decides, for a contract that is neither a draft nor in review, and for a clause whose
// words have changed since.
func (s *Service) Decide(ctx context.Context, d Decision) (*ent.ClauseException, error) {
	access, err := s.Policies.Require(ctx, policies.ClauseExceptionDecide)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	c.OptText("opinion", d.Opinion, MaxOpinion)
	if err := c.Err(); err != nil {
		return nil, err
	}
	said := ""
	if d.Opinion != nil {
		said = *d.Opinion
	}
	return s.change(ctx, policies.ClauseExceptionDecide, d.ID, d.ExpectedVersion, func(tx *ent.Tx, held *ent.Contract, old *ent.ClauseException) (*ent.ClauseException, error) {
		if old.ProposedByID == access.User() {
			return nil, fault.New(fault.State, fault.NotAllowed, "nobody decides on their own proposal")
		}
		if s.Approvals != nil {
			if err := s.Approvals.Yield(ctx, tx, old.ID); err != nil {
				return nil, err
			}
		}
		return s.Settle(ctx, tx, held, old, Verdict{Accept: d.Accept, By: access.User(), Opinion: said})
	})
}

// Verdict is what was decided on a proposal and by whom.
type Verdict struct {
	Accept  bool
	By      publicid.UserID
	Opinion string
}

// Settle writes a verdict on a proposal into tx. It serves the approvals of exceptions, which have checked who may
// decide; the caller holds the contract's lock. Faults: WRONG_STATE as of Decide.
func (s *Service) Settle(ctx context.Context, tx *ent.Tx, held *ent.Contract, old *ent.ClauseException, v Verdict) (*ent.ClauseException, error) {
	if old.Status != text.Proposed {
		return nil, fault.New(fault.State, fault.WrongState, "the exception is %s already", old.Status)
	}
	if held.ArchivedAt != nil || held.Status != lifecycle.Draft && held.Status != lifecycle.InReview {
		return nil, fault.New(fault.State, fault.WrongState, "exceptions are decided before the contract is approved; it is %s", standing(held))
	}
	status := text.Rejected
	if v.Accept {
		status = text.Accepted
		row, content, accepted, err := s.words(ctx, tx, held.ID)
		if err != nil {
			return nil, err
		}
		if words, _ := content.Wording(old.ClauseKey, row.Language, accepted); words != old.OldText {
			return nil, fault.New(fault.State, fault.WrongState, "the clause %s has other words than when the exception was proposed", old.ClauseKey)
		}
		if _, err := s.Contracts.Touch(ctx, tx, held); err != nil {
			return nil, err
		}
	}
	now, err := tx.ClauseException.UpdateOne(old).SetStatus(status).SetDecidedByID(v.By).SetDecidedAt(s.Clock.Now()).
		SetOpinion(v.Opinion).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "decide on a clause exception")
}

// Withdraw takes one's own proposal back. Needs clause_exception:propose reaching the contract. Faults: NOT_FOUND;
// VERSION_CONFLICT, then the exception as it is now comes with the error; NOT_ALLOWED for somebody else's; WRONG_STATE for
// what is decided already.
func (s *Service) Withdraw(ctx context.Context, w Withdrawal) (*ent.ClauseException, error) {
	access, err := s.Policies.Require(ctx, policies.ClauseExceptionPropose)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, policies.ClauseExceptionPropose, w.ID, w.ExpectedVersion, func(tx *ent.Tx, _ *ent.Contract, old *ent.ClauseException) (*ent.ClauseException, error) {
		if old.ProposedByID != access.User() {
			return nil, fault.New(fault.State, fault.NotAllowed, "only who proposed an exception takes it back")
		}
		if s.Approvals != nil {
			if err := s.Approvals.Cancel(ctx, tx, old.ID); err != nil {
				return nil, err
			}
		}
		return s.takeBack(ctx, tx, old)
	})
}

// change locks the contract of an exception, lets edit write, and records old and new with the audit entry. The
// contract's lock is that of its exceptions: the database hides decided ones from SELECT … FOR UPDATE.
func (s *Service) change(ctx context.Context, p policies.Permission, id publicid.ClauseExceptionID, expected int,
	edit func(tx *ent.Tx, held *ent.Contract, old *ent.ClauseException) (*ent.ClauseException, error),
) (now *ent.ClauseException, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		seen, err := tx.ClauseException.Query().Where(clauseexception.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("clause exception", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "find a clause exception")
		}
		held, err := s.Contracts.Hold(ctx, tx, p, seen.ContractID)
		if err != nil {
			if fault.KindOf(err) == fault.NotFound {
				return fault.NoSuch("clause exception", "id")
			}
			return err
		}
		old, err := tx.ClauseException.Query().Where(clauseexception.ID(id)).Only(ctx) // again, under the lock
		if err != nil {
			return tenancy.Fault(err, "load a clause exception")
		}
		if old.Version != expected {
			now = old
			return fault.Stale("clause exception")
		}
		if now, err = edit(tx, held, old); err != nil {
			now = nil
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: string(now.Status), Object: "clause_exception", ID: id.UUID(), Before: old, After: now})
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}
