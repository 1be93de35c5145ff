//go:build unix

package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heyue/platform/pgtest"
	"heyue/platform/redistest"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

const (
	tenants = 1000
	callers = 16
)

// crowd is a product whose tenants have the same rows, down to the ids: an answer for the wrong one cannot be told by its
// ids, only by its texts, each of which names the tenant.
type crowd struct {
	*stage.Stage
	redis              *redistest.Server
	model              *fixture.Tenant
	email              string
	customer, contract string
	tokens             sync.Map // tenant → token
	paid, unsure       [tenants + 1]atomic.Int64
	asked, cut         atomic.Int64
}

// TestNobodyGetsWhatIsAnothers is layer L4 of the isolation tests.
func TestNobodyGetsWhatIsAnothers(t *testing.T) {
	t.Parallel()
	each := 150
	if os.Getenv("HEYUE_SOAK") != "" {
		each = 20000
	}
	c := gather(t)
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			draw := rand.New(rand.NewPCG(uint64(n), 7))
			for i := range each {
				c.ask(t, draw)
				if n == 0 && i%75 == 50 {
					c.redis.Restart(t)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d requests, %d of them hung up on or out of time", c.asked.Load(), c.cut.Load())
	if cut := c.cut.Load(); cut < c.asked.Load()/100 || cut > c.asked.Load()*3/4 {
		t.Errorf("%d of %d requests came to nothing; the test looks at too little", cut, c.asked.Load())
	}
	c.settle(t)
}

// gather puts the tenants on: one is made through the product, the others are copies of its rows.
func gather(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{redis: redistest.Start(t)}
	c.Stage = stage.Behind(t, func(w *fixture.World) []string {
		p := pool(t, w.DB)
		return []string{
			"DATABASE_URL", p.through(t, w.DB.AppDSN), "DATABASE_SYSTEM_URL", p.through(t, w.DB.SystemDSN), "HEYUE_STATEMENT_CACHE", "0",
			"HEYUE_DATABASE_POOL", "32", "REDIS_URL", c.redis.URL(), "HEYUE_OPERATION_DEADLINE", "5s",
		}
	})
	c.model = c.Tenant(t, "t1")
	admin := fixture.Caller(t, c.model.Admin)
	u, err := c.Client.User.Get(c.model.Ctx, admin.UserID)
	if err != nil {
		t.Fatal(err)
	}
	c.email = u.Email
	token := c.Token(t, c.model, c.model.Admin)
	c.customer = c.made(t, token, `mutation { customerCreate(input: {name: "T1!"}) { customer { id } } }`)
	c.contract = c.made(t, token, fmt.Sprintf(`mutation { contractCreate(input: {kind: SALES, title: "T1!", customerId: %q, registered: true, signedOn: "2026-01-01",
		effectiveOn: "2026-01-01", endsOn: "2099-12-31", amount: {amount: "1000000", currency: CNY}, paymentPlan: [{dueOn: "2098-01-01", amount: "1000000"}]}) { contract { id } } }`, c.customer))
	c.copy(t)
	return c
}

var anID = regexp.MustCompile(`"id":"(\w+)"`)

func (c *crowd) made(t *testing.T, token, document string) string {
	t.Helper()
	answer := c.Post(t, token, document, nil)
	found := anID.FindStringSubmatch(answer)
	if found == nil {
		t.Fatalf("%s\n%s", document, answer)
	}
	return found[1]
}

// copy gives every other tenant the first one's rows under the same ids, with its own number in the texts.
func (c *crowd) copy(t *testing.T) {
	t.Helper()
	db := pgtest.Open(t, c.DB.SuperDSN)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	do := func(statement string) {
		t.Helper()
		if _, err := tx.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(statement, ": ", err)
		}
	}
	do("SET LOCAL session_replication_role = replica") // foreign keys hold for the copies as they do for what is copied
	if c.model.ID != 1 {
		t.Fatalf("the first tenant has the number %d", c.model.ID)
	}
	do(fmt.Sprintf(`DO $$ DECLARE r record; BEGIN
		FOR r IN SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_name NOT IN ('tenant_directory', 'mails') LOOP
			EXECUTE format('INSERT INTO %%1$I SELECT (jsonb_populate_record(r, jsonb_build_object(''tenant_id'', n))).* FROM %%1$I r, generate_series(2, %d) n WHERE r.tenant_id = 1', r.name);
		END LOOP; END $$`, tenants))
	do(fmt.Sprintf(`INSERT INTO tenants SELECT (jsonb_populate_record(r, jsonb_build_object('id', n, 'slug', 't' || n, 'name', 'T' || n || '!'))).* FROM tenants r, generate_series(2, %d) n WHERE r.id = 1`, tenants))
	do(fmt.Sprintf(`INSERT INTO tenant_directory (tenant_id, slug) SELECT n, 't' || n FROM generate_series(2, %d) n`, tenants))
	do(`UPDATE customers SET name = 'T' || tenant_id || '!'`)
	do(`UPDATE contracts SET title = 'T' || tenant_id || '!'`)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// token signs the tenant's administrator in, once.
func (c *crowd) token(t *testing.T, tenant int) (string, bool) {
	t.Helper()
	if known, ok := c.tokens.Load(tenant); ok {
		return known.(string), true
	}
	issued, err := c.Services.Sessions.Issue(t.Context(), fmt.Sprintf("t%d", tenant), c.email, time.Hour)
	if err != nil {
		t.Error("a token: ", err)
		return "", false
	}
	c.tokens.Store(tenant, issued.AccessToken)
	return issued.AccessToken, true
}

// ask is one request of somebody; one in five hangs up before, while or after it is answered.
func (c *crowd) ask(t *testing.T, draw *rand.Rand) {
	t.Helper()
	tenant := 1 + draw.IntN(tenants)
	if draw.IntN(3) == 0 {
		tenant = 1 + draw.IntN(5) // some are asked much more than others
	}
	token, ok := c.token(t, tenant)
	if !ok {
		return
	}
	pays := false
	var document string
	switch draw.IntN(4) {
	case 0:
		document = `{ customers(first: 5) { totalCount nodes { id name contracts(first: 3) { nodes { id title } } } } viewer { tenant { name } } }`
	case 1:
		document = fmt.Sprintf(`{ node(id: %q) { id ... on Contract { title settled { amount } customer { name } paymentPlan { amount { amount } } } } }`, c.contract)
	case 2:
		document = fmt.Sprintf(`mutation { customerCreate(input: {name: "T%d!%d"}) { customer { id name } userErrors { code } } }`, tenant, draw.Int())
	case 3:
		pays = true
		document = fmt.Sprintf(`mutation { paymentRecord(input: {contractId: %q, amount: {amount: "1", currency: CNY}, method: CASH, note: "T%d!"}) { payment { id note } userErrors { code } } }`, c.contract, tenant)
	}
	ctx := t.Context()
	if draw.IntN(5) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(draw.IntN(20_000))*time.Microsecond)
		defer cancel()
	}
	answer, err := c.post(ctx, token, document)
	c.asked.Add(1)
	gone := err != nil || strings.Contains(answer, `"UNAVAILABLE"`) || strings.Contains(answer, `"TIMEOUT"`) || strings.Contains(answer, `"DEADLINE`)
	switch {
	case err != nil && ctx.Err() == nil:
		t.Errorf("%s: %v", document, err)
	case gone:
		c.cut.Add(1)
	case strings.Contains(answer, `"errors":[`) || strings.Contains(answer, `"code"`):
		t.Errorf("%s: %s", document, answer)
	}
	if pays && gone {
		c.unsure[tenant].Add(1)
	} else if pays {
		c.paid[tenant].Add(1)
	}
	for _, mark := range marks.FindAllStringSubmatch(answer, -1) {
		if mark[1] != fmt.Sprint(tenant) {
			t.Errorf("tenant %d got what is tenant %s's: %s", tenant, mark[1], answer)
		}
	}
	if !gone && !marks.MatchString(answer) {
		t.Errorf("tenant %d got nothing of its own: %s", tenant, answer)
	}
}

