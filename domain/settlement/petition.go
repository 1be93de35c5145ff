package settlement

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/ent"
	"heyue/ent/contract"
	"heyue/ent/predicate"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// petition is a row that waits for a second person: a bill edit or a payment request, which are decided on alike.
type petition[E any] struct {
	noun, object string // as people and as the audit call it
	id           uuid.UUID
	contract     func(ctx context.Context, tx *ent.Tx, scope ...predicate.Contract) (publicid.ContractID, error)
	locked       func(ctx context.Context, tx *ent.Tx) (*E, error)
	about        func(*E) (version int, state string, pending bool)
}

// lock locks the row behind its contract, as everything of a contract is. NOT_FOUND when there is none of a contract that
// scope allows.
func (p petition[E]) lock(ctx context.Context, tx *ent.Tx, field string, scope ...predicate.Contract) (*ent.Contract, *E, error) {
	of, err := p.contract(ctx, tx, scope...)
	if ent.IsNotFound(err) {
		return nil, nil, fault.NoSuch(p.noun, field)
	}
	if err != nil {
		return nil, nil, tenancy.Fault(err, "find a "+p.noun)
	}
	c, err := tx.Contract.Query().Where(contract.ID(of)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, nil, tenancy.Fault(err, "lock a contract")
	}
	row, err := p.locked(ctx, tx)
	return c, row, tenancy.Fault(err, "lock a "+p.noun)
}

// pending fails with WRONG_STATE for what is decided already.
func (p petition[E]) pending(row *E) error {
	if _, state, pending := p.about(row); !pending {
		return fault.New(fault.State, fault.WrongState, "the %s is %s already", p.noun, state)
	}
	return nil
}

// change locks the row of a contract within reach at the caller's version, lets decide write, and records old and new with
// the audit entry. On a version conflict the row as it is comes beside the error.
func (p petition[E]) change(ctx context.Context, s *Service, access policies.Access, expected int,
	decide func(tx *ent.Tx, c *ent.Contract, old *E) (*E, error),
) (now *E, err error) {
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, old, err := p.lock(ctx, tx, "id", access.Where)
		if err != nil {
			return err
		}
		if version, _, _ := p.about(old); version != expected {
			now = old
			return fault.Stale(p.noun)
		}
		if now, err = decide(tx, c, old); err != nil {
			now = nil
			return err
		}
		return p.record(ctx, s, tx, old, now)
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// byFlow does to a pending row what an approval flow decided. It asks for no permission; the flow has.
func (p petition[E]) byFlow(ctx context.Context, s *Service, tx *ent.Tx, end func(*ent.Contract, *E) (*E, error)) error {
	c, old, err := p.lock(ctx, tx, "subjectId")
	if err == nil {
		err = p.pending(old)
	}
	if err != nil {
		return err
	}
	now, err := end(c, old)
	if err != nil {
		return err
	}
	return p.record(ctx, s, tx, old, now)
}

func (p petition[E]) record(ctx context.Context, s *Service, tx *ent.Tx, old, now *E) error {
	_, state, _ := p.about(now)
	return s.Audit.Record(ctx, tx, audit.Entry{Action: strings.ToLower(state), Object: p.object, ID: p.id, Before: old, After: now})
}

// secondPerson refuses to let somebody decide on what they asked for themselves.
func secondPerson(noun string, asked, decides publicid.UserID) error {
	if asked == decides {
		return fault.New(fault.Invalid, fault.NotAllowed, "a %s needs a second person", noun).At("id")
	}
	return nil
}

// checkOpinion wants a word with a refusal.
func checkOpinion(approve bool, opinion *string) error {
	var c fault.Check
	c.OptText("opinion", opinion, MaxReason)
	silent := opinion == nil || strings.TrimSpace(*opinion) == ""
	c.That(approve || !silent, fault.Required, "opinion", "say why")
	return c.Err()
}
