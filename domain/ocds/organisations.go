package ocds

import (
	"cmp"
	"slices"
	"strings"
)

// partySet holds the parties of a process, each organisation once however often it is mentioned.
type partySet struct {
	all    []*Party
	number map[string]int   // by the publisher's id
	ident  map[string]int   // by scheme and id
	name   map[string][]int // by folded name
	folded map[string]string
}

// fold remembers, because the same few names are folded over and over.
func (s *partySet) fold(name string) string {
	f, ok := s.folded[name]
	if !ok {
		if s.folded == nil {
			s.folded = map[string]string{}
		}
		f = fold(name)
		s.folded[name] = f
	}
	return f
}

// mention reads an organisation, wherever it stands: in parties (OCDS 1.1), inline (1.0), or as a mere
// reference. It returns its place in the set, or -1 when nothing identifies it.
func (m *mapper) mention(n *node, roles ...Role) int {
	p := m.organisation(n)
	p.Roles = append(p.Roles, roles...)
	at, known := m.parties.match(&p)
	if !known {
		if p.Number == "" && p.Name == "" && len(p.Identifiers) == 0 {
			if !n.empty() {
				m.at(n, "", Skipped, "has neither id nor name nor identifier")
			}
			return -1
		}
		at = m.parties.add(&p, m.partyID(&p, n))
		return at
	}
	m.complete(m.parties.all[at], &p, n)
	m.parties.note(at)
	return at
}

// partyID also serves as the key when neither identifier nor name says more.
func (m *mapper) partyID(p *Party, n *node) string {
	id := p.Number
	if id == "" && len(p.Identifiers) > 0 {
		id = p.Identifiers[0].Scheme + ":" + p.Identifiers[0].ID
	}
	return m.sourceID(m.out.OCID, "party", cmp.Or(id, m.parties.fold(p.Name)), n)
}

func (m *mapper) organisation(n *node) Party {
	var p Party
	p.Number = m.id(n, "id")
	p.Name, p.Names = m.phrase(n, "name", m.opt.MaxTitle)
	if main := n.find("identifier"); main != nil && main.kind == object {
		m.enter("identifier")
		m.identifier(&p, main)
		m.leave()
	}
	m.objects(n, "additionalIdentifiers", func(e *node) { m.identifier(&p, e) })
	if n.find("legalName") != nil || n.find("scheme") != nil { // an identifier in place of an organisation
		m.identifier(&p, n)
		if n.find("scheme") != nil || n.find("name") == nil {
			p.Number = ""
		}
	}
	p.Name = cmp.Or(p.Name, p.LegalName)
	m.address(&p, n)
	m.contact(&p, n)
	m.roles(&p, n)
	m.rest(n, knownOrganisation)
	return p
}

func knownOrganisation(key string) bool {
	switch key {
	case "id", "name", "identifier", "additionalIdentifiers", "address", "contactPoint", "roles", "url",
		"legalName", "scheme", "uri":
		return true
	}
	return false
}

// identifier adds an identifier to p unless it is a placeholder for none.
func (m *mapper) identifier(p *Party, n *node) {
	legal, _ := m.phrase(n, "legalName", m.opt.MaxTitle)
	p.LegalName = cmp.Or(p.LegalName, legal)
	id := Identifier{Scheme: m.id(n, "scheme"), ID: m.id(n, "id"), URI: m.id(n, "uri")}
	if !knownIdentifierOf(n) {
		m.rest(n, func(k string) bool {
			return k == "scheme" || k == "id" || k == "uri" || k == "legalName"
		})
	}
	switch {
	case id.ID == "":
		p.URL = cmp.Or(p.URL, id.URI)
	case placeholder(id.ID):
		m.at(n, "id", Field, "%q is a placeholder, not an identifier", id.ID)
	case !slices.ContainsFunc(p.Identifiers, func(o Identifier) bool { return o.Scheme == id.Scheme && o.ID == id.ID }):
		p.Identifiers = append(p.Identifiers, id)
	}
}

