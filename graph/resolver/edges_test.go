package resolver_test

import (
	"fmt"
	"slices"
	"testing"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/customer"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/tests/fixture"
)

// everything makes a document that reads n service records with every edge, in both forms of a connection, edges of edges and
// nested connections among them.
func everything(n int) string {
	const record = `id
		customer { id name
			contacts(first: 2, sort: [{field: NAME}]) { totalCount nodes { id customer { id } } }
			again: contacts(first: 1) { edges { node { id customer { name } } } }
			serviceRecords(first: 1) { nodes { contact { name customer { code } } } }
			contracts(first: 2) { totalCount nodes { customer { id } parties { id } predecessor { customer { id } } owner { id } } }
		}
		owner { id department { id } } department { id }
		contact { id name customer { id shortName } }
		contract { id customer { id } parties { id }
			progress { percent contract { owner { id } } lines { overdue entries { id line { title } } } nextSteps { kind } } }`
	return fmt.Sprintf(`{ serviceRecords(first: %d) { nodes { %s } edges { node { %s } } } }`, n, record, record)
}

// TestEdgesCostAConstantNumberOfStatements: twenty rows cost what two cost.
func TestEdgesCostAConstantNumberOfStatements(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	acme := a.Tenant(t, "acme")
	a.fill(t, acme, 20)
	a.ask(t, acme.Admin, nil, `{ customers { nodes { id } } }`) // loads the permissions

	cost := map[int][]string{}
	for _, n := range []int{2, 20} {
		a.statements.take()
		var got struct {
			ServiceRecords struct {
				Nodes []struct {
					Customer struct {
						Name     string
						Contacts struct{ TotalCount int }
					}
					Contact  struct{ Customer struct{ ShortName string } }
					Contract struct {
						Progress struct {
							Percent string
							Lines   []struct {
								Overdue bool
								Entries []struct{ Line struct{ Title string } }
							}
						}
					}
				}
				Edges []struct {
					Node struct {
						Contact struct{ Name string }
					}
				}
			}
		}
		if codes := a.ask(t, acme.Admin, &got, everything(n)); len(codes) > 0 {
			t.Fatal(codes)
		}
		cost[n] = a.statements.take()
		if len(got.ServiceRecords.Nodes) != n || len(got.ServiceRecords.Edges) != n {
			t.Fatalf("%d nodes and %d edges of %d", len(got.ServiceRecords.Nodes), len(got.ServiceRecords.Edges), n)
		}
		for i, r := range got.ServiceRecords.Nodes {
			if r.Customer.Contacts.TotalCount != 3 || r.Contact.Customer.ShortName == "" || got.ServiceRecords.Edges[i].Node.Contact.Name == "" {
				t.Fatalf("row %d lacks its edges: %+v", i, r)
			}
			if p := r.Contract.Progress; p.Percent != "50" || len(p.Lines) != 1 || len(p.Lines[0].Entries) != 1 || p.Lines[0].Entries[0].Line.Title != r.Customer.Name {
				t.Fatalf("row %d has the progress %+v", i, p)
			}
		}
	}
	if len(cost[2]) != len(cost[20]) {
		slices.Sort(cost[20])
		t.Errorf("2 rows cost %d statements, 20 cost %d: %s", len(cost[2]), len(cost[20]), tables(cost[20]))
	}
	t.Logf("%d statements", len(cost[20]))
}

