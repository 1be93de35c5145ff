package approvals_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"heyue/domain/alerts"
	"heyue/domain/approvals"
	"heyue/domain/approvals/flow"
	"heyue/domain/contracts/content"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvaltask"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tests/fixture"
)

// thing is a subject that lives in memory.
type thing struct {
	sync.Mutex
	matter flow.Matter
	went   []flow.State
}

func (s *thing) See(context.Context, *ent.Tx, uuid.UUID) error { return nil }

func (s *thing) Matter(context.Context, *ent.Tx, uuid.UUID) (flow.Matter, error) {
	s.Lock()
	defer s.Unlock()
	return s.matter, nil
}

func (s *thing) Moved(_ context.Context, _ *ent.Tx, _ uuid.UUID, to flow.State) error {
	s.Lock()
	defer s.Unlock()
	s.went = append(s.went, to)
	return nil
}

// bed is a company whose alice submits things.
type bed struct {
	*fixture.Company
	approvals *approvals.Service
	thing     *thing
	id        uuid.UUID
}

func newBed(t *testing.T) *bed {
	t.Helper()
	c := fixture.NewCompany(t)
	sum := money.Of(5_000_000, money.CNY)
	b := &bed{Company: c, id: uuid.New(), thing: &thing{matter: flow.Matter{
		Title: "采购电脑", DepartmentID: &c.City, Facts: flow.Facts{ContractKind: "PURCHASE", Amount: &sum},
	}}}
	owner := b.user(t, c.Alice)
	b.thing.matter.OwnerID = &owner
	b.thing.matter.Print = b.print("a", 1)
	b.approvals = &approvals.Service{
		Client: c.Client, Policies: c.Policies, Audit: c.Audit, Reminders: alerts.Obligations{Outbox: c.Outbox, Clock: c.Clock},
		Lister: c.Lister, Clock: c.Clock, Limits: approvals.Limits{Flows: 200, Tasks: 500, Delegations: 50}, Subjects: map[flow.Kind]approvals.Subject{flow.Payment: b.thing},
	}
	return b
}

func (*bed) print(title string, amount int64) content.Print {
	return content.Parts{Text: content.Wording{Title: title}, Amount: content.Sum{Value: money.Of(amount, money.CNY)}}.Print()
}

func (*bed) user(t *testing.T, ctx context.Context) publicid.UserID {
	t.Helper()
	return fixture.Caller(t, ctx).UserID
}

