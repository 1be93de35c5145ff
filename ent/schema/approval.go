package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"heyue/domain/approvals/flow"
	"heyue/domain/contracts/content"
	"heyue/platform/publicid"
	"heyue/tenancy/class"
)

// ApprovalFlow is a tenant's flow for one kind of subject (F1). What it says is in its versions.
type ApprovalFlow struct{ ent.Schema }

// Mixin of ApprovalFlow.
func (ApprovalFlow) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Archivable{}}
}

// Fields of ApprovalFlow.
func (ApprovalFlow) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalFlowID{}).Default(publicid.NewApprovalFlowID),
		field.String("name"),
		field.Enum("kind").GoType(flow.Kind("")).Immutable(),
		field.Int("priority").Default(0).Comment("of the flows that apply, the one with the lowest is taken"),
		field.Int("revision").Default(1).Positive().Comment("number of the newest version"),
	}
}

// Edges of ApprovalFlow.
func (ApprovalFlow) Edges() []ent.Edge {
	return []ent.Edge{edge.From("revisions", ApprovalFlowVersion.Type).Ref("flow")}
}

// Indexes of ApprovalFlow.
func (ApprovalFlow) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "kind", "priority")}
}

// ApprovalFlowVersion is one numbered version of a flow. It never changes; a running approval keeps the one it began with.
type ApprovalFlowVersion struct{ ent.Schema }

// Mixin of ApprovalFlowVersion.
func (ApprovalFlowVersion) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ApprovalFlowVersion.
func (ApprovalFlowVersion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalFlowVersionID{}).Default(publicid.NewApprovalFlowVersionID),
		field.UUID("flow_id", publicid.ApprovalFlowID{}).Immutable(),
		field.Int("number").Positive().Immutable(),
		field.JSON("definition", flow.Definition{}).Immutable(),
	}
}

// Edges of ApprovalFlowVersion.
func (ApprovalFlowVersion) Edges() []ent.Edge {
	return []ent.Edge{edge.To("flow", ApprovalFlow.Type).Field("flow_id").Unique().Required().Immutable()}
}

// Indexes of ApprovalFlowVersion.
func (ApprovalFlowVersion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "flow_id", "number").Unique()}
}

// Approval is one run of a flow for one subject (F8). Owner and department are the subject's.
type Approval struct{ ent.Schema }

// Mixin of Approval.
func (Approval) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}, Owned{}}
}

// Fields of Approval. The subject may be of any table.
func (Approval) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalID{}).Default(publicid.NewApprovalID),
		field.Enum("kind").GoType(flow.Kind("")).Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.UUID("contract_id", publicid.ContractID{}).Optional().Nillable().Immutable(),
		field.UUID("flow_version_id", publicid.ApprovalFlowVersionID{}).Optional().Nillable().Immutable().Comment("NULL: the shipped flow"),
		field.String("title"),
		field.UUID("submitter_id", publicid.UserID{}).Immutable(),
		field.Enum("state").GoType(flow.State("")).Default(string(flow.Pending)),
		field.Other("print", content.Print{}).SchemaType(map[string]string{"postgres": "bytea"}).Comment("what is approved, part by part"),
		field.JSON("facts", flow.Facts{}).Comment("what conditions looked at"),
		field.String("rule").Default("").SchemaType(map[string]string{"postgres": "text"}).Comment("why this flow was taken"),
		field.Time("submitted_at").Immutable().SchemaType(timestamptz),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("reminded_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of Approval.
func (Approval) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contract", Contract.Type).Field("contract_id").Unique().Immutable(),
		edge.To("flow_version", ApprovalFlowVersion.Type).Field("flow_version_id").Unique().Immutable(),
		edge.To("submitter", User.Type).Field("submitter_id").Unique().Required().Immutable(),
		edge.From("nodes", ApprovalNode.Type).Ref("approval"),
		edge.From("tasks", ApprovalTask.Type).Ref("approval"),
		edge.From("opinions", ApprovalOpinion.Type).Ref("approval"),
	}
}

// Indexes of Approval. A subject has at most one approval that is pending.
func (Approval) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "kind", "subject_id").Unique().StorageKey("approval_one_pending").
			Annotations(entsql.IndexWhere("state = 'PENDING'")),
		index.Fields("tenant_id", "subject_id", "submitted_at"),
		index.Fields("tenant_id", "submitter_id"),
		index.Fields("tenant_id", "submitted_at"),
	}
}

// ApprovalNode is a stop of one run, as it was planned when the run began.
type ApprovalNode struct{ ent.Schema }

// Mixin of ApprovalNode.
func (ApprovalNode) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ApprovalNode.
func (ApprovalNode) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalNodeID{}).Default(publicid.NewApprovalNodeID),
		field.UUID("approval_id", publicid.ApprovalID{}).Immutable(),
		field.Int("position").NonNegative().Immutable(),
		field.JSON("plan", flow.Node{}).Immutable().Comment("the node of the definition"),
		field.JSON("reasons", []string{}).Immutable().Comment("which rules fired and how approvers were found"),
		field.Enum("state").GoType(flow.NodeState("")).Default(string(flow.NodeWaiting)),
		field.Other("print", content.Print{}).SchemaType(map[string]string{"postgres": "bytea"}).Optional().Nillable().
			Comment("what was approved here; NULL until then"),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of ApprovalNode.
