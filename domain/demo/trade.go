package demo

import (
	"context"
	"math/rand/v2"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/imports"
	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// trade is what a made-up tenant deals in and how much of it there is.
type trade struct {
	seed      uint64
	customers int
	companies int // every so manieth customer is a company, the others are persons
	contracts int
	goods     []goods
	visits    []visit
}

// goods is a sort of contract.
type goods struct {
	kind       lifecycle.Kind
	title      string
	items      []string
	model      []string
	unit       string
	low, high  int64 // yuan, in steps of step
	step       int64
	modes      []mode
	term       int // days
	milestones []stage
}

// mode is how a contract is paid: parts in percent of the amount, the last one the rest.
type mode []share

type share struct {
	purpose string // code of the dictionary of payment purposes
	percent int
}

func depositBalance() mode { return mode{{"DEPOSIT", 10}, {"BALANCE", 90}} }
func single() mode         { return mode{{"FULL", 100}} }
func loan() mode           { return mode{{"DOWN_PAYMENT", 30}, {"LOAN", 70}} }
func advance() mode        { return mode{{"ADVANCE", 30}, {"ON_ACCEPTANCE", 70}} }
func halves() mode         { return mode{{"SERVICE_FEE", 50}, {"SERVICE_FEE", 50}} }

func quarterly() mode {
	return mode{{"INSTALMENT", 25}, {"INSTALMENT", 25}, {"INSTALMENT", 25}, {"INSTALMENT", 25}}
}

func progress() mode {
	return mode{{"ADVANCE", 30}, {"PROGRESS", 40}, {"ON_ACCEPTANCE", 25}, {"RETENTION", 5}}
}

type stage struct {
	title string
	kind  milestone.Kind
}

// visit is a sort of service record: the code of its type and what was done.
type visit struct{ code, content string }

// maker makes the rows of a trade. Everything random comes from one seeded source, in a fixed order.
type maker struct {
	trade
	place
	rand    *rand.Rand
	rows    imports.Rows
	due     func(*ent.Contract, bool, []*ent.Milestone, []*ent.PaymentPlanLine, []*ent.ProgressLine) []due.Date // see imports.OCDS
	dates   []due.Date
	sellers []member
	carers  []member
	contact map[publicid.CustomerID]publicid.ContactID
	used    map[string]bool // names given out
	steps   int             // due dates placed around today
}

// fill writes the whole trade in one transaction, so that an interrupted demo has either all of it or none.
func (t trade) fill(ctx context.Context, l Loader, p place) error {
	return tenancy.Write(ctx, l.Client, func(tx *ent.Tx) error {
		there, err := tx.Customer.Query().Exist(ctx)
		if err != nil || there {
			return tenancy.Fault(err, "look for customers")
		}
		m := &maker{
			trade: t, place: p, rand: rand.New(rand.NewPCG(t.seed, t.seed)), sellers: p.those("sales"), carers: p.those("service"),
			contact: map[publicid.CustomerID]publicid.ContactID{}, used: map[string]bool{},
			due:  l.Import.Dates,
			rows: imports.Rows{Sealer: l.Import.Sealer},
		}
		m.makeCustomers()
		m.makeContracts()
		m.makeVisits()
		if err := m.rows.Number(ctx, tx, l.Numbers, p.Settings, p.today); err != nil {
			return err
		}
		if err := m.rows.Put(ctx, tx, l.Clock.Now()); err != nil {
			return err
		}
		if err := l.Obligations.Set(ctx, tx, m.dates...); err != nil {
			return err
		}
		return l.Audit.RecordMany(ctx, tx, m.entries())
	})
}

func (m *maker) entries() []audit.Entry {
	var out []audit.Entry
	for _, c := range m.rows.Customers {
		out = append(out, audit.Entry{Action: "create", Object: "customer", ID: c.ID.UUID(), After: c})
	}
	for _, c := range m.rows.Contracts {
		out = append(out, audit.Entry{Action: "create", Object: "contract", ID: c.ID.UUID(), After: c})
	}
	return out
}

func pick[T any](m *maker, from []T) T { return from[m.rand.IntN(len(from))] }

// makeVisits gives two customers of three service records over the last half year, most of them with a grade.
func (m *maker) makeVisits() {
	byCustomer := map[publicid.CustomerID]*ent.Contract{}
	for _, c := range m.rows.Contracts {
		if c.Status.IsBinding() || c.Status.IsEnded() {
			byCustomer[c.CustomerID] = c
		}
	}
	for i, c := range m.rows.Customers {
		if i%3 == 2 {
			continue
		}
		for range 1 + m.rand.IntN(3) {
			what, who := pick(m, m.visits), pick(m, m.carers)
			row := &ent.ServiceRecord{
				ID: publicid.NewServiceRecordID(), CustomerID: c.ID, ServiceType: what.code, Content: what.content,
				ServedOn: m.today.AddDays(-m.rand.IntN(180)), OwnerID: &who.id, DepartmentID: &who.home,
			}
			if id, ok := m.contact[c.ID]; ok {
				row.ContactID = &id
			}
			if k := byCustomer[c.ID]; k != nil {
				row.ContractID = &k.ID
			}
			if m.rand.IntN(5) > 0 {
				grade := pick(m, []int{5, 5, 5, 4, 4, 4, 3, 3, 2, 1})
				row.Satisfaction, row.Feedback = &grade, feedback(grade)
			}
			m.rows.Services = append(m.rows.Services, row)
		}
	}
}

func feedback(grade int) string {
	switch grade {
	case 5:
		return "非常满意，响应及时。"
	case 4:
		return "比较满意。"
	case 3:
		return "一般，希望再快一些。"
	case 2:
		return "不太满意，等待时间长。"
	default:
		return "不满意，要求主管回电。"
	}
}
