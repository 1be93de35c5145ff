package approvals

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"heyue/domain/approvals/flow"
	"heyue/ent"
	"heyue/ent/approval"
	"heyue/ent/approvalnode"
	"heyue/ent/approvalopinion"
	"heyue/ent/approvaltask"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Sheet is the approval sheet (审批单, F6, HR4) as data: everything that a printed one shows, and a digest over exactly
// that. Opinions can only be added, so a sheet that was printed earlier can be verified for ever: the digest covers the
// head, the nodes as planned and the opinions up to the last one printed.
type Sheet struct {
	Head     SheetHead       `json:"head"`
	Nodes    []*SheetNode    `json:"nodes"`
	Opinions []*SheetOpinion `json:"opinions"`
	Digest   string          `json:"-"` // SHA-256 in hex over the JSON of the rest
	State    flow.State      `json:"-"` // follows from the opinions
}

// SheetHead says what was submitted, by whom, under which flow.
type SheetHead struct {
	Approval    publicid.ApprovalID `json:"approval"`
	Kind        flow.Kind           `json:"kind"`
	Subject     string              `json:"subject"`
	Title       string              `json:"title"`
	Flow        string              `json:"flow"` // "shipped", or the version's id
	Rule        string              `json:"rule"`
	Facts       flow.Facts          `json:"facts"`
	Content     string              `json:"content"` // digest of what is approved
	Submitter   string              `json:"submitter"`
	SubmittedAt time.Time           `json:"submittedAt"`
}

// SheetNode is a stop as it was planned.
type SheetNode struct {
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Mode      flow.Mode `json:"mode"`
	Reasons   []string  `json:"reasons"`
	Approvers []string  `json:"approvers"` // ids of those the flow named
}

// SheetOpinion is one entry of the record.
type SheetOpinion struct {
	Position int         `json:"position"`
	Action   flow.Action `json:"action"`
	Node     string      `json:"node,omitempty"`
	By       string      `json:"by,omitempty"`
	For      string      `json:"for,omitempty"`
	To       string      `json:"to,omitempty"`
	Text     string      `json:"text,omitempty"`
	Content  string      `json:"content"`
	At       time.Time   `json:"at"`
}

// Verification is whether a sheet is genuine.
type Verification struct {
	IsGenuine bool
	IsCurrent bool // nothing was added since it was printed
	Opinions  int  // how many opinions the sheet holds; 0 when it is not genuine
}

// Sheet makes the approval sheet. Nil when the caller may not see the approval. Needs approval:read.
func (s *Service) Sheet(ctx context.Context, id publicid.ApprovalID) (sheet *Sheet, err error) {
	access, err := s.Policies.Require(ctx, policies.ApprovalRead)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error { // one moment's view; it writes nothing
		a, err := tx.Approval.Query().Where(approval.ID(id), visible(access)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return tenancy.Fault(err, "look up an approval")
		}
		sheet, err = write(ctx, tx, a)
		return err
	})
	return sheet, err
}

// Verify compares a digest with every sheet that could have been printed of an approval. Nil when the caller may not see
// the approval. Needs approval:read.
func (s *Service) Verify(ctx context.Context, id publicid.ApprovalID, digest string) (*Verification, error) {
	sheet, err := s.Sheet(ctx, id)
	if err != nil || sheet == nil {
		return nil, err
	}
	all := sheet.Opinions
	for n := len(all); n >= 1; n-- {
		sheet.Opinions = all[:n]
		d, err := sheet.sum()
		if err != nil {
			return nil, err
		}
		if d == digest {
			return &Verification{true, n == len(all), n}, nil
		}
	}
	return &Verification{}, nil
}

// sum is the sheet's digest.
func (sh *Sheet) sum() (string, error) {
	text, err := json.Marshal(sh)
	if err != nil {
		return "", fault.Wrap(err, "write an approval sheet")
	}
	d := sha256.Sum256(text)
	return hex.EncodeToString(d[:]), nil
}

func write(ctx context.Context, tx *ent.Tx, a *ent.Approval) (*Sheet, error) {
	sheet := &Sheet{State: a.State, Head: SheetHead{
		Approval: a.ID, Kind: a.Kind, Subject: a.SubjectID.String(), Title: a.Title, Flow: flow.Shipped().Name, Rule: a.Rule, Facts: a.Facts,
		Content: a.Print.String(), Submitter: a.SubmitterID.String(), SubmittedAt: a.SubmittedAt.UTC(),
	}}
	if a.FlowVersionID != nil {
		sheet.Head.Flow = a.FlowVersionID.String()
	}
	nodes, err := a.QueryNodes().Order(approvalnode.ByPosition()).WithTasks(func(q *ent.ApprovalTaskQuery) {
		q.Where(approvaltask.OriginEQ(flow.FromFlow)).Order(approvaltask.ByPosition())
	}).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read an approval's nodes")
	}
	keys := map[publicid.ApprovalNodeID]string{}
	for _, n := range nodes {
		keys[n.ID] = n.Plan.Key
		sheet.Nodes = append(sheet.Nodes, &SheetNode{n.Plan.Key, n.Plan.Name, n.Plan.Mode, n.Reasons, principals(n.Edges.Tasks)})
	}
	opinions, err := tx.ApprovalOpinion.Query().Where(approvalopinion.ApprovalID(a.ID)).Order(approvalopinion.ByPosition()).All(ctx)
	if err != nil {
		return nil, tenancy.Fault(err, "read an approval's opinions")
	}
	for _, o := range opinions {
		e := &SheetOpinion{
			Position: o.Position, Action: o.Action, By: text(o.UserID), For: text(o.PrincipalID), To: text(o.TargetID),
			Text: o.Text, Content: o.Digest, At: o.ActedAt.UTC(),
		}
		if o.NodeID != nil {
			e.Node = keys[*o.NodeID]
		}
		sheet.Opinions = append(sheet.Opinions, e)
	}
	sheet.Digest, err = sheet.sum()
	return sheet, err
}

// principals are whom the flow named, whoever stands in.
func principals(tasks []*ent.ApprovalTask) []string {
	out := make([]string, len(tasks))
	for i, t := range tasks {
		who := t.UserID
		if t.PrincipalID != nil {
			who = *t.PrincipalID
		}
		out[i] = who.String()
	}
	return out
}

func text(id *publicid.UserID) string {
	if id == nil {
		return ""
	}
	return id.String()
}
