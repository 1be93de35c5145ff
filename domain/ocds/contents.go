package ocds

import (
	"net/url"
	"strings"

	"github.com/shopspring/decimal"
)

// lines maps items.
func (m *mapper) lines(c *Contract, n *node) {
	m.objects(n, "items", func(i *node) {
		l := Line{Number: m.id(i, "id")}
		l.SourceID = m.sourceID(c.SourceID, "line", l.Number, i)
		l.Description, l.Descriptions = m.phrase(i, "description", m.opt.MaxText)
		if cl := i.find("classification"); cl != nil && cl.kind == object {
			m.enter("classification")
			l.Classification = m.classification(cl)
			m.leave()
		}
		m.objects(i, "additionalClassifications", func(a *node) { l.Also = append(l.Also, m.classification(a)) })
		if q, ok := m.decimal(i, "quantity"); ok {
			l.Quantity = decimal.NewNullDecimal(q)
		}
		if u := i.find("unit"); u != nil && u.kind == object {
			m.unit(&l, c, u)
		} else if u != nil {
			l.Unit.Name = m.title(i, "unit")
		}
		m.rest(i, func(k string) bool {
			switch k {
			case "id", "description", "classification", "additionalClassifications", "quantity", "unit":
				return true
			}
			return false
		})
		c.Lines = append(c.Lines, l)
	})
}

func (m *mapper) unit(l *Line, c *Contract, u *node) {
	m.enter("unit")
	defer m.leave()
	name, _ := m.phrase(u, "name", m.opt.MaxTitle)
	l.Unit = Unit{Name: name, Scheme: m.id(u, "scheme"), ID: m.id(u, "id")}
	fallback := ""
	if c.Value != nil {
		fallback = c.Value.Currency
	}
	l.UnitPrice = m.money(u, "value", fallback)
	m.rest(u, func(k string) bool { return k == "name" || k == "scheme" || k == "id" || k == "value" || k == "uri" })
}

func (m *mapper) classification(n *node) Classification {
	what, _ := m.phrase(n, "description", m.opt.MaxText)
	m.rest(n, func(k string) bool { return k == "scheme" || k == "id" || k == "description" || k == "uri" })
	return Classification{Scheme: m.id(n, "scheme"), ID: m.id(n, "id"), Description: what, URI: m.long(n, "uri")}
}

func (m *mapper) milestones(c *Contract, n *node, kind string) {
	m.objects(n, "milestones", func(e *node) {
		ms := Milestone{Number: m.id(e, "id"), Type: m.id(e, "type"), Code: m.id(e, "code")}
		ms.Title, _ = m.phrase(e, "title", m.opt.MaxTitle)
		ms.Description, _ = m.phrase(e, "description", m.opt.MaxText)
		ms.DueOn, ms.MetOn = m.day(e, "dueDate"), m.day(e, "dateMet")
		ms.Status = m.milestoneStatus(e)
		m.documents(c, e, kind+"-document")
		m.rest(e, func(k string) bool {
			switch k {
			case "id", "type", "code", "title", "description", "dueDate", "dateMet", "status", "dateModified", "documents":
				return true
			}
			return false
		})
		if ms.Title == "" && ms.Description == "" && ms.DueOn.IsZero() && ms.MetOn.IsZero() {
			m.at(e, "", Skipped, "the milestone has neither text nor date")
			return
		}
		ms.SourceID = m.sourceID(c.SourceID, kind, ms.Number, e)
		c.Milestones = append(c.Milestones, ms)
	})
}

func (m *mapper) milestoneStatus(n *node) MilestoneStatus {
	s := m.id(n, "status")
	for _, known := range []MilestoneStatus{Scheduled, Met, NotMet, PartiallyMet} {
		if strings.EqualFold(s, string(known)) {
			return known
		}
	}
	if s != "" {
		m.at(n, "status", Field, "%q is not a milestone status", s)
	}
	return ""
}

func (m *mapper) documents(c *Contract, n *node, kind string) {
	m.objects(n, "documents", func(e *node) {
		d := Document{Number: m.id(e, "id"), Type: m.id(e, "documentType"), Format: m.id(e, "format"), Language: m.id(e, "language")}
		d.Title, _ = m.phrase(e, "title", m.opt.MaxTitle)
		d.Description, _ = m.phrase(e, "description", m.opt.MaxText)
		d.PublishedOn, d.ModifiedOn = m.day(e, "datePublished"), m.day(e, "dateModified")
		d.URL = m.long(e, "url")
		m.rest(e, func(k string) bool {
			switch k {
			case "id", "documentType", "format", "language", "title", "description", "datePublished", "dateModified", "url":
				return true
			}
			return false
		})
		if d.URL == "" {
			m.at(e, "url", Skipped, "the document has no address")
			return
		}
		if u, err := url.Parse(d.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			m.at(e, "url", Skipped, "the document's address is not an absolute http or https URL")
			return
		}
		d.SourceID = m.sourceID(c.SourceID, kind, d.Number, e)
		c.Documents = append(c.Documents, d)
	})
}

// changes maps amendments: the list of OCDS 1.1 and the single object of 1.0.
func (m *mapper) changes(c *Contract, n *node) {
	each := func(e *node) {
		ch := Change{Number: m.id(e, "id"), On: m.day(e, "date"), ReleaseID: m.id(e, "releaseID"), AmendsReleaseID: m.id(e, "amendsReleaseID")}
		ch.Description, _ = m.phrase(e, "description", m.opt.MaxText)
		ch.Rationale, _ = m.phrase(e, "rationale", m.opt.MaxText)
		m.objects(e, "changes", func(f *node) {
			fc := FieldChange{Property: m.id(f, "property")}
			if v := f.find("former_value"); v != nil {
				fc.Former, _ = clip(v.source(), m.opt.MaxText)
			}
			m.rest(f, func(k string) bool { return k == "property" || k == "former_value" })
			ch.Fields = append(ch.Fields, fc)
		})
		m.rest(e, func(k string) bool {
			switch k {
			case "id", "date", "releaseID", "amendsReleaseID", "description", "rationale", "changes":
				return true
			}
			return false
		})
		ch.SourceID = m.sourceID(c.SourceID, "change", ch.Number, e)
		c.Changes = append(c.Changes, ch)
	}
	m.objects(n, "amendments", each)
	m.objects(n, "amendment", each)
}
