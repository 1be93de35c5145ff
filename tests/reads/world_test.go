package reads

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/customers/profile"
	"heyue/domain/fields/custom"
	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/policies/grant"
	"heyue/policies/mask"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// world is a tenant with random records, and somebody of every reach, served both ways.
type world struct {
	compiled, resolved *stage.Stage
	*fixture.Company
	rng     *rand.Rand
	ids     map[string][]string // by prefix
	tokens  []string
	who     []string
	persons []publicid.UserID
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	s := stage.New(t, settings("compiled")...)
	w := &world{compiled: s, Company: fixture.Fill(t, s.World), rng: rand.New(rand.NewPCG(seed, 1)), ids: map[string][]string{}}
	w.resolved = stage.Beside(t, s, settings("resolved")...)
	tn := w.Acme
	callers := map[string]context.Context{
		"admin": w.Admin, "manager": w.Manager, "alice": w.Alice, "bob": w.Bob, "service": w.Service, "finance": w.Finance, "nobody": w.Nobody,
		"masked": w.masked(t, "some", "contract.amount", "customer.phone", "customer.region", "contact.mobile", "service_record.content", "customer.custom.note"),
		"blind":  w.masked(t, "all", every()...),
	}
	for _, name := range []string{"admin", "manager", "alice", "bob", "service", "finance", "nobody", "masked", "blind"} {
		w.persons = append(w.persons, fixture.Caller(t, callers[name]).UserID)
	}
	w.Write(t, tn.Ctx, w.records)
	for _, name := range []string{"admin", "manager", "alice", "bob", "service", "finance", "nobody", "masked", "blind"} {
		w.who, w.tokens = append(w.who, name), append(w.tokens, s.Token(t, tn, w.Next(t, callers[name])))
	}
	return w
}

func settings(reads string) []string {
	return []string{
		"HEYUE_READS", reads, "HEYUE_DOCUMENT_FIELDS", "100000", "HEYUE_OPERATION_COST", "1000000", "HEYUE_OPERATION_NODES", "10000000",
		"HEYUE_DOCUMENT_DEPTH", "30", "HEYUE_DOCUMENT_ALIASES", "1000", "HEYUE_DOCUMENT_REPEATS", "1000", "HEYUE_MAX_ERRORS", "1000",
	}
}

func every() []string {
	var out []string
	for _, f := range mask.All() {
		out = append(out, f.String())
	}
	return out
}

// masked makes a user who may read everything and is kept from some fields.
func (w *world) masked(t testing.TB, code string, fields ...string) context.Context {
	t.Helper()
	tn := w.Acme
	w.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		r, err := tx.Role.Create().SetCode(code).SetName(code).Save(tn.Ctx)
		if err != nil {
			return err
		}
		tn.Roles[code] = r.ID
		for _, p := range policies.All() {
			if err := tx.RoleGrant.Create().SetRoleID(r.ID).SetObject(p.Object).SetAction(p.Action).SetScope(grant.Tenant).Exec(tn.Ctx); err != nil {
				return err
			}
		}
		for _, name := range fields {
			object, field, _ := strings.Cut(name, ".")
			if err := tx.RoleFieldRule.Create().SetRoleID(r.ID).SetObject(object).SetField(field).SetEffect(mask.Hide).Exec(tn.Ctx); err != nil {
				return err
			}
		}
		return policies.Bump(tn.Ctx, tx)
	})
	return w.User(t, tn, code, tn.Root)
}

func (w *world) note(prefix string, id fmt.Stringer) {
	w.ids[prefix] = append(w.ids[prefix], id.String())
}

func (w *world) one(of ...string) string { return of[w.rng.IntN(len(of))] }

func (w *world) often() bool { return w.rng.IntN(3) > 0 }

