package imports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/ocds"
	"heyue/ent"
	"heyue/ent/contact"
	"heyue/ent/contract"
	"heyue/ent/customer"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// writer writes one batch in one transaction. It reads what is there, decides row by row in memory, and then writes
// everything at once.
type writer struct {
	OCDS
	tx   *ent.Tx
	here local
	now  time.Time

	known     map[name]origin
	customers map[publicid.CustomerID]*ent.Customer // of the batch, as they will be
	contacts  map[publicid.ContactID]*ent.Contact
	contracts map[publicid.ContractID]*ent.Contract // locked
	fresh     map[uuid.UUID]bool                    // made by this batch
	before    map[uuid.UUID]any                     // copies of what is about to change, for the audit
	rows      Rows
	reminders reminders
	found     map[*draft][]ocds.Problem
	done      Summary
}

func (w *writer) run(ctx context.Context, batch []*draft) error {
	w.found, w.rows.Sealer = map[*draft][]ocds.Problem{}, w.Sealer
	w.fresh, w.before = map[uuid.UUID]bool{}, map[uuid.UUID]any{}
	news, err := w.news(ctx, batch)
	if err != nil || len(news) == 0 {
		return err
	}
	if err := w.load(ctx, news); err != nil {
		return err
	}
	for _, d := range news {
		if err := w.organisations(d); err != nil {
			return err
		}
		for i := range d.contracts {
			if err := w.contract(ctx, d, &d.contracts[i]); err != nil {
				return err
			}
		}
		w.remember(name{objProcess, d.source.OCID}, derived(uuid.Nil, d.source.OCID), d.hash())
	}
	if err := w.rows.Number(ctx, w.tx, w.Numbers, w.here.Settings, w.here.today); err != nil { // last, to lock the counters briefly
		return err
	}
	if err := w.rows.Put(ctx, w.tx, w.now); err != nil {
		return err
	}
	if err := w.remind(ctx); err != nil {
		return err
	}
	return w.record(ctx)
}

// news are the processes that are not as the last import left them.
func (w *writer) news(ctx context.Context, batch []*draft) ([]*draft, error) {
	var names []name
	for _, d := range batch {
		if d.process() {
			names = append(names, name{objProcess, d.source.OCID})
		}
	}
	known, err := lookUp(ctx, w.tx, names)
	if err != nil {
		return nil, err
	}
	var news []*draft
	for _, d := range batch {
		switch {
		case !d.process():
		case known[name{objProcess, d.source.OCID}].hash == d.hash():
			w.done.Unchanged++
		default:
			news = append(news, d)
		}
	}
	return news, nil
}

// load reads and locks what earlier runs made of the objects of these processes.
func (w *writer) load(ctx context.Context, news []*draft) (err error) {
	var names []name
	for _, d := range news {
		for i := range d.customers {
			names = append(names, name{objParty, d.customers[i].key}, name{objMention, d.customers[i].mention})
		}
		for i := range d.contracts {
			names = append(names, name{objContract, d.contracts[i].source})
		}
	}
	if w.known, err = lookUp(ctx, w.tx, names); err != nil {
		return err
	}
	var customers []publicid.CustomerID
	var contracts []publicid.ContractID
	for n, o := range w.known {
		switch n.object {
		case objParty:
			customers = append(customers, publicid.CustomerID(o.object))
		case objContract:
			contracts = append(contracts, publicid.ContractID(o.object))
		}
	}
	if err := w.loadContracts(ctx, contracts); err != nil {
		return err
	}
	return w.loadCustomers(ctx, customers, news)
}

func (w *writer) loadContracts(ctx context.Context, ids []publicid.ContractID) error {
	w.contracts = map[publicid.ContractID]*ent.Contract{}
	if len(ids) == 0 {
		return nil
	}
	there, err := w.tx.Contract.Query().Where(among(contract.FieldID, ids)).Order(contract.ByID()).ForUpdate().All(ctx)
	for _, c := range there {
		w.contracts[c.ID] = c
	}
	return tenancy.Fault(err, "load contracts")
}

// loadCustomers also finds customers that somebody else entered, by their credit codes, and the contacts that the
// batch may know already.
func (w *writer) loadCustomers(ctx context.Context, ids []publicid.CustomerID, news []*draft) error {
	w.customers, w.contacts = map[publicid.CustomerID]*ent.Customer{}, map[publicid.ContactID]*ent.Contact{}
	if len(ids) > 0 {
		there, err := w.tx.Customer.Query().Where(among(customer.FieldID, ids)).Order(customer.ByID()).ForUpdate().All(ctx)
		if err != nil {
			return tenancy.Fault(err, "load customers")
		}
		for _, c := range there {
			w.customers[c.ID] = c
		}
	}
	if err := w.loadByCode(ctx, news); err != nil {
		return err
	}
	var contacts []publicid.ContactID
	for _, d := range news {
		for i := range d.customers {
			o, ok := w.known[name{objParty, d.customers[i].key}]
			for j := range d.customers[i].contacts {
				if ok {
					contacts = append(contacts, contactID(publicid.CustomerID(o.object), d.customers[i].contacts[j].Name))
				}
			}
		}
	}
	if len(contacts) == 0 {
		return nil
	}
	there, err := w.tx.Contact.Query().Where(among(contact.FieldID, contacts)).Order(contact.ByID()).ForUpdate().All(ctx)
	for _, c := range there {
		w.contacts[c.ID] = c
	}
	return tenancy.Fault(err, "load contacts")
}

func (w *writer) loadByCode(ctx context.Context, news []*draft) error {
	codes := map[string]string{} // by credit code: the party's key
	var all []string
	for _, d := range news {
		for i := range d.customers {
			c := &d.customers[i]
			if _, known := w.known[name{objParty, c.key}]; !known && c.row.CreditCode != nil {
				codes[*c.row.CreditCode] = c.key
				all = append(all, *c.row.CreditCode)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	there, err := w.tx.Customer.Query().Where(customer.CreditCodeIn(all...)).Order(customer.ByID()).ForUpdate().All(ctx)
	for _, c := range there {
		w.customers[c.ID] = c
		w.remember(name{objParty, codes[*c.CreditCode]}, c.ID.UUID(), "")
	}
	return tenancy.Fault(err, "load customers")
}

// record writes an audit entry for every customer and contract that was made or changed. Their parts and contacts are
// told by the source; an entry for each would bury what matters.
func (w *writer) record(ctx context.Context) error {
	var entries []audit.Entry
	add := func(object string, id uuid.UUID, now any) {
		entries = append(entries, audit.Entry{Action: "import", Object: object, ID: id, Before: w.before[id], After: now})
	}
	for _, c := range w.rows.Customers {
		add("customer", c.ID.UUID(), c)
	}
	for _, c := range w.rows.Contracts {
		add("contract", c.ID.UUID(), c)
	}
	return w.Audit.RecordMany(ctx, w.tx, entries)
}
