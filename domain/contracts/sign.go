package contracts

import (
	"context"

	"heyue/domain/contracts/content"
	"heyue/domain/contracts/document"
	"heyue/domain/contracts/lifecycle"
	method "heyue/domain/contracts/signature"
	"heyue/ent"
	"heyue/ent/contractparty"
	entsignature "heyue/ent/signature"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// maxOriginals is how many signed originals one party can hold.
const maxOriginals = 100

// Signing is a party's signature (E13).
type Signing struct {
	ID              publicid.ContractID
	ExpectedVersion int
	PartyID         publicid.ContractPartyID
	Signatory       string // the person who signed
	Capacity        *string
	Method          method.Method
	Seal            *string
	SignedOn        *date.Date // today unless given
	Originals       *int
	Understood      bool
	Evidence        *Document
}

// Validate reports everything wrong with the signature at once.
func (g Signing) Validate() error {
	var c fault.Check
	c.Text("signatory", g.Signatory, 1, 200)
	c.OptText("capacity", g.Capacity, 100)
	c.OptText("seal", g.Seal, 200)
	c.That(g.Method.Valid(), fault.UnknownValue, "method", "%.20q is not a way to sign", string(g.Method))
	c.That(!g.Method.Sealed() || given.Trimmed(g.Seal) != "", fault.Required, "seal", "a signature by seal names the seal")
	c.That(g.Understood, fault.Required, "understood", "every party declares that it has read and understood the contract")
	if g.Originals != nil {
		c.That(*g.Originals >= 0 && *g.Originals <= maxOriginals, fault.OutOfRange, "originals", "originals is 0 to %d, not %d", maxOriginals, *g.Originals)
	}
	document.Evidence(&c, g.Evidence)
	return c.Err()
}

// Sign puts a party's signature on record. The contract must be approved as it is. With the last missing party it is
// signed, and takes effect at once when its first day has come (HR14). Needs contract:sign. Faults: those of
// Signing.Validate; OUT_OF_RANGE for a day to come; NOT_FOUND; VERSION_CONFLICT; WRONG_STATE; DUPLICATE for a party that
// has signed.
func (s *Service) Sign(ctx context.Context, g Signing) (*ent.Contract, error) {
	return s.act(ctx, policies.ContractSign, Target{g.ID, g.ExpectedVersion}, g.Validate(), func(tx *ent.Tx, c *ent.Contract, here local) (*ent.Contract, error) {
		if _, err := lifecycle.Next(c.Status, lifecycle.Sign); err != nil {
			return nil, err
		}
		print, err := s.approved(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		on, err := past(g.SignedOn, here.today, "signedOn")
		if err != nil {
			return nil, err
		}
		event, err := s.writeSignature(ctx, tx, c, g, on, print)
		if err != nil {
			return nil, err
		}
		now, err := s.take(ctx, tx, c, step{event: event, on: on, declaredBy: g.Signatory, print: &print}, func(u *ent.ContractUpdateOne) {
			if c.SignedOn == nil || on.After(*c.SignedOn) {
				u.SetSignedOn(on)
			}
		})
		if err != nil || now.Status != lifecycle.Signed {
			return now, err
		}
		return s.advance(ctx, tx, now, here.today)
	})
}

// writeSignature writes the signature and tells whether it was the last that was missing.
func (s *Service) writeSignature(ctx context.Context, tx *ent.Tx, c *ent.Contract, g Signing, on date.Date, print content.Print) (lifecycle.Event, error) {
	parties, err := tx.ContractParty.Query().Where(contractparty.ContractID(c.ID)).All(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "read parties")
	}
	var party *ent.ContractParty
	for _, p := range parties {
		if p.ID == g.PartyID {
			party = p
		}
	}
	if party == nil {
		return "", fault.NoSuch("party", "partyId")
	}
	standing, err := tx.Signature.Query().Where(entsignature.ContractID(c.ID), entsignature.Not(entsignature.HasVoids())).All(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "read signatures")
	}
	for _, other := range standing {
		if other.PartyID == g.PartyID {
			return "", at(fault.New(fault.Invalid, fault.Duplicate, "%s has signed already", party.Name), "partyId")
		}
	}
	filed, err := s.File(ctx, tx, c.ID, g.Evidence)
	if err != nil {
		return "", err
	}
	me, err := s.Policies.Require(ctx, policies.ContractSign)
	if err != nil {
		return "", err
	}
	err = tx.Signature.Create().SetContractID(c.ID).SetPartyID(party.ID).SetPartyName(party.Name).SetSignatory(g.Signatory).
		SetNillableCapacity(g.Capacity).SetMethod(g.Method).SetSeal(given.Trimmed(g.Seal)).SetSignedOn(on).SetNillableOriginals(g.Originals).
		SetUnderstood(g.Understood).SetPrint(print).SetNillableDocumentID(filed).SetRecordedByID(me.User()).SetRecordedAt(s.Clock.Now()).Exec(ctx)
	if err != nil {
		return "", tenancy.Fault(err, "write a signature")
	}
	return lifecycle.Signing(len(standing)+1, len(parties))
}

// Voiding takes a signature back.
type Voiding struct {
	ID     publicid.SignatureID
	Reason string
}

// Validate reports everything wrong with the voiding.
func (v Voiding) Validate() error {
	var c fault.Check
	c.Text("reason", v.Reason, 1, 2000)
	return c.Err()
}

// VoidSignature voids a signature of a contract that has not taken effect, for a reason; the signature stays on record.
// Needs contract:sign. Faults: REQUIRED, TOO_LONG, NOT_FOUND, WRONG_STATE.
func (s *Service) VoidSignature(ctx context.Context, v Voiding) (now *ent.Contract, err error) {
	access, err := s.Policies.Require(ctx, policies.ContractSign)
	if err != nil {
		return nil, err
	}
	if err := v.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		sig, err := tx.Signature.Query().Where(entsignature.ID(v.ID), entsignature.HasContractWith(access.Where)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("signature", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load a signature")
		}
		now, err = s.voidOne(ctx, tx, sig, v.Reason)
		return err
	})
	if err != nil {
		return nil, err
	}
	return now, nil
}

func (s *Service) voidOne(ctx context.Context, tx *ent.Tx, sig *ent.Signature, reason string) (*ent.Contract, error) {
	c, err := lock(ctx, tx, sig.ContractID)
	if err != nil {
		return nil, err
	}
	standing, err := tx.Signature.Query().Where(entsignature.ContractID(c.ID), entsignature.Not(entsignature.HasVoids())).IDs(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read signatures")
	}
	event, found := lifecycle.Void, false
	for _, id := range standing {
		found = found || id == sig.ID
	}
	if !found {
		return nil, fault.New(fault.State, fault.WrongState, "the signature is void already")
	}
	if len(standing) == 1 {
		event = lifecycle.VoidOnly
	}
	here, err := s.local(ctx, tx.Tenant)
	if err != nil {
		return nil, err
	}
	now, err := s.take(ctx, tx, c, step{event: event, on: here.today, reason: &reason, declaredBy: sig.Signatory}, func(u *ent.ContractUpdateOne) {
		u.ClearSignedOn()
	})
	if err != nil {
		return nil, err
	}
	return now, s.void(ctx, tx, sig.ID, reason)
}
