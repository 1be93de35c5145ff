package contracts

import (
	"context"

	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Texts gives a contract its text inside the caller's transaction; see package drafting.
type Texts interface {
	// Prepare finds what a wish is for and checks it.
	Prepare(ctx context.Context, tx *ent.Tx, w text.Wish) (text.Model, error)
	// Begin gives a contract that was just made its text.
	Begin(ctx context.Context, tx *ent.Tx, c *ent.Contract, m text.Model) error
}

// Drafted is a new contract together with its text (E1–E4).
type Drafted struct {
	Contract Draft
	Text     text.Wish
}

// Validate reports everything wrong with the draft at once; paths begin with contract and text.
func (d Drafted) Validate() error {
	var list fault.List
	for _, part := range []struct {
		field string
		err   error
	}{{"contract", d.Contract.Validate()}, {"text", d.Text.Validate()}} {
		for _, f := range fault.All(part.err) {
			list = append(list, f.At(part.field))
		}
	}
	if d.Contract.Registered != nil && *d.Contract.Registered {
		f := fault.New(fault.Invalid, fault.Inconsistent, "a contract that was signed on paper is not drafted; leave registered out")
		list = append(list, f.At("contract", "registered"))
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// Draft makes a contract with its parts and its text in one transaction (E1). Without parties it has those of the
// template: the tenant and the customer, each in its role (E6). Needs contract:create reaching its owner and department,
// template:read, and contract:compose for words of its own. Faults: those of Create below contract, and of the text below
// text.
func (s *Service) Draft(ctx context.Context, d Drafted) (made *ent.Contract, err error) {
	access, err := s.Policies.Require(ctx, policies.ContractCreate)
	if err != nil {
		return nil, err
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if err := d.Contract.settle(access); err != nil {
		return nil, fault.Under("contract", err)
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		model, err := s.Texts.Prepare(ctx, tx, d.Text)
		if err != nil {
			return fault.Under("text", err)
		}
		if model.Kind != "" && model.Kind != d.Contract.Kind {
			f := fault.New(fault.Invalid, fault.Inconsistent, "the template is for contracts of the kind %s", model.Kind)
			return f.At("contract", "kind")
		}
		if d.Contract.Parties == nil {
			if d.Contract.Parties, err = s.named(ctx, tx, *d.Contract.CustomerID, model); err != nil {
				return err
			}
		}
		if made, err = s.create(ctx, tx, d.Contract); err != nil {
			return fault.Under("contract", err)
		}
		return fault.Under("text", s.Texts.Begin(ctx, tx, made, model))
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// named makes the parties that the template knows.
func (s *Service) named(ctx context.Context, tx *ent.Tx, id publicid.CustomerID, m text.Model) ([]*Party, error) {
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the tenant's name")
	}
	access, err := s.Policies.Require(ctx, policies.CustomerRead)
	if err != nil {
		return nil, err
	}
	c, err := tx.Customer.Query().Where(customer.ID(id), customer.ArchivedAtIsNil(), access.Where).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.NoSuch("customer", "contract", "customerId")
	}
	if err != nil {
		return nil, tenancy.Fault(err, "read the customer")
	}
	language := m.Content.Languages[0]
	if m.Wish.Language != nil {
		language = *m.Wish.Language
	}
	parties := []*Party{}
	for _, p := range m.Content.Parties {
		role := p.Role.In(language)
		if p.Side == text.Us {
			parties = append(parties, &Party{Role: &role, Name: tenant.Name})
			continue
		}
		parties = append(parties, &Party{Role: &role, Name: c.Name, CreditCode: c.CreditCode, CustomerID: &c.ID})
	}
	return parties, nil
}

// Edit locks a contract whose text is about to change and counts its version up. The caller's transaction writes the
// text. Needs contract:update reaching it. Faults: NOT_FOUND, VERSION_CONFLICT, then the contract as it is comes with the
// error, WRONG_STATE for one that is not a draft.
func (s *Service) Edit(ctx context.Context, tx *ent.Tx, id publicid.ContractID, expectedVersion int) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, policies.ContractUpdate)
	if err != nil {
		return nil, err
	}
	old, err := load(ctx, tx, access, Target{id, expectedVersion})
	if err != nil {
		return old, err
	}
	if old.ArchivedAt != nil {
		return nil, fault.New(fault.State, fault.WrongState, "the contract is archived; restore it first")
	}
	if !old.Status.MayEdit() {
		return nil, fault.New(fault.State, fault.WrongState, "the text of a contract that is %s cannot be changed", old.Status)
	}
	return s.Touch(ctx, tx, old)
}

// Hold locks a contract within reach of a permission and returns it, whatever its version. Fault: NOT_FOUND at
// contractId.
func (s *Service) Hold(ctx context.Context, tx *ent.Tx, p policies.Permission, id publicid.ContractID) (*ent.Contract, error) {
	access, err := s.Policies.Require(ctx, p)
	if err != nil {
		return nil, err
	}
	c, err := load(ctx, tx, access, Target{ID: id})
	if c != nil {
		return c, nil
	}
	return nil, renamed(err, "contractId")
}

// Touch counts the version of a locked contract up: something that belongs to it has changed.
func (s *Service) Touch(ctx context.Context, tx *ent.Tx, c *ent.Contract) (*ent.Contract, error) {
	now, err := tx.Contract.UpdateOne(c).AddVersion(1).Save(ctx)
	return now, tenancy.Fault(err, "count a contract's version")
}

// renamed gives a NOT_FOUND the field by which the input names the contract.
func renamed(err error, field string) error {
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return fault.NoSuch("contract", field)
	}
	return err
}
