package ocds

import (
	"cmp"
	"slices"
	"strings"

	"heyue/platform/date"
)

// process maps the merged release.
func (m *mapper) process(root *node) {
	m.out.Language = m.id(root, "language")
	m.out.PublishedOn = m.releaseDay(root)
	m.tender(root)
	m.everyParty(root)
	awards := m.awards(root)
	if l := root.find("contracts"); l != nil {
		m.alone = l.kind == object || len(l.kids) == 1
	}
	m.objects(root, "contracts", func(c *node) { m.contract(c, awards) })
	for _, p := range m.parties.all {
		m.out.Parties = append(m.out.Parties, m.finish(p))
	}
	for _, a := range awards {
		if !a.used {
			m.place(a.node.src, a.path, "no contract names this award; only its suppliers were taken", Skipped)
		}
	}
	m.rest(root, func(k string) bool {
		switch k {
		case "ocid", "id", "date", "tag", "initiationType", "language", "parties", "buyer", "tender", "awards",
			"contracts", "packageInfo", "version", "validationErrors":
			return true
		}
		return false
	})
}

// releaseDay is silent, because a release date that cannot be read was reported when it was merged.
func (m *mapper) releaseDay(root *node) (day date.Date) {
	if at, why := parseMoment(root.plain("date")); why == "" {
		return at.civil(m.opt.Zone)
	}
	return day
}

// tender gives the process its title. What else it holds belongs to the time before a contract.
func (m *mapper) tender(root *node) {
	t := root.find("tender")
	if t == nil || t.kind != object {
		return
	}
	m.enter("tender")
	defer m.leave()
	m.out.Title, _ = m.phrase(t, "title", m.opt.MaxTitle)
	m.out.Description, _ = m.phrase(t, "description", m.opt.MaxText)
	for i := range t.kids {
		f := &t.kids[i]
		base, _, _ := strings.Cut(f.key, "_")
		switch base {
		case "id", "title", "description", "procuringEntity", "tenderers":
			continue
		}
		if !f.empty() {
			m.at(t, "", Field, "only title, description, procuring entity and tenderers were taken; the rest of a tender has no place in a contract file")
			return
		}
	}
}

// everyParty reads all organisations that are not inside awards or contracts.
func (m *mapper) everyParty(root *node) {
	m.objects(root, "parties", func(p *node) { m.mention(p) })
	m.single(root, "buyer", RoleBuyer)
	if t := root.find("tender"); t != nil && t.kind == object {
		m.enter("tender")
		m.single(t, "procuringEntity", RoleProcuringEntity)
		m.objects(t, "tenderers", func(p *node) { m.mention(p, RoleTenderer) })
		m.leave()
	}
}

// single mentions the organisation in one field and returns its place, or -1.
func (m *mapper) single(n *node, key string, role Role) int {
	f := n.find(key)
	if f == nil || f.empty() {
		return -1
	}
	if f.kind != object {
		m.at(n, key, Field, "is %s, an organisation was expected", f.kind)
		return -1
	}
	m.enter(key)
	defer m.leave()
	return m.mention(f, role)
}

// award is what contracts may take from an award.
type award struct {
	node      *node
	path      string
	steps     []step
	id        string
	suppliers []int
	used      bool
}

func (m *mapper) awards(root *node) []*award {
	var all []*award
	m.objects(root, "awards", func(n *node) {
		a := &award{node: n, path: show(m.path), steps: slices.Clone(m.path), id: n.plain("id")}
		m.objects(n, "suppliers", func(s *node) {
			if at := m.mention(s, RoleSupplier); at >= 0 && !slices.Contains(a.suppliers, at) {
				a.suppliers = append(a.suppliers, at)
			}
		})
		m.rest(n, func(k string) bool {
			switch k {
			case "id", "title", "description", "value", "items", "contractPeriod", "suppliers", "status", "date":
				return true
			}
			return false
		})
		all = append(all, a)
	})
	return all
}

