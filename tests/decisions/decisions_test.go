// Package decisions lets people decide on the same thing at the same moment, through the whole product: however many answer
// at once, and in whatever way, one answer counts, and what it brings about happens once.
package decisions

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"heyue/domain/templates"
	"heyue/ent"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// rounds is how often each kind of thing is decided on.
const rounds = 6

// office is a tenant where one asks and two decide, any of whom suffices.
type office struct {
	*stage.Stage
	asks, first, second string // tokens
}

func newOffice(t *testing.T, kind string) office {
	t.Helper()
	s := stage.New(t)
	acme := s.Tenant(t, "acme")
	s.Write(t, acme.Ctx, func(tx *ent.Tx) error { return templates.Seed{Clock: s.Clock}.Run(acme.Ctx, tx, "zh-CN") })
	asks, first, second := s.User(t, acme, "admin"), s.User(t, acme, "admin"), s.User(t, acme, "admin")
	o := office{s, s.Token(t, acme, asks), s.Token(t, acme, first), s.Token(t, acme, second)}
	o.made(t, o.asks, fmt.Sprintf(`mutation { approvalFlowCreate(input: {kind: %s, name: "会签", nodes: [{key: "a", name: "任一", mode: ANY,
		approvers: [{by: USER, userId: %q}, {by: USER, userId: %q}]}]}) { approvalFlow { id } userErrors { code field } } }`,
		kind, fixture.Caller(t, first).UserID, fixture.Caller(t, second).UserID))
	return o
}

var anID = regexp.MustCompile(`"id":"(\w+)"`)

// made sends a document that must go well, and gives the first id in the answer.
func (o office) made(t *testing.T, token, document string) string {
	t.Helper()
	answer := o.Post(t, token, document, nil)
	found := anID.FindStringSubmatch(answer)
	if found == nil || strings.Contains(answer, `"code"`) {
		t.Fatalf("%s\n%s", document, answer)
	}
	return found[1]
}

// contract makes one in force over 100 yuan with an instalment, and gives both ids.
func (o office) contract(t *testing.T, kind string) (id, line string) {
	t.Helper()
	customer := o.made(t, o.asks, `mutation { customerCreate(input: {name: "云汇"}) { customer { id } } }`)
	id = o.made(t, o.asks, fmt.Sprintf(`mutation { contractCreate(input: {kind: %s, title: "合同", customerId: %q, registered: true, signedOn: "2026-01-01",
		effectiveOn: "2026-01-01", endsOn: "2099-12-31", amount: {amount: "100", currency: CNY}, paymentPlan: [{dueOn: "2098-01-01", amount: "100"}]}) {
		contract { id } userErrors { code field } } }`, kind, customer))
	line = o.made(t, o.asks, fmt.Sprintf(`{ contract(id: %q) { paymentPlan { id } } }`, id))
	return id, line
}

// draft makes a contract with a text.
func (o office) draft(t *testing.T) string {
	t.Helper()
	customer := o.made(t, o.asks, `mutation { customerCreate(input: {name: "云汇"}) { customer { id } } }`)
	template := o.made(t, o.asks, `{ templates(filter: {code: {eq: "SERVICE"}}) { nodes { id } } }`)
	return o.made(t, o.asks, fmt.Sprintf(`mutation { contractDraft(input: {contract: {kind: SERVICE, title: "服务", customerId: %q},
		text: {templateId: %q, optional: ["training"]}}) { contract { id } userErrors { code } } }`, customer, template))
}

// task is the open task of whoever has the token.
func (o office) task(t *testing.T, token string) (id string, version int) {
	t.Helper()
	var answer struct {
		Data struct {
			MyTasks struct {
				Nodes []struct {
					ID      string
					Version int
				}
			}
		}
	}
	text := o.Post(t, token, `{ myTasks { nodes { id version } } }`, nil)
	if err := json.Unmarshal([]byte(text), &answer); err != nil || len(answer.Data.MyTasks.Nodes) != 1 {
		t.Fatalf("the task: %s", text)
	}
	return answer.Data.MyTasks.Nodes[0].ID, answer.Data.MyTasks.Nodes[0].Version
}

// bid is one of those who act at the same moment, and what becomes of the thing when theirs counts.
type bid struct{ token, document, outcome string }

// answers are what two who decide say, each of them twice, as when a client asks again.
func (o office) answers(t *testing.T, agreed, refused string) []bid {
	t.Helper()
	first, firstVersion := o.task(t, o.first)
	second, secondVersion := o.task(t, o.second)
	decide := `mutation { approvalDecide(input: {taskId: %q, expectedVersion: %d, decision: %s, opinion: "意见"}) { task { id } userErrors { code } } }`
	yes := bid{o.first, fmt.Sprintf(decide, first, firstVersion, "APPROVE"), agreed}
	no := bid{o.second, fmt.Sprintf(decide, second, secondVersion, "REJECT"), refused}
	return []bid{yes, no, yes, no}
}