// knownIdentifierOf reports whether n is an organisation, whose other fields are accounted for elsewhere.
func knownIdentifierOf(n *node) bool { return n.find("identifier") != nil || n.find("name") != nil }

// placeholder recognises what clerks write into a field they may not leave empty. Two companies that share
// such an id are not one company.
func placeholder(id string) bool {
	switch fold(id) {
	case "", "na", "n a", "none", "null", "no aplica", "no disponible", "sin dato", "unknown", "xxx", "tbd":
		return true
	}
	return strings.Trim(id, "0.-/ ") == ""
}

func (m *mapper) address(p *Party, n *node) {
	a := n.find("address")
	if a == nil || a.kind != object {
		return
	}
	m.enter("address")
	defer m.leave()
	p.Address = Address{
		Street: m.long(a, "streetAddress"), Locality: m.title(a, "locality"), Region: m.title(a, "region"),
		PostalCode: m.title(a, "postalCode"), Country: cmp.Or(m.title(a, "countryName"), m.title(a, "country")),
	}
	m.rest(a, func(k string) bool {
		switch k {
		case "streetAddress", "locality", "region", "postalCode", "countryName", "country":
			return true
		}
		return false
	})
}

// contact adds the contact point. One that holds nothing but a link is the organisation's web page.
func (m *mapper) contact(p *Party, n *node) {
	c := n.find("contactPoint")
	if c == nil || c.kind != object || c.empty() {
		return
	}
	m.enter("contactPoint")
	defer m.leave()
	name, _ := m.phrase(c, "name", m.opt.MaxTitle)
	one := Contact{Name: name, Telephone: m.title(c, "telephone"), Fax: m.title(c, "faxNumber"), URL: m.long(c, "url")}
	one.Emails = m.emails(c)
	m.rest(c, func(k string) bool {
		switch k {
		case "name", "telephone", "faxNumber", "url", "email":
			return true
		}
		return false
	})
	p.URL = cmp.Or(p.URL, one.URL)
	if one.Name != "" || one.Telephone != "" || one.Fax != "" || len(one.Emails) > 0 {
		p.Contacts = append(p.Contacts, one)
	}
}

// emails splits a field that publishers fill with several addresses.
func (m *mapper) emails(c *node) []string {
	var good []string
	for _, s := range strings.FieldsFunc(m.long(c, "email"), func(r rune) bool {
		return r == ',' || r == ';' || r == ' ' || r == '|' || r == '\n' || r == '\t'
	}) {
		user, domain, ok := strings.Cut(s, "@")
		if !ok || user == "" || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "@<>()\"") || len(s) > 254 {
			short, _ := clip(s, 60)
			m.at(c, "email", Field, "%q is not an email address", short)
			continue
		}
		if !slices.Contains(good, s) {
			good = append(good, s)
		}
	}
	return good
}

func (m *mapper) roles(p *Party, n *node) {
	l := n.find("roles")
	if l == nil {
		return
	}
	if l.kind == text {
		p.Roles = append(p.Roles, Role(m.id(n, "roles")))
		return
	}
	for i := range l.kids {
		r := strings.TrimSpace(l.kids[i].text)
		if l.kids[i].kind != text || r == "" || len(r) > m.opt.MaxID {
			m.at(n, "roles", Field, "holds something that is not a role")
			continue
		}
		p.Roles = append(p.Roles, Role(r))
	}
}

// match finds the party that p is: by identifier, by the publisher's id, or by name. Parties of one name but
// different identifiers in one register stay apart.
func (s *partySet) match(p *Party) (int, bool) {
	for _, id := range p.Identifiers {
		if at, ok := s.ident[identKey(id)]; ok {
			return at, true
		}
	}
	if at, ok := s.number[p.Number]; ok && p.Number != "" && !s.all[at].differs(p) {
		return at, true
	}
	for _, at := range s.name[s.fold(p.Name)] {
		if !s.all[at].differs(p) {
			return at, true
		}
	}
	return 0, false
}

