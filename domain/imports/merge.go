package imports

import (
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"heyue/domain/ocds"
	"heyue/ent"
	"heyue/platform/publicid"
)

func contactID(c publicid.CustomerID, contact string) publicid.ContactID {
	return publicid.ContactID(derived(c.UUID(), "contact", strings.ToLower(strings.TrimSpace(contact))))
}

// organisations finds or makes the customers of a process. What a process says of an organisation for the first time
// only fills what is empty; what it has changed since its last import is taken over.
func (w *writer) organisations(d *draft) error {
	for i := range d.customers {
		c := &d.customers[i]
		party, mention := name{objParty, c.key}, name{objMention, c.mention}
		before, again := w.known[mention]
		id := publicid.CustomerID(w.known[party].object)
		there := w.customers[id]
		switch {
		case there == nil:
			id = publicid.NewCustomerID()
			w.makeCustomer(id, c)
			w.remember(party, id.UUID(), "")
		case !again || before.hash != string(c.said):
			if w.fillCustomer(d, there, c, signature(before.hash), again) {
				w.mark(there.ID.UUID())
			}
		}
		if !again || before.hash != string(c.said) {
			w.meet(id, c, again && c.said.changed(signature(before.hash), saidContacts))
			if party.id != mention.id {
				w.remember(mention, id.UUID(), string(c.said))
			}
		}
	}
	return nil
}

func (w *writer) makeCustomer(id publicid.CustomerID, c *customerDraft) {
	row := c.row
	row.ID, row.OwnerID, row.DepartmentID = id, w.Owner, w.Department
	w.customers[id], w.fresh[id.UUID()] = &row, true
	w.rows.Customers = append(w.rows.Customers, &row)
	w.done.Customers.Created++
}

// mark counts a customer that was there before and is now to be written, once.
func (w *writer) mark(id uuid.UUID) {
	c := w.customers[publicid.CustomerID(id)]
	if !w.fresh[id] && !slices.Contains(w.rows.Customers, c) {
		w.rows.Customers = append(w.rows.Customers, c)
		w.done.Customers.Changed++
	}
}

// fillCustomer brings a customer up to what a mention says and tells whether that changed anything.
func (w *writer) fillCustomer(d *draft, there *ent.Customer, c *customerDraft, before signature, again bool) bool {
	was := *there
	take := func(i int, to *string, from string) {
		if *to == "" || again && c.said.changed(before, i) && from != "" {
			*to = from
		}
	}
	take(saidName, &there.Name, c.row.Name)
	take(saidAddress, &there.Address, c.row.Address)
	take(saidDescription, &there.Description, c.row.Description)
	take(saidPhone, &there.Phone, c.row.Phone)
	take(saidEmail, &there.Email, c.row.Email)
	take(saidWebsite, &there.Website, c.row.Website)
	if code := c.row.CreditCode; there.CreditCode == nil && code != nil {
		if w.codeTaken(*code) {
			w.tell(d, "parties[].identifiers", ocds.Field, "another customer has the same credit code")
		} else {
			there.CreditCode = code
		}
	}
	if reflect.DeepEqual(customerOf(&was), customerOf(there)) {
		return false
	}
	if _, kept := w.before[there.ID.UUID()]; !kept && !w.fresh[there.ID.UUID()] {
		w.before[there.ID.UUID()] = &was
	}
	return true
}

func (w *writer) codeTaken(code string) bool {
	for _, c := range w.customers {
		if c.CreditCode != nil && *c.CreditCode == code {
			return true
		}
	}
	return false
}

// meet makes the contacts that are missing. Those that are there are filled up, and changed when the source did so.
func (w *writer) meet(id publicid.CustomerID, c *customerDraft, changed bool) {
	for i := range c.contacts {
		from := &c.contacts[i]
		at := contactID(id, from.Name)
		there := w.contacts[at]
		if there == nil {
			row := *from
			row.ID, row.CustomerID = at, id
			w.contacts[at], w.fresh[at.UUID()] = &row, true
			w.rows.Contacts = append(w.rows.Contacts, &row)
			w.done.Contacts.Created++
			continue
		}
		was := *there
		for _, f := range []struct {
			to   *string
			from string
		}{{&there.Phone, from.Phone}, {&there.Fax, from.Fax}, {&there.Email, from.Email}, {&there.Remark, from.Remark}} {
			if *f.to == "" || changed && f.from != "" {
				*f.to = f.from
			}
		}
		if !reflect.DeepEqual(contactOf(&was), contactOf(there)) && !w.fresh[at.UUID()] && !slices.Contains(w.rows.Contacts, there) {
			w.rows.Contacts = append(w.rows.Contacts, there)
			w.done.Contacts.Changed++
		}
	}
}

// tell notes a problem that only the database could show. It counts when the transaction commits.
func (w *writer) tell(d *draft, path string, severity ocds.Severity, reason string) {
	w.found[d] = append(w.found[d], d.problem(path, severity, reason))
}
