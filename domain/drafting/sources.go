package drafting

import (
	"context"

	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/contract"
	"heyue/ent/contracttext"
	"heyue/ent/customer"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// contact finds the customer's contact that the text names: the one that is wished for, or the main one. A caller who may
// not read contacts gets none unless they name one.
func (s *Service) contact(ctx context.Context, tx *ent.Tx, c *ent.Contract, wished *publicid.ContactID) (*ent.Contact, error) {
	_, err := s.Policies.Require(ctx, policies.ContactRead)
	if err != nil {
		if wished == nil && fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	q := tx.Contact.Query().Where(contact.CustomerID(c.CustomerID), contact.ArchivedAtIsNil())
	if wished != nil {
		q.Where(contact.ID(*wished))
	} else {
		q.Where(contact.IsPrimary(true))
	}
	found, err := q.Order(ent.Asc(contact.FieldID)).First(ctx)
	switch {
	case ent.IsNotFound(err) && wished != nil:
		return nil, fault.NoSuch("contact", "contactId")
	case ent.IsNotFound(err):
		return nil, nil
	}
	return found, tenancy.Fault(err, "find the contact")
}

// taken reads what slots take over from the customer, the contact and the tenant. The caller sees the contract, so the
// customer's name and address are no secret to them.
func (s *Service) taken(ctx context.Context, tx *ent.Tx, c *ent.Contract, at *ent.Contact) (map[text.Source]string, error) {
	tenant, err := tx.Tenant.Query().Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the tenant")
	}
	cus, err := tx.Customer.Query().Where(customer.ID(c.CustomerID)).Only(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read the customer")
	}
	taken := map[text.Source]string{
		text.TenantName: tenant.Name, text.CustomerName: cus.Name, text.CustomerAddress: cus.Address,
		text.CustomerPhone: cus.Phone, text.CustomerEmail: cus.Email,
	}
	if cus.CreditCode != nil {
		taken[text.CustomerCreditCode] = *cus.CreditCode
	}
	if at != nil {
		taken[text.ContactName], taken[text.ContactJobTitle] = at.Name, at.JobTitle
		taken[text.ContactPhone], taken[text.ContactMobile], taken[text.ContactEmail] = at.Phone, at.Mobile, at.Email
	}
	return taken, nil
}

// last gives the values of the customer's newest other contract under the template that the caller may see (E4).
func (s *Service) last(ctx context.Context, tx *ent.Tx, c *ent.Contract, m text.Model) (text.Values, error) {
	if m.Template.IsZero() {
		return nil, nil
	}
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	row, err := tx.ContractText.Query().Where(
		contracttext.ContractIDNEQ(c.ID),
		contracttext.HasContractWith(contract.CustomerID(c.CustomerID), access.Where),
		contracttext.HasTemplateVersionWith(templateversion.TemplateID(m.Template)),
	).Order(ent.Desc(contracttext.FieldCreatedAt, contracttext.FieldID)).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, tenancy.Fault(err, "read the last contract's text")
	}
	return row.Slots, nil
}