var marks = regexp.MustCompile(`T(\d+)!`)

func (c *crowd) post(ctx context.Context, token, document string) (string, error) {
	body, err := json.Marshal(map[string]string{"query": document})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Server.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.Server.Client().Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

// settle looks at the rows, past all walls: each is its tenant's, every payment that was told of is there, none that was not
// asked for, and the totals are the sums.
func (c *crowd) settle(t *testing.T) {
	t.Helper()
	db := pgtest.Open(t, c.DB.SuperDSN)
	for table, text := range map[string]string{"customers": "name", "contracts": "title", "payments": "note"} {
		var n int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT count(*) FROM %s WHERE %s NOT LIKE 'T' || tenant_id || '!%%'`, table, text)).Scan(&n); err != nil || n > 0 {
			t.Errorf("%d rows of %s are in the wrong hands, %v", n, table, err)
		}
	}
	rows, err := db.QueryContext(t.Context(), `SELECT c.tenant_id, c.settled_minor, count(p.id), coalesce(sum(p.amount_minor), 0) FROM contracts c
		LEFT JOIN payments p ON p.tenant_id = c.tenant_id AND p.contract_id = c.id GROUP BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var tenant, settled, count, sum int64
		if err := rows.Scan(&tenant, &settled, &count, &sum); err != nil {
			t.Fatal(err)
		}
		seen++
		paid, unsure := c.paid[tenant].Load(), c.unsure[tenant].Load()
		if settled != sum || sum != 100*count || count < paid || count > paid+unsure {
			t.Errorf("tenant %d: %d minor units settled, %d payments that sum up to %d; %d were told of, of %d nothing is known", tenant, settled, count, sum, paid, unsure)
		}
	}
	if err := rows.Err(); err != nil || seen != tenants {
		t.Errorf("%d contracts, %v", seen, err)
	}
}
