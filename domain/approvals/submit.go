package approvals

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approvalnode"
	"heyue/ent/approvaltask"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Submission is what a submitter says beside the subject.
type Submission struct {
	Choices []*flow.Choice
	Note    string // up to 2,000 characters; checked by the owner
}

// Submit begins the approval of a subject inside its owner's transaction, which has checked the caller's right to. The
// subject is told by Moved before Submit returns: PENDING first, and APPROVED too when nobody is left to ask. What an
// earlier approval of the same covers is carried over: a node is asked again only when a part it watches, its rule or
// its approvers changed. Faults: WRONG_STATE while another is pending or when nobody is there to decide; REQUIRED at
// chosen where the submitter has to choose.
func (s *Service) Submit(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID, sub Submission) (*ent.Approval, error) {
	me, err := identity.From(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := s.subject(kind)
	if err != nil {
		return nil, err
	}
	matter, err := owner.Matter(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	last, err := newest(ctx, tx, kind, id)
	if err != nil {
		return nil, err
	}
	if last != nil && last.State == flow.Pending {
		return nil, fault.New(fault.State, fault.WrongState, "an approval is pending already")
	}
	planned, err := route(ctx, tx, kind, matter, me.UserID, sub.Choices, nil)
	if err != nil {
		return nil, err
	}
	r, err := s.begin(ctx, tx, owner, kind, id, me.UserID, planned)
	if err != nil {
		return nil, err
	}
	err = r.note(ctx, flow.DidSubmit, nil, func(o *ent.ApprovalOpinionCreate) { o.SetText(strings.TrimSpace(sub.Note)) })
	if err != nil {
		return nil, err
	}
	if err := owner.Moved(ctx, tx, id, flow.Pending); err != nil {
		return nil, err
	}
	if last != nil && (last.State == flow.Approved || last.State == flow.Returned) {
		if err := r.carry(ctx, last, planned); err != nil {
			return nil, err
		}
	}
	if err := r.advance(ctx); err != nil {
		return nil, err
	}
	return r.approval, s.Audit.Record(ctx, tx, audit.Entry{Action: "submit", Object: "approval", ID: r.approval.ID.UUID(), After: r.approval})
}

// begin writes an approval with its nodes and tasks, none of them open.
func (s *Service) begin(ctx context.Context, tx *ent.Tx, owner Subject, kind flow.Kind, id uuid.UUID, submitter publicid.UserID, p *Route) (*run, error) {
	if err := complete(p.Nodes); err != nil {
		return nil, err
	}
	m := p.Matter
	create := tx.Approval.Create().SetKind(kind).SetSubjectID(id).SetNillableContractID(m.ContractID).SetTitle(m.Title).
		SetSubmitterID(submitter).SetNillableOwnerID(m.OwnerID).SetNillableDepartmentID(m.DepartmentID).
		SetPrint(m.Print).SetFacts(m.Facts).SetRule(strings.Join(p.Rule, "; ")).SetSubmittedAt(s.Clock.Now())
	if p.Version != nil {
		create.SetFlowVersionID(p.Version.ID)
	}
	a, err := create.Save(ctx)
	if _, twice := tenancy.UniqueViolation(err); twice {
		return nil, fault.New(fault.State, fault.WrongState, "an approval is pending already")
	}
	if err != nil {
		return nil, tenancy.Fault(err, "begin an approval")
	}
	for i, n := range p.Nodes {
		if err := plant(ctx, tx, a, i, n); err != nil {
			return nil, err
		}
	}
	return s.read(ctx, tx, a, owner)
}

// plant writes one node with its tasks.
func plant(ctx context.Context, tx *ent.Tx, a *ent.Approval, position int, p flow.Planned) error {
	n, err := tx.ApprovalNode.Create().SetApprovalID(a.ID).SetPosition(position).SetPlan(p.Node).SetReasons(p.Reasons).Save(ctx)
	if err != nil {
		return tenancy.Fault(err, "write an approval node")
	}
	var rows []*ent.ApprovalTaskCreate
	for i, u := range p.Approvers {
		rows = append(rows, tx.ApprovalTask.Create().SetApprovalID(a.ID).SetNodeID(n.ID).SetPosition(i).SetUserID(u).SetOrigin(flow.FromFlow))
	}
	for i, u := range p.Copies {
		rows = append(rows, tx.ApprovalTask.Create().SetApprovalID(a.ID).SetNodeID(n.ID).SetPosition(len(p.Approvers)+i).SetUserID(u).
			SetOrigin(flow.FromCopy).SetState(flow.TaskCopied))
	}
	return tenancy.Fault(tx.ApprovalTask.CreateBulk(rows...).Exec(ctx), "write approval tasks")
}

// complete wants a choice wherever the submitter has one.
func complete(nodes []flow.Planned) error {
	var c fault.Check
	for _, n := range nodes {
		c.That(!n.Missing, fault.Required, "chosen", "choose who decides at %q (%s)", n.Node.Name, n.Node.Key)
	}
	return c.Err()
}

// carry takes over what an earlier approval of the same subject still covers.
func (r *run) carry(ctx context.Context, last *ent.Approval, p *Route) error {
	nodes, err := last.QueryNodes().Where(approvalnode.StateEQ(flow.NodeApproved)).WithTasks(func(q *ent.ApprovalTaskQuery) {
		q.Where(approvaltask.OriginEQ(flow.FromFlow)).Order(approvaltask.ByPosition())
	}).All(ctx)
	if err != nil {
		return tenancy.Fault(err, "read the earlier approval")
	}
	earlier := map[string]*ent.ApprovalNode{}
	for _, n := range nodes {
		earlier[n.Plan.Key] = n
	}
	for i, n := range r.nodes {
		old := earlier[n.Plan.Key]
		if old == nil || !holds(old, p.Nodes[i], p.Matter) {
			continue
		}
		for _, t := range r.seated(n) {
			if err := r.moot(ctx, t); err != nil {
				return err
			}
		}
		err := r.put(ctx, n, func(u *ent.ApprovalNodeUpdateOne) {
			u.SetState(flow.NodeApproved).SetPrint(*old.Print).SetDecidedAt(r.now)
		})
		if err != nil {
			return err
		}
		text := fmt.Sprintf("approved in %s; nothing that %q watches has changed", last.ID, n.Plan.Name)
		if err := r.note(ctx, flow.DidCarry, n, func(o *ent.ApprovalOpinionCreate) { o.SetText(text) }); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether an earlier node's approval covers the planned one: the same rules, the same people, and nothing
// it watches has changed.
func holds(old *ent.ApprovalNode, now flow.Planned, m flow.Matter) bool {
	if len(voids(old, m)) > 0 || !alike(old.Plan, now.Node) || !slices.Equal(old.Reasons, now.Reasons) {
		return false
	}
	var people []publicid.UserID
	for _, t := range old.Edges.Tasks {
		who := t.UserID
		if t.PrincipalID != nil {
			who = *t.PrincipalID
		}
		people = append(people, who)
	}
	return slices.Equal(people, now.Approvers)
}

// alike compares nodes as they are stored: a decimal or a list may be written in two ways in memory.
func alike(a, b flow.Node) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Edited tells the engine that a subject changed while its approval was pending, inside its owner's transaction. The
// run is planned anew by the version of the flow that it began with: nodes whose watched parts, rules and people are as
// they were keep their approval, the others are asked again. Nothing pending or nothing changed: nothing happens.
func (s *Service) Edited(ctx context.Context, tx *ent.Tx, kind flow.Kind, id uuid.UUID) error {
	last, err := newest(ctx, tx, kind, id)
	if err != nil || last == nil || last.State != flow.Pending {
		return err
	}
	r, matter, err := s.lock(ctx, tx, last.ID)
	if err != nil || r.approval.State != flow.Pending || r.approval.Print == matter.Print {
		return err
	}
	var keep *ent.ApprovalFlowVersion
	if last.FlowVersionID != nil {
		if keep, err = r.approval.QueryFlowVersion().Only(ctx); err != nil {
			return tenancy.Fault(err, "read the approval's flow")
		}
	}
	choices := r.chosen()
	planned, err := route(ctx, tx, kind, matter, last.SubmitterID, choices, keep)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("changed while it was being approved: %v", r.approval.Print.Changed(matter.Print))
	if err := r.note(ctx, flow.DidSupersede, nil, func(o *ent.ApprovalOpinionCreate) { o.SetText(text) }); err != nil {
		return err
	}
	if err := r.finish(ctx, flow.Superseded); err != nil {
		return err
	}
	next, err := s.begin(ctx, tx, r.owner, kind, id, last.SubmitterID, planned)
	if err != nil {
		return err
	}
	if err := next.note(ctx, flow.DidVoid, nil, func(o *ent.ApprovalOpinionCreate) { o.SetText(text) }); err != nil {
		return err
	}
	if err := next.carry(ctx, r.approval, planned); err != nil {
		return err
	}
	return next.advance(ctx)
}

// chosen gives the submitter's choices back from the tasks they became.
func (r *run) chosen() []*flow.Choice {
	var out []*flow.Choice
	for _, n := range r.nodes {
		c := &flow.Choice{Node: n.Plan.Key}
		for _, t := range r.tasks[n.ID] {
			if t.Origin == flow.FromFlow {
				who := t.UserID
				if t.PrincipalID != nil {
					who = *t.PrincipalID
				}
				c.UserIDs = append(c.UserIDs, who)
			}
		}
		out = append(out, c)
	}
	return out
}

// Preview is what submitting would do now (F2).
type Preview struct {
	Kind      flow.Kind
	SubjectID publicid.Any
	Chosen    []*flow.Choice
}

// Preview plans a run without beginning it: the same nodes, approvers and rules as Submit would have. Needs
// approval:read and sight of the subject. Faults: those of flow.CheckChoices; UNKNOWN_VALUE at kind, NOT_FOUND, WRONG_STATE when nobody is there to
// decide at a node.
func (s *Service) Preview(ctx context.Context, p Preview) (planned *Route, err error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, err
	}
	var c fault.Check
	flow.CheckChoices(&c, "chosen", p.Chosen)
	if err := c.Err(); err != nil {
		return nil, err
	}
	owner, err := s.subject(p.Kind)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // for one moment's view; it writes nothing
		if err := owner.See(ctx, tx, p.SubjectID.UUID); err != nil {
			return err
		}
		matter, err := owner.Matter(ctx, tx, p.SubjectID.UUID)
		if err != nil {
			return err
		}
		planned, err = route(ctx, tx, p.Kind, matter, access.User(), p.Chosen, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return planned, nil
}