func identKey(id Identifier) string { return id.Scheme + "\x00" + id.ID }

func (p *Party) differs(other *Party) bool {
	for _, a := range p.Identifiers {
		for _, b := range other.Identifiers {
			if a.Scheme == b.Scheme && a.ID != b.ID {
				return true
			}
		}
	}
	return false
}

func (s *partySet) add(p *Party, id string) int {
	if s.number == nil {
		s.number, s.ident, s.name = map[string]int{}, map[string]int{}, map[string][]int{}
	}
	p.SourceID = id
	s.all = append(s.all, p)
	s.note(len(s.all) - 1)
	if p.Number != "" {
		if _, ok := s.number[p.Number]; !ok {
			s.number[p.Number] = len(s.all) - 1
		}
	}
	return len(s.all) - 1
}

// note lets everything known of a party lead to it.
func (s *partySet) note(at int) {
	p := s.all[at]
	for _, id := range p.Identifiers {
		if _, ok := s.ident[identKey(id)]; !ok {
			s.ident[identKey(id)] = at
		}
	}
	for _, n := range []string{p.Name, p.LegalName} {
		if f := s.fold(n); f != "" && !slices.Contains(s.name[f], at) {
			s.name[f] = append(s.name[f], at)
		}
	}
	if p.Number != "" {
		if _, ok := s.number[p.Number]; !ok {
			s.number[p.Number] = at
		}
	}
}

// complete adds to known what another mention of the same party says.
func (m *mapper) complete(known, p *Party, n *node) {
	if p.Name != "" && known.Name != "" && p.Name != known.Name && m.otherName(known, p.Name) {
		m.at(n, "name", Altered, "the party is also called %q; %q was kept", p.Name, known.Name)
	}
	known.Name, known.LegalName = cmp.Or(known.Name, p.Name), cmp.Or(known.LegalName, p.LegalName)
	known.Number, known.URL = cmp.Or(known.Number, p.Number), cmp.Or(known.URL, p.URL)
	known.Names = addMissing(known.Names, p.Names)
	known.Identifiers = addMissing(known.Identifiers, p.Identifiers)
	known.Roles = addMissing(known.Roles, p.Roles)
	if known.Address == (Address{}) {
		known.Address = p.Address
	}
	for _, c := range p.Contacts {
		if !slices.ContainsFunc(known.Contacts, func(o Contact) bool { return sameContact(o, c) }) {
			known.Contacts = append(known.Contacts, c)
		}
	}
}

func (m *mapper) otherName(p *Party, name string) bool {
	f := m.parties.fold(name)
	return f != m.parties.fold(p.Name) && f != m.parties.fold(p.LegalName)
}

func addMissing[T comparable](to, from []T) []T {
	for _, v := range from {
		if !slices.Contains(to, v) {
			to = append(to, v)
		}
	}
	return to
}

func sameContact(a, b Contact) bool {
	return a.Name == b.Name && a.Telephone == b.Telephone && a.Fax == b.Fax && slices.Equal(a.Emails, b.Emails)
}

// finish fixes what depends on all mentions.
func (m *mapper) finish(p *Party) Party {
	slices.Sort(p.Roles)
	p.Roles = slices.Compact(p.Roles)
	for i := range p.Contacts {
		p.Contacts[i].SourceID = m.sourceID(p.SourceID, "contact", cmp.Or(fold(p.Contacts[i].Name), "~"), nil)
	}
	switch {
	case len(p.Identifiers) > 0:
		p.Key = "id:" + p.Identifiers[0].Scheme + ":" + p.Identifiers[0].ID
	case m.parties.fold(p.Name) != "":
		p.Key = "name:" + m.parties.fold(p.Name)
	default:
		p.Key = p.SourceID
	}
	return *p
}