// fill makes n customers with three contacts, a contract and a service record each.
func (a *api) fill(t *testing.T, tn *fixture.Tenant, n int) {
	t.Helper()
	owner := fixture.Caller(t, tn.Admin).UserID
	a.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		for i := range n {
			name := fmt.Sprintf("%s %02d", tn.Slug, i)
			c, err := tx.Customer.Create().SetName(name).SetShortName(name).SetCode(name).Save(tn.Ctx)
			if err != nil {
				return err
			}
			var last *ent.Contact
			for j := range 3 {
				if last, err = tx.Contact.Create().SetCustomerID(c.ID).SetName(fmt.Sprintf("%s person %d", name, j)).Save(tn.Ctx); err != nil {
					return err
				}
			}
			paper, err := tx.Contract.Create().SetCustomerID(c.ID).SetNumber(name).SetTitle(name).SetKind(lifecycle.Sales).
				SetDirection(lifecycle.Receivable).SetCurrency("CNY").SetOwnerID(owner).Save(tn.Ctx)
			if err != nil {
				return err
			}
			line, err := tx.ProgressLine.Create().SetContractID(paper.ID).SetKind(work.Delivery).SetTitle(name).SetPlannedOn(date.MustParse("2026-06-01")).
				SetPlannedQuantity(money.Whole(2)).SetActualQuantity(money.Whole(1)).SetState(work.Started).Save(tn.Ctx)
			if err != nil {
				return err
			}
			err = tx.ProgressEntry.Create().SetContractID(paper.ID).SetLineID(line.ID).SetQuantity(money.Whole(1)).SetHappenedOn(line.PlannedOn).Exec(tn.Ctx)
			if err != nil {
				return err
			}
			err = tx.ServiceRecord.Create().SetContractID(paper.ID).SetOwnerID(owner).SetDepartmentID(tn.Root).SetCustomerID(c.ID).SetContactID(last.ID).SetServiceType("ON_SITE").
				SetServedOn(date.MustParse("2026-06-01").AddDays(i)).SetContent(name).Exec(tn.Ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TestHiddenTargetsAreNull: an edge to what the caller may not see is null, in a page with edges that are there, and a
// nested connection that needs a permission the caller lacks fails alone.
func TestHiddenTargetsAreNull(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	acme := a.Tenant(t, "acme")
	a.fill(t, acme, 2)
	sales := a.User(t, acme, "sales", acme.Root)
	me := fixture.Caller(t, sales).UserID
	a.Write(t, acme.Ctx, func(tx *ent.Tx) error {
		if err := tx.ServiceRecord.Update().SetOwnerID(me).Exec(acme.Ctx); err != nil {
			return err
		}
		return tx.Customer.Update().Where(customer.Name("acme 01")).SetOwnerID(me).Exec(acme.Ctx)
	})
	var got struct {
		ServiceRecords struct {
			Edges []struct {
				Node struct{ Customer, Contact *struct{ Name string } }
			}
		}
	}
	if codes := a.ask(t, sales, &got, `{ serviceRecords { edges { node { customer { name } contact { name } } } } }`); len(codes) > 0 {
		t.Fatal(codes)
	}
	for i, name := range []string{"acme 01", ""} { // the last served first
		n := got.ServiceRecords.Edges[i].Node
		if seen := n.Customer != nil && n.Contact != nil; seen != (name != "") || seen && n.Customer.Name != name {
			t.Errorf("record %d: %+v %+v", i, n.Customer, n.Contact)
		}
	}
	finance := a.User(t, acme, "finance")
	codes := a.ask(t, finance, nil, `{ customers { edges { node { name contacts { totalCount } contracts { totalCount } } } } }`)
	slices.Sort(codes)
	want := []string{"customers.edges[0].node.contacts FORBIDDEN", "customers.edges[1].node.contacts FORBIDDEN"}
	if !slices.Equal(codes, want) {
		t.Errorf("errors %q, want %q", codes, want)
	}
}

// TestNestedPagesGoOn: the cursor of a nested connection continues that customer's list and no other's.
func TestNestedPagesGoOn(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	acme := a.Tenant(t, "acme")
	a.fill(t, acme, 2)
	type list struct {
		Customers struct {
			Nodes []struct {
				ID       string
				Contacts *struct {
					Nodes    []struct{ Name string }
					PageInfo struct {
						EndCursor   string
						HasNextPage bool
					}
				}
			}
		}
	}
	const document = `query($code: TextFilter, $after: String) { customers(filter: {code: $code}, sort: [{field: CODE}]) {
		nodes { id contacts(first: 2, after: $after, sort: [{field: NAME}]) { nodes { name } pageInfo { endCursor hasNextPage } } } } }`
	var first, second list
	if codes := a.ask(t, acme.Admin, &first, document); len(codes) > 0 {
		t.Fatal(codes)
	}
	cursor := first.Customers.Nodes[0].Contacts.PageInfo.EndCursor
	vars := map[string]any{"after": cursor, "code": map[string]any{"eq": "acme 00"}}
	if codes := a.ask(t, acme.Admin, &second, document, vars); len(codes) > 0 {
		t.Fatal(codes)
	}
	rest := second.Customers.Nodes[0].Contacts
	if len(rest.Nodes) != 1 || rest.Nodes[0].Name != "acme 00 person 2" || rest.PageInfo.HasNextPage {
		t.Errorf("the second page is %+v", rest)
	}
	vars["code"] = map[string]any{"eq": "acme 01"}
	if codes := a.ask(t, acme.Admin, nil, document, vars); !slices.Equal(codes, []string{"customers.nodes[0].contacts INVALID_CURSOR"}) {
		t.Errorf("another customer's cursor: %q", codes)
	}
}