// race lets all act at once and returns the outcome of the one that counted.
func (o office) race(t *testing.T, bids []bid) string {
	t.Helper()
	var wg sync.WaitGroup
	said := make([]string, len(bids))
	start := make(chan struct{})
	for i, b := range bids {
		wg.Go(func() {
			<-start
			said[i] = o.Post(t, b.token, b.document, nil)
		})
	}
	close(start)
	wg.Wait()
	var won []string
	for i, answer := range said {
		switch {
		case strings.Contains(answer, `"errors":`):
			t.Errorf("%s\n%s", bids[i].document, answer)
		case strings.Contains(answer, `"userErrors":[]`):
			won = append(won, bids[i].outcome)
		case !strings.Contains(answer, "VERSION_CONFLICT") && !strings.Contains(answer, "WRONG_STATE"):
			t.Errorf("%s\n%s", bids[i].document, answer)
		}
	}
	if len(won) != 1 {
		t.Fatalf("%d answers counted: %v\n%s", len(won), won, strings.Join(said, "\n"))
	}
	return won[0]
}

// shows fails unless the answer to a document holds the text.
func (o office) shows(t *testing.T, document, text string) {
	t.Helper()
	if answer := o.Post(t, o.asks, document, nil); !strings.Contains(answer, text) {
		t.Errorf("want %s\n%s\n%s", text, document, answer)
	}
}

func TestOneDecisionOnABillEditCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "BILL_EDIT")
	contract, line := o.contract(t, "SALES")
	purpose := ""
	for round := range rounds {
		wanted := fmt.Sprintf("第%d次", round)
		edit := o.made(t, o.asks, fmt.Sprintf(`mutation { billEditPlan(input: {contractId: %q, lines: [{planLineId: %q, purpose: %q}], reason: "补"}) {
			billEdit { id } userErrors { code field } } }`, contract, line, wanted))
		outcome := o.race(t, append(o.answers(t, "APPROVED", "REJECTED"),
			bid{o.asks, fmt.Sprintf(`mutation { billEditWithdraw(input: {id: %q, expectedVersion: 1}) { billEdit { id } userErrors { code } } }`, edit), "WITHDRAWN"}))
		if outcome == "APPROVED" {
			purpose = wanted
		}
		o.shows(t, fmt.Sprintf(`{ billEdit(id: %q) { version state contract { paymentPlan { purpose } } } }`, edit),
			fmt.Sprintf(`{"version":2,"state":%q,"contract":{"paymentPlan":[{"purpose":%q}]}}`, outcome, purpose))
	}
}

func TestOneDecisionOnAPaymentRequestCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "PAYMENT")
	contract, _ := o.contract(t, "PURCHASE")
	for range rounds {
		request := o.made(t, o.asks, fmt.Sprintf(`mutation { paymentRequestCreate(input: {contractId: %q, amount: {amount: "10", currency: CNY}, method: CASH,
			payee: "云汇", purpose: "货款"}) { paymentRequest { id } userErrors { code field } } }`, contract))
		outcome := o.race(t, append(o.answers(t, "APPROVED", "REJECTED"),
			bid{o.asks, fmt.Sprintf(`mutation { paymentRequestWithdraw(input: {id: %q, expectedVersion: 1}) { paymentRequest { id } userErrors { code } } }`, request), "WITHDRAWN"}))
		o.shows(t, fmt.Sprintf(`{ paymentRequest(id: %q) { version state } }`, request), fmt.Sprintf(`{"version":2,"state":%q}`, outcome))
	}
}

func TestOneDecisionOnAClauseExceptionCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "CLAUSE_EXCEPTION")
	contract := o.draft(t)
	for round := range rounds {
		words := fmt.Sprintf("另议%d。", round)
		exception := o.made(t, o.asks, fmt.Sprintf(`mutation { clauseExceptionPropose(input: {contractId: %q, clause: "training", newText: %q, reason: "要求"}) {
			clauseException { id } userErrors { code field } } }`, contract, words))
		outcome := o.race(t, append(o.answers(t, "ACCEPTED", "REJECTED"),
			bid{o.asks, fmt.Sprintf(`mutation { clauseExceptionWithdraw(input: {id: %q, expectedVersion: 1}) { clauseException { id } userErrors { code } } }`, exception), "WITHDRAWN"}))
		o.shows(t, fmt.Sprintf(`{ clauseException(id: %q) { status } }`, exception), fmt.Sprintf(`{"status":%q}`, outcome))
		text := o.Post(t, o.asks, fmt.Sprintf(`{ contract(id: %q) { text { document { clauses { paragraphs { runs { text } } } } } } }`, contract), nil)
		if strings.Contains(text, words) != (outcome == "ACCEPTED") {
			t.Errorf("%s, the text is %s", outcome, text)
		}
	}
}