// awardOf finds the awards a contract stems from. Without awardID, the only award of the only contract is it.
func (m *mapper) awardOf(c *node, id string, awards []*award) []*award {
	var found []*award
	for _, a := range awards {
		if a.id == id && (id != "" || m.alone && len(awards) == 1) {
			a.used = true
			found = append(found, a)
		}
	}
	switch {
	case id == "" && len(found) > 0:
		m.at(c, "awardID", Altered, "is missing; the only award of the process was taken")
	case id != "" && len(found) == 0:
		short, _ := clip(id, 60)
		m.at(c, "awardID", Field, "there is no award %q", short)
	}
	return found
}

func (m *mapper) contract(n *node, awards []*award) {
	c := Contract{Number: m.id(n, "id"), AwardID: m.id(n, "awardID")}
	c.SourceID = m.sourceID(m.out.OCID, "contract", c.Number, n)
	if m.opt.Perspective == Supplier {
		c.Direction = Receivable
	}
	c.Title, c.Titles = m.phrase(n, "title", m.opt.MaxTitle)
	c.Description, _ = m.phrase(n, "description", m.opt.MaxText)
	c.Status = m.status(n)
	c.Value = m.money(n, "value", "")
	c.SignedOn = m.day(n, "dateSigned")
	m.period(&c, n, "period")
	m.lines(&c, n)
	from := m.awardOf(n, c.AwardID, awards)
	for _, a := range from {
		m.fromAward(&c, a)
	}
	m.involve(&c, n, from)
	m.implementation(&c, n)
	m.milestones(&c, n, "milestone")
	m.documents(&c, n, "document")
	m.changes(&c, n)
	m.rest(n, knownContract)
	m.out.Contracts = append(m.out.Contracts, c)
}

func knownContract(key string) bool {
	switch key {
	case "id", "awardID", "title", "description", "status", "value", "dateSigned", "period", "items", "suppliers",
		"implementation", "milestones", "documents", "amendments", "amendment":
		return true
	}
	return false
}

func (m *mapper) status(n *node) Status {
	s := m.id(n, "status")
	for _, known := range []Status{Pending, Active, Cancelled, Terminated} {
		if strings.EqualFold(s, string(known)) {
			return known
		}
	}
	if s != "" {
		m.at(n, "status", Field, "%q is not a contract status", s)
	}
	return ""
}

// period reads start and end. An end before the start is left out.
func (m *mapper) period(c *Contract, n *node, key string) {
	p := n.find(key)
	if p == nil || p.kind != object {
		return
	}
	m.enter(key)
	defer m.leave()
	if c.StartsOn.IsZero() {
		c.StartsOn = m.day(p, "startDate")
	}
	if c.EndsOn.IsZero() {
		c.EndsOn = m.day(p, "endDate")
	}
	if !c.StartsOn.IsZero() && !c.EndsOn.IsZero() && c.EndsOn.Before(c.StartsOn) {
		m.at(p, "endDate", Field, "%s is before the start, %s", c.EndsOn, c.StartsOn)
		c.EndsOn = date.Date{}
	}
	m.rest(p, func(k string) bool { return k == "startDate" || k == "endDate" })
}

// fromAward fills what the contract lacks. Problems name the place in the award.
func (m *mapper) fromAward(c *Contract, a *award) {
	own := m.path
	m.path = slices.Clone(a.steps)
	defer func() { m.path = own }()
	if c.Title == "" {
		c.Title, c.Titles = m.phrase(a.node, "title", m.opt.MaxTitle)
	}
	if c.Description == "" {
		c.Description, _ = m.phrase(a.node, "description", m.opt.MaxText)
	}
	if c.Value == nil {
		c.Value = m.money(a.node, "value", "")
	}
	if c.StartsOn.IsZero() && c.EndsOn.IsZero() {
		m.period(c, a.node, "contractPeriod")
	}
	if len(c.Lines) == 0 {
		m.lines(c, a.node)
	}
}

