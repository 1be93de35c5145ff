package resolver_test

import (
	"fmt"
	"slices"
	"testing"

	"heyue/ent"
	"heyue/platform/date"
	"heyue/tests/fixture"
)

// page makes a document that reads n service records with every edge, in both forms of a connection, edges of edges and
// nested connections among them.
func everything(n int) string {
	const record = `id
		customer { id name
			contacts(first: 2, sort: [{field: NAME}]) { totalCount nodes { id customer { id } } }
			again: contacts(first: 1) { edges { node { id customer { name } } } }
			serviceRecords(first: 1) { nodes { contact { name customer { code } } } }
		}
		contact { id name customer { id shortName } }
		contract { id customer { id } parties { id } }`
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
					Customer struct{ Contacts struct{ TotalCount int } }
					Contact  struct{ Customer struct{ ShortName string } }
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
		}
	}
	if len(cost[2]) != len(cost[20]) {
		slices.Sort(cost[20])
		t.Errorf("2 rows cost %d statements, 20 cost %d: %s", len(cost[2]), len(cost[20]), tables(cost[20]))
	}
	t.Logf("%d statements", len(cost[20]))
}

// fill makes n customers with three contacts and one service record each.
func (a *api) fill(t *testing.T, tn *fixture.Tenant, n int) {
	t.Helper()
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
			err = tx.ServiceRecord.Create().SetCustomerID(c.ID).SetContactID(last.ID).SetServiceType("ON_SITE").
				SetServedOn(date.MustParse("2026-06-01").AddDays(i)).SetContent(name).Exec(tn.Ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