// text is something that JSON, SQL and GraphQL each escape by other rules.
func (w *world) text() string {
	return w.one("", "云汇科技", "O'Neil & <Söhne>", "say \"hi\" \\ there", "line\nbreak\ttab", "bell\u0008\u000c\u001f\u007f", "sep\u2028\u2029", "😀 \U0001F9D1", "a", "A", "%_", "{}[],:")
}

func (w *world) owner() *publicid.UserID {
	if !w.often() {
		return nil
	}
	return &w.persons[w.rng.IntN(len(w.persons))]
}

func (w *world) department() *publicid.DepartmentID {
	if !w.often() {
		return nil
	}
	all := []publicid.DepartmentID{w.North, w.City, w.South, w.Acme.Root}
	return &all[w.rng.IntN(len(all))]
}

func (w *world) day() date.Date { return date.MustParse("2026-06-15").AddDays(w.rng.IntN(60) - 30) }

func (w *world) maybe() *date.Date {
	if !w.often() {
		return nil
	}
	d := w.day()
	return &d
}

// records makes customers with all that hangs on them.
func (w *world) records(tx *ent.Tx) error {
	ctx := w.Acme.Ctx
	w.note(publicid.PrefixDepartmentID, w.North)
	w.note(publicid.PrefixDepartmentID, w.City)
	for _, u := range w.persons {
		w.note(publicid.PrefixUserID, u)
	}
	entries, err := tx.DictionaryEntry.Query().Limit(3).All(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		w.note(publicid.PrefixDictionaryEntryID, e.ID)
	}
	if err := w.fields(tx); err != nil {
		return err
	}
	for i := range 10 {
		if err := w.customer(tx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) fields(tx *ent.Tx) error {
	for _, noun := range custom.Nouns() {
		for _, f := range []struct {
			key string
			typ custom.Type
		}{{"note", custom.Text}, {"size", custom.Number}, {"seen", custom.Date}} {
			if err := tx.CustomField.Create().SetNoun(noun).SetKey(f.key).SetType(f.typ).SetLabelZh(f.key).SetLabelEn(f.key).Exec(w.Acme.Ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) custom() custom.Set {
	set := custom.Set{}
	if w.often() {
		set["note"], _ = json.Marshal("n" + w.text())
	}
	if w.often() {
		set["size"] = json.RawMessage(`"12.5"`)
	}
	return set
}

func (w *world) customer(tx *ent.Tx, i int) error {
	ctx := w.Acme.Ctx
	create := tx.Customer.Create().SetName(fmt.Sprint(w.text(), i)).SetCode(fmt.Sprint("C", i)).SetShortName(w.text()).SetRegion(w.one("", "EAST", "NORTH")).
		SetCategory(w.one("", "A", "B")).SetSource(w.one("", "WEB")).SetGrade(profile.Grades()[w.rng.IntN(5)]).SetPhone(w.text()).SetDescription(w.text()).
		SetNillableOwnerID(w.owner()).SetNillableDepartmentID(w.department()).SetCustom(w.custom())
	if !w.often() {
		create.SetArchivedAt(fixture.Start())
	}
	c, err := create.Save(ctx)
	if err != nil {
		return err
	}
	w.note(publicid.PrefixCustomerID, c.ID)
	var contact *publicid.ContactID
	for range w.rng.IntN(4) {
		made, err := tx.Contact.Create().SetCustomerID(c.ID).SetName("c" + w.text()).SetMobile(w.text()).SetHobby(w.text()).SetIsPrimary(false).
			SetNillableBirthday(w.maybe()).SetCustom(w.custom()).Save(ctx)
		if err != nil {
			return err
		}
		w.note(publicid.PrefixContactID, made.ID)
		contact = &made.ID
	}
	var contract *publicid.ContractID
	for range w.rng.IntN(3) {
		if contract, err = w.contract(tx, c.ID, contract); err != nil {
			return err
		}
	}
	for range w.rng.IntN(3) {
		made, err := tx.ServiceRecord.Create().SetCustomerID(c.ID).SetNillableContactID(contact).SetNillableContractID(contract).SetServiceType(w.one("ON_SITE", "PHONE")).
			SetServedOn(w.day()).SetContent("s" + w.text()).SetNillableOwnerID(w.owner()).SetNillableDepartmentID(w.department()).SetCustom(w.custom()).Save(ctx)
		if err != nil {
			return err
		}
		w.note(publicid.PrefixServiceRecordID, made.ID)
	}
	return nil
}

func (w *world) contract(tx *ent.Tx, customer publicid.CustomerID, before *publicid.ContractID) (*publicid.ContractID, error) {
	ctx := w.Acme.Ctx
	amount := int64(w.rng.IntN(1_000_000))
	create := tx.Contract.Create().SetNumber(fmt.Sprint("HT", len(w.ids[publicid.PrefixContractID]))).SetTitle("t" + w.text()).SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).
		SetStatus([]lifecycle.Status{lifecycle.Draft, lifecycle.Active, lifecycle.Expired}[w.rng.IntN(3)]).SetCustomerID(customer).SetAmountMinor(amount).
		SetCurrency(money.Currency(w.one("CNY", "JPY", "USD"))).SetSettledMinor(amount / 2).SetAllocatedMinor(amount / 3).SetDescription(w.text()).
		SetNillablePredecessorID(before).SetNillableOwnerID(w.owner()).SetNillableDepartmentID(w.department()).SetCustom(w.custom())
	if d := w.maybe(); d != nil {
		create.SetEndsOn(*d).SetEffectiveOn(d.AddDays(-100))
	}
	c, err := create.Save(ctx)
	if err != nil {
		return nil, err
	}
	w.note(publicid.PrefixContractID, c.ID)
	return &c.ID, w.parts(tx, c)
}

func (w *world) parts(tx *ent.Tx, c *ent.Contract) error {
	ctx := w.Acme.Ctx
	for i := range w.rng.IntN(3) {
		if err := tx.ContractParty.Create().SetContractID(c.ID).SetPosition(i).SetName("p" + w.text()).SetRole(w.text()).Exec(ctx); err != nil {
			return err
		}
		quantity, err := money.ParseDecimal(w.one("1", "2.50", "0.0001"))
		if err != nil {
			return err
		}
		if err := tx.ContractLine.Create().SetContractID(c.ID).SetPosition(i).SetDescription("d" + w.text()).SetQuantity(quantity).SetUnitPrice(quantity).SetAmountMinor(7).Exec(ctx); err != nil {
			return err
		}
		l, err := tx.PaymentPlanLine.Create().SetContractID(c.ID).SetPosition(i).SetDueOn(w.day()).SetAmountMinor(c.AmountMinor / 2).SetCurrency(c.Currency).SetPurpose("u" + w.text()).Save(ctx)
		if err != nil {
			return err
		}
		p, err := tx.Payment.Create().SetContractID(c.ID).SetAmountMinor(100).SetCurrency(c.Currency).SetPaidOn(w.day()).SetMethod(plan.Cash).SetNote(w.text()).Save(ctx)
		if err != nil {
			return err
		}
		if err := tx.PaymentAllocation.Create().SetPaymentID(p.ID).SetPlanLineID(l.ID).SetContractID(c.ID).SetAmountMinor(50).Exec(ctx); err != nil {
			return err
		}
		if err := tx.Milestone.Create().SetContractID(c.ID).SetTitle("t" + w.text()).SetNillableDueOn(w.maybe()).SetState(milestone.Open).Exec(ctx); err != nil {
			return err
		}
		if err := tx.DocumentReference.Create().SetContractID(c.ID).SetTitle("t" + w.text()).Exec(ctx); err != nil {
			return err
		}
		if err := tx.ContractChange.Create().SetContractID(c.ID).SetReason("r" + w.text()).SetChangedOn(w.day()).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