// involve settles who takes part in the contract and who is the other side.
func (m *mapper) involve(c *Contract, n *node, from []*award) {
	add := func(at int, role Role) {
		if at >= 0 {
			c.Parties = addMissing(c.Parties, []PartyRef{{m.parties.all[at].SourceID, role}})
		}
	}
	for _, role := range []Role{RoleBuyer, RoleProcuringEntity} {
		for at, p := range m.parties.all {
			if p.Has(role) {
				add(at, role)
			}
		}
	}
	m.objects(n, "suppliers", func(s *node) { add(m.mention(s, RoleSupplier), RoleSupplier) })
	for _, a := range from {
		for _, at := range a.suppliers {
			add(at, RoleSupplier)
		}
	}
	if !slices.ContainsFunc(c.Parties, func(r PartyRef) bool { return r.Role == RoleSupplier }) {
		m.onlySupplier(n, add)
	}
	c.Counterparties = counterparties(c.Parties, m.opt.Perspective)
	if len(c.Counterparties) == 0 {
		side := "supplier"
		if m.opt.Perspective == Supplier {
			side = "buyer"
		}
		m.at(n, "", Field, "no %s is named, so the contract has no other side", side)
	}
}

// onlySupplier takes the one party with the supplier's role when nothing links the contract to a supplier.
func (m *mapper) onlySupplier(n *node, add func(int, Role)) {
	found := -1
	for at, p := range m.parties.all {
		if p.Has(RoleSupplier) {
			if found >= 0 {
				return
			}
			found = at
		}
	}
	if found >= 0 {
		m.at(n, "awardID", Altered, "leads to no supplier; the only supplier of the process was taken")
		add(found, RoleSupplier)
	}
}

// counterparties are the suppliers, or for a supplier the buyers, or in their absence the procuring entities.
func counterparties(parties []PartyRef, side Perspective) []string {
	roles := [][]Role{{RoleSupplier}}
	if side == Supplier {
		roles = [][]Role{{RoleBuyer}, {RoleProcuringEntity}}
	}
	for _, r := range roles {
		var found []string
		for _, p := range parties {
			if p.Role == r[0] {
				found = addMissing(found, []string{p.Party})
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// implementation maps what happened under the contract.
func (m *mapper) implementation(c *Contract, n *node) {
	i := n.find("implementation")
	if i == nil || i.empty() {
		return
	}
	if i.kind != object {
		m.at(n, "implementation", Skipped, "is %s, an object was expected", i.kind)
		return
	}
	m.enter("implementation")
	defer m.leave()
	m.objects(i, "transactions", func(t *node) { m.payment(c, t) })
	m.milestones(c, i, "implementation-milestone")
	m.documents(c, i, "implementation-document")
	m.rest(i, func(k string) bool { return k == "transactions" || k == "milestones" || k == "documents" })
}

// payment maps a transaction: amount and organisations under their names in OCDS 1.0 or 1.1.
func (m *mapper) payment(c *Contract, n *node) {
	p := Payment{Number: m.id(n, "id"), PaidOn: m.day(n, "date")}
	p.URL = cmp.Or(m.long(n, "uri"), m.long(n, "source"))
	fallback := ""
	if c.Value != nil {
		fallback = c.Value.Currency
	}
	value := m.money(n, "value", fallback)
	if value == nil {
		value = m.money(n, "amount", fallback)
	}
	payer := cmpIndex(m.single(n, "payer", RolePayer), func() int { return m.single(n, "providerOrganization", RolePayer) })
	payee := cmpIndex(m.single(n, "payee", RolePayee), func() int { return m.single(n, "receiverOrganization", RolePayee) })
	m.rest(n, func(k string) bool {
		switch k {
		case "id", "date", "uri", "source", "value", "amount", "payer", "payee", "providerOrganization", "receiverOrganization":
			return true
		}
		return false
	})
	p.Payer, p.Payee = m.join(c, payer, RolePayer), m.join(c, payee, RolePayee)
	switch {
	case value == nil:
		m.at(n, "", Skipped, "the payment has no amount")
		return
	case value.Amount.IsZero():
		m.at(n, "value", Skipped, "the amount of the payment is zero")
		return
	}
	p.Value = *value
	p.SourceID = m.sourceID(c.SourceID, "payment", p.Number, n)
	c.Payments = append(c.Payments, p)
}

// cmpIndex is cmp.Or for places in the party set.
func cmpIndex(at int, other func() int) int {
	if at >= 0 {
		return at
	}
	return other()
}

// join makes a party take part in the contract and returns its SourceID.
func (m *mapper) join(c *Contract, at int, role Role) string {
	if at < 0 {
		return ""
	}
	id := m.parties.all[at].SourceID
	c.Parties = addMissing(c.Parties, []PartyRef{{id, role}})
	return id
}