// flow makes a flow of the given nodes.
func (b *bed) flow(t *testing.T, nodes ...flow.Node) *ent.ApprovalFlow {
	t.Helper()
	f, err := b.approvals.CreateFlow(b.Admin, approvals.FlowDraft{Kind: flow.Payment, Name: "付款审批", Definition: flow.Definition{Nodes: nodes}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// node asks people.
func (b *bed) node(t *testing.T, key string, mode flow.Mode, who ...context.Context) flow.Node {
	t.Helper()
	n := flow.Node{Key: key, Name: key, Mode: mode}
	for _, ctx := range who {
		n.Approvers = append(n.Approvers, flow.Approver{By: flow.ByUser, UserID: new(b.user(t, ctx))})
	}
	return n
}

func (b *bed) submit(t *testing.T) *ent.Approval {
	t.Helper()
	a, err := b.trySubmit(t)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (b *bed) trySubmit(t *testing.T, choices ...*flow.Choice) (a *ent.Approval, err error) {
	t.Helper()
	ctx := b.Next(t, b.Alice)
	err = tenancy.Write(ctx, b.Client, func(tx *ent.Tx) error {
		a, err = b.approvals.Submit(ctx, tx, flow.Payment, b.id, approvals.Submission{Choices: choices})
		return err
	})
	return a, err
}

// task is what ctx is asked now.
func (b *bed) task(t *testing.T, ctx context.Context) *ent.ApprovalTask {
	t.Helper()
	list, err := b.approvals.MyTasks(ctx, approvals.ToDo, page.Args{})
	if err != nil || len(list.Nodes()) != 1 {
		t.Fatalf("one task was to be decided, not %v (%v)", list.Nodes(), err)
	}
	return list.Nodes()[0]
}

func (b *bed) asked(t *testing.T, ctx context.Context) bool {
	t.Helper()
	list, err := b.approvals.MyTasks(ctx, approvals.ToDo, page.Args{})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Nodes()) > 0
}

func (b *bed) decide(t *testing.T, ctx context.Context, d flow.Decision, to ...string) {
	t.Helper()
	task, why := b.task(t, ctx), "因为"
	a := approvals.Answer{TaskID: task.ID, ExpectedVersion: task.Version, Decision: d, Opinion: &why}
	if len(to) > 0 {
		a.ToNode = &to[0]
	}
	if _, err := b.approvals.Decide(ctx, a); err != nil {
		t.Fatal(err)
	}
}

func (b *bed) state(t *testing.T, a *ent.Approval) flow.State {
	t.Helper()
	now, err := b.Client.Approval.Get(b.Acme.Ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return now.State
}

func (b *bed) went(t *testing.T, want ...flow.State) {
	t.Helper()
	if diff := cmp.Diff(want, b.thing.went); diff != "" {
		t.Errorf("the subject went (-want +got):\n%s", diff)
	}
}

func TestTheShippedFlowAsksTheManagerNeverTheSubmitter(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	a := b.submit(t)
	if b.asked(t, b.Alice) || !b.asked(t, b.Manager) {
		t.Fatal("the manager of the department above was to be asked")
	}
	b.decide(t, b.Manager, flow.Approve)
	if s := b.state(t, a); s != flow.Approved {
		t.Errorf("it is %s", s)
	}
	b.went(t, flow.Pending, flow.Approved)
}

func TestModes(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.flow(t, b.node(t, "all", flow.All, b.Manager, b.Bob), b.node(t, "any", flow.Any, b.Finance, b.Service),
		b.node(t, "turns", flow.Sequence, b.Bob, b.Admin))
	a := b.submit(t)
	b.decide(t, b.Bob, flow.Approve)
	if b.asked(t, b.Finance) {
		t.Fatal("the next node began before all had agreed")
	}
	b.decide(t, b.Manager, flow.Approve)
	b.decide(t, b.Service, flow.Approve)
	if b.asked(t, b.Finance) || b.asked(t, b.Admin) {
		t.Fatal("one of any was enough, and a sequence asks one at a time")
	}
	b.decide(t, b.Bob, flow.Approve)
	b.decide(t, b.Admin, flow.Approve)
	if s := b.state(t, a); s != flow.Approved {
		t.Errorf("it is %s", s)
	}
}

func TestRejectSendBackWithdraw(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.flow(t, b.node(t, "one", flow.One, b.Manager), b.node(t, "two", flow.All, b.Bob, b.Finance))
	b.submit(t)
	b.decide(t, b.Manager, flow.Approve)
	b.decide(t, b.Bob, flow.Approve)
	b.decide(t, b.Finance, flow.SendBack, "one")
	if b.asked(t, b.Bob) {
		t.Fatal("the second node is asked while the first is again")
	}
	b.decide(t, b.Manager, flow.Approve)
	b.decide(t, b.Bob, flow.Approve) // asked again, though he had agreed
	b.decide(t, b.Finance, flow.SendBack)
	b.went(t, flow.Pending, flow.Returned)

	b.submit(t) // nothing changed: the first node's approval is carried over
	if b.asked(t, b.Manager) {
		t.Error("the manager is asked about what he approved")
	}
	b.decide(t, b.Bob, flow.Reject)
	a := b.submit(t) // a refusal is the end: all are asked
	if !b.asked(t, b.Manager) || b.asked(t, b.Finance) {
		t.Error("after a refusal everybody is asked again, in order")
	}
	got, err := b.approvals.Withdraw(b.Alice, approvals.Target{ID: a.ID, ExpectedVersion: a.Version})
	if err != nil || got.State != flow.Withdrawn || b.asked(t, b.Manager) {
		t.Errorf("withdrawn: %v, %v", got, err)
	}
	b.went(t, flow.Pending, flow.Returned, flow.Pending, flow.Rejected, flow.Pending, flow.Withdrawn)
}

func TestAnEditVoidsOnlyWhatWatchesIt(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	money, words := b.node(t, "money", flow.One, b.Finance), b.node(t, "words", flow.One, b.Manager)
	money.Watches, words.Watches = []content.Part{content.Amount}, []content.Part{content.Text}
	f := b.flow(t, money, words, b.node(t, "last", flow.One, b.Bob))
	a := b.submit(t)
	b.decide(t, b.Finance, flow.Approve)
	b.decide(t, b.Manager, flow.Approve)
	// A newer version must not touch the run.
	if _, err := b.approvals.UpdateFlow(b.Admin, approvals.FlowChange{ID: f.ID, ExpectedVersion: f.Version,
		Definition: flow.Definition{Nodes: []flow.Node{b.node(t, "only", flow.One, b.Service)}}}); err != nil {
		t.Fatal(err)
	}
	b.thing.matter.Print = b.print("b", 1)
	if err := tenancy.Write(b.Alice, b.Client, func(tx *ent.Tx) error { return b.approvals.Edited(b.Alice, tx, flow.Payment, b.id) }); err != nil {
		t.Fatal(err)
	}
	if s := b.state(t, a); s != flow.Superseded {
		t.Errorf("the old run is %s", s)
	}
	if b.asked(t, b.Finance) || b.asked(t, b.Service) || !b.asked(t, b.Manager) {
		t.Fatal("only who watches the text was to be asked again, by the version that the run began with")
	}
	b.decide(t, b.Manager, flow.Approve)
	b.decide(t, b.Bob, flow.Approve)
	b.valid(t, "")
	b.thing.matter.Print = b.print("b", 2)
	b.valid(t, fault.WrongState)
}

func (b *bed) valid(t *testing.T, want fault.Code) {
	t.Helper()
	err := tenancy.Write(b.Alice, b.Client, func(tx *ent.Tx) error { return b.approvals.Valid(b.Alice, tx, flow.Payment, b.id) })
	var got fault.Code
	if all := fault.All(err); len(all) > 0 {
		got = all[0].Code
	}
	if got != want {
		t.Errorf("validity is %v, want %q", err, want)
	}
}

func TestAddForwardCopyAndStandIn(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.flow(t, b.node(t, "any", flow.Any, b.Manager, b.Bob))
	if _, err := b.approvals.Delegate(b.Bob, approvals.Absence{DelegateID: b.user(t, b.Service), StartsOn: day("2026-06-10"), EndsOn: day("2026-06-20")}); err != nil {
		t.Fatal(err)
	}
	a := b.submit(t)
	if b.asked(t, b.Bob) || !b.asked(t, b.Service) {
		t.Fatal("bob is away: who stands in was to be asked")
	}
	task := b.task(t, b.Service)
	if _, err := b.approvals.AddSigner(b.Service, approvals.Addition{TaskID: task.ID, ExpectedVersion: task.Version, UserIDs: []publicid.UserID{b.user(t, b.Finance)}}); err != nil {
		t.Fatal(err)
	}
	task = b.task(t, b.Service)
	if _, err := b.approvals.Forward(b.Service, approvals.Handover{TaskID: task.ID, ExpectedVersion: task.Version, UserID: b.user(t, b.Admin)}); err != nil {
		t.Fatal(err)
	}
	task = b.task(t, b.Admin)
	if _, err := b.approvals.Decide(b.Admin, approvals.Answer{TaskID: task.ID, ExpectedVersion: task.Version, Decision: flow.Approve,
		CopyIDs: []publicid.UserID{b.user(t, b.Bob)}}); err != nil {
		t.Fatal(err)
	}
	if s := b.state(t, a); s != flow.Pending || b.asked(t, b.Manager) {
		t.Fatalf("any is decided, the added signer is not: %s", s)
	}
	b.decide(t, b.Finance, flow.Approve)
	if s := b.state(t, a); s != flow.Approved {
		t.Errorf("it is %s", s)
	}
	copied, err := b.approvals.MyTasks(b.Bob, approvals.Copied, page.Args{})
	if err != nil || len(copied.Nodes()) != 1 {
		t.Errorf("bob got %v, %v", copied, err)
	}
}

// TestTwoAtOneMoment: each of many answers at once counts once, and the approval takes one step.
func TestTwoAtOneMoment(t *testing.T) {
	t.Parallel()
	for _, mode := range []flow.Mode{flow.All, flow.Any} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			people := []context.Context{b.Manager, b.Bob, b.Finance, b.Service}
			b.flow(t, b.node(t, "first", mode, people...), b.node(t, "next", flow.One, b.Admin))
			a := b.submit(t)
			var wg sync.WaitGroup
			results := make([]error, 2*len(people))
			everybody := slices.Concat(people, people) // each clicks twice
			tasks := make([]*ent.ApprovalTask, len(everybody))
			for i, ctx := range everybody {
				tasks[i] = b.task(t, ctx)
			}
			for i, ctx := range everybody {
				task := tasks[i]
				wg.Go(func() {
					_, results[i] = b.approvals.Decide(ctx, approvals.Answer{TaskID: task.ID, ExpectedVersion: task.Version, Decision: flow.Approve})
				})
			}
			wg.Wait()
			agreed := 0
			for _, err := range results {
				switch {
				case err == nil:
					agreed++
				case fault.KindOf(err) != fault.Conflict && fault.KindOf(err) != fault.State:
					t.Error(err)
				}
			}
			want := len(people)
			if mode == flow.Any {
				want = 1
			}
			if agreed != want {
				t.Errorf("%d answers counted, want %d", agreed, want)
			}
			next, err := b.Client.ApprovalTask.Query().Where(approvaltask.ApprovalID(a.ID), approvaltask.UserID(b.user(t, b.Admin))).All(b.Acme.Ctx)
			if err != nil || len(next) != 1 || next[0].State != flow.TaskOpen || b.state(t, a) != flow.Pending {
				t.Errorf("the next node has %v, %v", next, err)
			}
		})
	}
}

func TestSheetsProveThemselves(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	a := b.submit(t)
	early, err := b.approvals.Sheet(b.Alice, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.decide(t, b.Manager, flow.Approve)
	late, err := b.approvals.Sheet(b.Alice, a.ID)
	if err != nil || late.Digest == early.Digest || len(late.Opinions) != 2 {
		t.Fatalf("%+v, %v", late, err)
	}
	for digest, want := range map[string]approvals.Verification{
		early.Digest: {IsGenuine: true, Opinions: 1}, late.Digest: {IsGenuine: true, IsCurrent: true, Opinions: 2}, "forged": {},
	} {
		if got, err := b.approvals.Verify(b.Alice, a.ID, digest); err != nil || *got != want {
			t.Errorf("%s is %+v, want %+v (%v)", digest, got, want, err)
		}
	}
	if sheet, err := b.approvals.Sheet(b.Stranger, a.ID); sheet != nil || err != nil {
		t.Errorf("another tenant sees %v, %v", sheet, err)
	}
	// What was said stays: the app's role cannot change it.
	err = tenancy.Write(b.Acme.Ctx, b.Client, func(tx *ent.Tx) error {
		_, err := tx.ExecContext(b.Acme.Ctx, `UPDATE approval_opinions SET text = 'x'`)
		return err
	})
	if err == nil {
		t.Error("an opinion was changed")
	}
}

// TestLateTasksGoUp: after the node's working hours a task passes to whoever is above, once, with any number of workers.
func TestLateTasksGoUp(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	n := b.node(t, "late", flow.One, b.Bob)
	n.EscalateAfterHours = 4
	b.flow(t, n)
	a := b.submit(t) // Monday, nine in the morning
	worker := approvals.Escalator{Approvals: b.approvals, System: b.System, Log: slog.New(slog.DiscardHandler)}
	b.Clock.Set(fixture.Start().Add(4*time.Hour - time.Second))
	if got, err := worker.Once(t.Context(), b.Clock.Now()); err != nil || got != 0 {
		t.Fatalf("too early: %d, %v", got, err)
	}
	b.Clock.Set(fixture.Start().Add(4 * time.Hour))
	var wg sync.WaitGroup
	counts, faults := make([]int, 4), make([]error, 4)
	for i := range counts {
		wg.Go(func() { counts[i], faults[i] = worker.Once(t.Context(), b.Clock.Now()) })
	}
	wg.Wait()
	total := 0
	for i, n := range counts {
		if total += n; faults[i] != nil {
			t.Error(faults[i])
		}
	}
	if total != 1 || b.asked(t, b.Bob) || !b.asked(t, b.Manager) {
		t.Fatalf("%d tasks went up", total)
	}
	b.decide(t, b.Manager, flow.Approve)
	if s := b.state(t, a); s != flow.Approved {
		t.Errorf("it is %s", s)
	}
}

func TestPeopleAreToldAtOnce(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	inbox := &alerts.Inbox{Client: b.Client, Policies: b.Policies, Audit: b.Audit, Outbox: b.Outbox, Clock: b.Clock, Lister: b.Lister}
	told := func(ctx context.Context) (out []string) {
		list, err := inbox.List(ctx, page.Args{}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list.Nodes() {
			out = append(out, string(a.Kind)+" "+string(a.State))
		}
		slices.Sort(out)
		return out
	}
	a := b.submit(t)
	if diff := cmp.Diff([]string{"APPROVAL_TASK RAISED"}, told(b.Manager)); diff != "" {
		t.Error(diff)
	}
	b.Clock.Advance(2 * time.Hour)
	reminded, err := b.approvals.Remind(b.Alice, approvals.Target{ID: a.ID, ExpectedVersion: a.Version})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.approvals.Remind(b.Alice, approvals.Target{ID: a.ID, ExpectedVersion: reminded.Version}); !slices.Equal(fixture.Faults(err), []string{"LIMIT_REACHED"}) {
		t.Errorf("a second reminder at once: %v", err)
	}
	if diff := cmp.Diff([]string{"APPROVAL_TASK RAISED", "APPROVAL_TASK RAISED"}, told(b.Manager)); diff != "" {
		t.Error(diff)
	}
	b.decide(t, b.Manager, flow.Approve)
	if diff := cmp.Diff([]string{"APPROVAL_TASK WITHDRAWN", "APPROVAL_TASK WITHDRAWN"}, told(b.Manager)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"APPROVAL_RESULT RAISED"}, told(b.Alice)); diff != "" {
		t.Error(diff)
	}
	n, err := b.Client.Approval.Query().Where(approval.SubjectID(b.id)).Count(b.Acme.Ctx)
	if err != nil || n != 1 {
		t.Errorf("%d approvals, %v", n, err)
	}
}

func day(s string) date.Date { return date.MustParse(s) }

func TestLimitsBite(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.approvals.Limits = approvals.Limits{Flows: 1, Tasks: 2, Delegations: 1}
	b.flow(t, b.node(t, "a", flow.Any, b.Bob))
	_, err := b.approvals.CreateFlow(b.Admin, approvals.FlowDraft{Kind: flow.Payment, Name: "再来", Definition: flow.Definition{Nodes: []flow.Node{b.node(t, "a", flow.Any, b.Bob)}}})
	full := []string{"LIMIT_REACHED"}
	if diff := cmp.Diff(full, fixture.Faults(err)); diff != "" {
		t.Errorf("a flow too many: %s", diff)
	}
	b.submit(t)
	task := b.task(t, b.Bob)
	add := func(task *ent.ApprovalTask, who context.Context) (*ent.ApprovalTask, error) {
		return b.approvals.AddSigner(b.Bob, approvals.Addition{TaskID: task.ID, ExpectedVersion: task.Version, UserIDs: []publicid.UserID{b.user(t, who)}})
	}
	if task, err = add(task, b.Service); err != nil {
		t.Fatal(err)
	}
	if _, err = add(task, b.Finance); cmp.Diff(full, fixture.Faults(err)) != "" {
		t.Errorf("a task too many: %v", err)
	}
	away := func(from, to string) error {
		_, err := b.approvals.Delegate(b.Bob, approvals.Absence{DelegateID: b.user(t, b.Service), StartsOn: date.MustParse(from), EndsOn: date.MustParse(to)})
		return err
	}
	if err := away("2030-01-01", "2030-01-05"); err != nil {
		t.Fatal(err)
	}
	if err := away("2030-02-01", "2030-02-05"); cmp.Diff(full, fixture.Faults(err)) != "" {
		t.Errorf("a delegation too many: %v", err)
	}
}