func (ApprovalNode) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Required().Immutable(),
		edge.From("tasks", ApprovalTask.Type).Ref("node"),
	}
}

// Indexes of ApprovalNode.
func (ApprovalNode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "approval_id", "position").Unique()}
}

// ApprovalTask is what one person is asked at one node, or shown of it.
type ApprovalTask struct{ ent.Schema }

// Mixin of ApprovalTask.
func (ApprovalTask) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of ApprovalTask.
func (ApprovalTask) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalTaskID{}).Default(publicid.NewApprovalTaskID),
		field.UUID("approval_id", publicid.ApprovalID{}).Immutable(),
		field.UUID("node_id", publicid.ApprovalNodeID{}).Immutable(),
		field.Int("position").NonNegative().Immutable().Comment("its turn within the node"),
		field.UUID("user_id", publicid.UserID{}).Comment("who holds it now"),
		field.UUID("principal_id", publicid.UserID{}).Optional().Nillable().Comment("whom the holder stands in for"),
		field.Enum("origin").GoType(flow.Origin("")).Immutable(),
		field.Enum("state").GoType(flow.TaskState("")).Default(string(flow.TaskWaiting)),
		field.Time("opened_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("escalate_at").Optional().Nillable().SchemaType(timestamptz),
		field.Time("decided_at").Optional().Nillable().SchemaType(timestamptz),
	}
}

// Edges of ApprovalTask.
func (ApprovalTask) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Required().Immutable(),
		edge.To("node", ApprovalNode.Type).Field("node_id").Unique().Required().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Required(),
		edge.To("principal", User.Type).Field("principal_id").Unique(),
	}
}

// Indexes of ApprovalTask. The escalation walks the one on escalate_at, so that its cost is the number of late tasks.
func (ApprovalTask) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "user_id", "created_at"),
		index.Fields("tenant_id", "approval_id"),
		index.Fields("tenant_id", "node_id"),
		index.Fields("escalate_at", "tenant_id").Annotations(entsql.IndexWhere("escalate_at IS NOT NULL")),
	}
}

// ApprovalOpinion is an entry of an approval's record (F5, HR4). Entries are only ever added.
type ApprovalOpinion struct{ ent.Schema }

// Mixin of ApprovalOpinion.
func (ApprovalOpinion) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}}
}

// Fields of ApprovalOpinion.
func (ApprovalOpinion) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalOpinionID{}).Default(publicid.NewApprovalOpinionID),
		field.UUID("approval_id", publicid.ApprovalID{}).Immutable(),
		field.Int("position").Positive().Immutable().Comment("counts from 1 within the approval"),
		field.UUID("node_id", publicid.ApprovalNodeID{}).Optional().Nillable().Immutable(),
		field.UUID("user_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("who acted; NULL: the clock"),
		field.UUID("principal_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("for whom"),
		field.UUID("target_id", publicid.UserID{}).Optional().Nillable().Immutable().Comment("whom it was passed to"),
		field.Enum("action").GoType(flow.Action("")).Immutable(),
		field.String("text").Default("").Immutable().SchemaType(map[string]string{"postgres": "text"}),
		field.String("digest").Immutable().Comment("of the content it is about, SHA-256 in hex"),
		field.Time("acted_at").Immutable().SchemaType(timestamptz),
	}
}

// Edges of ApprovalOpinion.
func (ApprovalOpinion) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("approval", Approval.Type).Field("approval_id").Unique().Required().Immutable(),
		edge.To("node", ApprovalNode.Type).Field("node_id").Unique().Immutable(),
		edge.To("user", User.Type).Field("user_id").Unique().Immutable(),
		edge.To("principal", User.Type).Field("principal_id").Unique().Immutable(),
		edge.To("target", User.Type).Field("target_id").Unique().Immutable(),
	}
}

// Indexes of ApprovalOpinion.
func (ApprovalOpinion) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "approval_id", "position").Unique()}
}

// ApprovalDelegation passes a user's new tasks to somebody else while they are away.
type ApprovalDelegation struct{ ent.Schema }

// Mixin of ApprovalDelegation.
func (ApprovalDelegation) Mixin() []ent.Mixin {
	return []ent.Mixin{Tenanted{Class: class.Business}, Stamped{}, Versioned{}}
}

// Fields of ApprovalDelegation.
func (ApprovalDelegation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", publicid.ApprovalDelegationID{}).Default(publicid.NewApprovalDelegationID),
		field.UUID("user_id", publicid.UserID{}).Immutable().Comment("who is away"),
		field.UUID("delegate_id", publicid.UserID{}),
		day("starts_on"),
		day("ends_on"),
		field.Time("ended_at").Optional().Nillable().SchemaType(timestamptz).Comment("when it was ended early"),
	}
}

// Edges of ApprovalDelegation.
func (ApprovalDelegation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("delegate", User.Type).Field("delegate_id").Unique().Required(),
	}
}

// Indexes of ApprovalDelegation.
func (ApprovalDelegation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "user_id", "starts_on"),
		index.Fields("tenant_id", "delegate_id"),
	}
}

// Annotations of ApprovalDelegation.
func (ApprovalDelegation) Annotations() []schema.Annotation {
	return []schema.Annotation{checks(map[string]string{
		"delegation_in_order":    "ends_on >= starts_on",
		"delegation_to_somebody": "delegate_id <> user_id",
	})}
}
