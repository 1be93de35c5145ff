package imports

import (
	"slices"
	"strings"

	"heyue/domain/customers/profile"
	"heyue/domain/ocds"
	"heyue/ent"
)

// The fields of a customer that a signature tells apart, in its order.
const (
	saidName = iota
	saidAddress
	saidDescription
	saidCreditCode
	saidPhone
	saidEmail
	saidWebsite
	saidContacts
)

// organisations drafts a customer of every party of the other side, and returns all parties by their source id. The
// tenant's own side is no customer of its own; it is named in its contracts all the same.
func (d *draft) organisations() map[string]*ocds.Party {
	direction := ocds.Payable
	var named []string
	for _, c := range d.source.Contracts {
		direction = c.Direction
		named = append(named, c.Counterparties...)
	}
	all := map[string]*ocds.Party{}
	drafted := map[string]bool{}
	for i := range d.source.Parties {
		p := &d.source.Parties[i]
		all[p.SourceID] = p
		if !slices.Contains(named, p.SourceID) && !otherSide(p, direction) {
			continue
		}
		if !drafted[p.Key] {
			drafted[p.Key] = true
			d.customers = append(d.customers, d.customer(p, direction))
		}
	}
	return all
}

// otherSide tells whether a party only plays roles of the side that the tenant is not on.
func otherSide(p *ocds.Party, direction ocds.Direction) bool {
	buying := p.Has(ocds.RoleBuyer) || p.Has(ocds.RoleProcuringEntity) || p.Has(ocds.RolePayer)
	selling := p.Has(ocds.RoleSupplier) || p.Has(ocds.RoleTenderer) || p.Has(ocds.RolePayee)
	if direction == ocds.Receivable {
		return buying && !selling
	}
	return selling && !buying
}

// customer maps a party. Source and category are codes of the shipped dictionaries.
func (d *draft) customer(p *ocds.Party, direction ocds.Direction) customerDraft {
	c := customerDraft{key: p.Key, mention: p.SourceID}
	c.row = ent.Customer{
		Kind: profile.Company, Grade: profile.Ungraded, Source: "IMPORT", Category: "SUPPLIER",
		Name:        d.text("parties[].name", nameOf(p), 200),
		Address:     d.text("parties[].address", addressOf(p.Address), 500),
		Description: d.text("parties[].identifiers", describe(p), 4000),
		CreditCode:  creditCode(p.Identifiers),
		Website:     p.URL,
	}
	if direction == ocds.Receivable {
		c.row.Category = "GOVERNMENT"
	}
	for _, from := range p.Contacts {
		contact := d.contact(from, c.row.Name)
		if slices.ContainsFunc(c.contacts, func(o ent.Contact) bool { return sameName(o.Name, contact.Name) }) {
			d.lost(true, "parties[].contactPoint")
			continue
		}
		c.contacts = append(c.contacts, contact)
		c.row.Phone, c.row.Email = or(c.row.Phone, contact.Phone), or(c.row.Email, contact.Email)
		if c.row.Website != from.URL {
			d.lost(c.row.Website != "" && from.URL != "", "parties[].contactPoint.url")
			c.row.Website = or(c.row.Website, from.URL)
		}
	}
	if len([]rune(c.row.Website)) > 300 {
		d.count("parties[].url", ocds.Field, "is longer than 300 characters and was left out")
		c.row.Website = ""
	}
	c.said = sign(c.row.Name, c.row.Address, c.row.Description, whole(c.row.CreditCode), c.row.Phone, c.row.Email,
		c.row.Website, whole(contactRows(c.contacts)))
	return c
}

func contactRows(contacts []ent.Contact) []contactRow {
	rows := make([]contactRow, len(contacts))
	for i := range contacts {
		rows[i] = contactOf(&contacts[i])
	}
	return rows
}

// contact maps a contact point. What does not fit into one number and one address goes into the remark.
func (d *draft) contact(from ocds.Contact, company string) ent.Contact {
	c := ent.Contact{Gender: profile.Unstated, Name: d.text("parties[].contactPoint.name", or(from.Name, company), 100)}
	var more []string
	note := func(s string) {
		if s != "" {
			more = append(more, s)
		}
	}
	var rest string
	c.Phone, rest = firstNumber(from.Telephone)
	note(rest)
	c.Fax, rest = firstNumber(from.Fax)
	note(rest)
	for _, e := range from.Emails {
		if c.Email == "" && len(e) <= 254 {
			c.Email = e
		} else {
			note(e)
		}
	}
	c.Remark = d.text("parties[].contactPoint", strings.Join(more, "; "), 1000)
	return c
}

// firstNumber takes the first of several numbers, as many as people write into one field, whole.
func firstNumber(s string) (first, rest string) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\x00", ""))
	if len([]rune(s)) <= 40 {
		return s, ""
	}
	if at := strings.IndexAny(s, ",;/"); at >= 0 && len([]rune(s[:at])) <= 40 {
		return strings.TrimSpace(s[:at]), strings.TrimSpace(s[at+1:])
	}
	return "", s
}

func nameOf(p *ocds.Party) string { return or(p.Name, p.LegalName, p.Number, p.SourceID) }

func addressOf(a ocds.Address) string {
	return joined(", ", a.Street, a.Locality, a.Region, a.PostalCode, a.Country)
}

// describe keeps what identifies the organisation and has no field of its own.
func describe(p *ocds.Party) string {
	var lines []string
	if p.LegalName != p.Name && p.Name != "" {
		lines = append(lines, p.LegalName)
	}
	for _, t := range p.Names {
		lines = append(lines, t.Lang+": "+t.Text)
	}
	for _, id := range p.Identifiers {
		lines = append(lines, joined(" ", joined(": ", id.Scheme, id.ID), id.URI))
	}
	return joined("\n", lines...)
}

// creditCode finds a Chinese company's unified social credit code among its identifiers; registers of China are known
// by schemes that begin with CN-.
func creditCode(ids []ocds.Identifier) *string {
	for _, id := range ids {
		code := profile.NormalizeCreditCode(id.ID)
		if strings.HasPrefix(id.Scheme, "CN-") && profile.ValidCreditCode(code) == nil {
			return &code
		}
	}
	return nil
}

// unknown is the customer that contracts without a counterparty are kept under, one a publisher.
func (d *draft) unknown(direction ocds.Direction, here local) customerDraft {
	publisher := "ocds"
	if parts := strings.SplitN(d.source.OCID, "-", 3); len(parts) == 3 && parts[0] == "ocds" {
		publisher = parts[0] + "-" + parts[1]
	}
	names := map[string][2]string{"zh-CN": {"未知供应商", "未知采购方"}, "en": {"Unknown supplier", "Unknown buyer"}}
	pair, ok := names[here.Locale]
	if !ok {
		pair = names["en"]
	}
	key := "unknown:" + publisher
	name := pair[0]
	if direction == ocds.Receivable {
		name, key = pair[1], key+":buyer"
	}
	row := ent.Customer{Kind: profile.Company, Grade: profile.Ungraded, Source: "IMPORT", Name: name + " (" + publisher + ")"}
	return customerDraft{key: key, mention: key, row: row, said: sign(row.Name)}
}

func sameName(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

func joined(separator string, parts ...string) string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(parts, separator)
}

func or(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
