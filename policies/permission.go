// Package policies decides who may do what to which rows. Casbin holds the rules of one tenant; a snapshot compiles
// them to grants per user, and a grant turns into a SQL predicate, so that a lookup and a list can never disagree
// (tenancy.md 4.3). Domain services ask on the first line of every use case.
package policies

// Permission is an action on an object. Every one that exists is declared here; a grant of any other is refused.
type Permission struct{ Object, Action string }

// String gives "object:action", as messages and the API show it.
func (p Permission) String() string { return p.Object + ":" + p.Action }

// Permissions by object. Scopes apply where rows have an owner or a department; elsewhere any scope means all.
var (
	CustomerRead    = Permission{"customer", "read"}
	CustomerCreate  = Permission{"customer", "create"}
	CustomerUpdate  = Permission{"customer", "update"}
	CustomerArchive = Permission{"customer", "archive"}

	ContactRead    = Permission{"contact", "read"}
	ContactCreate  = Permission{"contact", "create"}
	ContactUpdate  = Permission{"contact", "update"}
	ContactArchive = Permission{"contact", "archive"}

	ServiceRecordRead    = Permission{"service_record", "read"}
	ServiceRecordCreate  = Permission{"service_record", "create"}
	ServiceRecordUpdate  = Permission{"service_record", "update"}
	ServiceRecordArchive = Permission{"service_record", "archive"}

	ContractRead    = Permission{"contract", "read"}
	ContractCreate  = Permission{"contract", "create"}
	ContractUpdate  = Permission{"contract", "update"}
	ContractArchive = Permission{"contract", "archive"}
	ContractChange  = Permission{"contract", "change"}  // draft change orders and submit them
	ContractSubmit  = Permission{"contract", "submit"}  // to approval, and back
	ContractApprove = Permission{"contract", "approve"} // where no flow says who
	ContractSign    = Permission{"contract", "sign"}    // put signatures on record
	ContractExecute = Permission{"contract", "execute"} // put in force, suspend, renew, end

	// ContractCompose lets somebody write a contract's clauses, instead of filling a template's blanks (E1, HR2).
	ContractCompose = Permission{"contract", "compose"}

	TemplateRead    = Permission{"template", "read"}
	TemplateUpdate  = Permission{"template", "update"}
	TemplatePublish = Permission{"template", "publish"}

	ClauseExceptionPropose = Permission{"clause_exception", "propose"}
	ClauseExceptionDecide  = Permission{"clause_exception", "decide"}

	IncidentReport  = Permission{"incident", "report"}  // breaches and force majeure, and what is put on their record
	IncidentResolve = Permission{"incident", "resolve"} // say how one was settled

	PaymentRecord     = Permission{"payment", "record"}
	PaymentRefund     = Permission{"payment", "refund"}
	PaymentReverse    = Permission{"payment", "reverse"}
	MilestoneComplete = Permission{"milestone", "complete"}

	ProgressPlan    = Permission{"progress", "plan"}
	ProgressRecord  = Permission{"progress", "record"}
	ProgressReverse = Permission{"progress", "reverse"}

	BillEditRequest = Permission{"bill_edit", "request"} // ask to correct what stands on a bill
	BillEditDecide  = Permission{"bill_edit", "decide"}  // agree to somebody else's, where no flow says who

	PaymentRequestRequest = Permission{"payment_request", "request"} // ask to pay money out
	PaymentRequestDecide  = Permission{"payment_request", "decide"}  // agree to somebody else's, where no flow says who

	DictionaryRead   = Permission{"dictionary", "read"}
	DictionaryUpdate = Permission{"dictionary", "update"}

	// CustomFieldUpdate defines fields of the tenant's own; whoever reads a noun's records reads what its fields are.
	CustomFieldUpdate = Permission{"custom_field", "update"}

	DepartmentRead   = Permission{"department", "read"}
	DepartmentUpdate = Permission{"department", "update"}

	UserRead   = Permission{"user", "read"}
	UserCreate = Permission{"user", "create"}
	UserUpdate = Permission{"user", "update"}

	APIKeyRead   = Permission{"api_key", "read"}
	APIKeyCreate = Permission{"api_key", "create"}
	APIKeyUpdate = Permission{"api_key", "update"} // change, rotate, revoke

	RoleRead   = Permission{"role", "read"}
	RoleUpdate = Permission{"role", "update"}

	AlertRead = Permission{"alert", "read"}

	EndpointRead   = Permission{"endpoint", "read"}
	EndpointUpdate = Permission{"endpoint", "update"} // register, change, test, archive
	DeliveryRead   = Permission{"delivery", "read"}
	DeliveryReplay = Permission{"delivery", "replay"}

	ApprovalRead       = Permission{"approval", "read"}
	ApprovalDecide     = Permission{"approval", "decide"}
	ApprovalFlowRead   = Permission{"approval_flow", "read"}
	ApprovalFlowUpdate = Permission{"approval_flow", "update"}

	TenantUpdate = Permission{"tenant", "update"}
	AuditRead    = Permission{"audit", "read"}
)

// All lists every permission, in the order the API shows them.
func All() []Permission {
	return []Permission{
		CustomerRead, CustomerCreate, CustomerUpdate, CustomerArchive,
		ContactRead, ContactCreate, ContactUpdate, ContactArchive,
		ServiceRecordRead, ServiceRecordCreate, ServiceRecordUpdate, ServiceRecordArchive,
		ContractRead, ContractCreate, ContractUpdate, ContractArchive, ContractCompose,
		TemplateRead, TemplateUpdate, TemplatePublish, ClauseExceptionPropose, ClauseExceptionDecide,
		ContractChange, ContractSubmit, ContractApprove, ContractSign, ContractExecute,
		PaymentRecord, PaymentRefund, PaymentReverse, MilestoneComplete,
		IncidentReport, IncidentResolve,
		ProgressPlan, ProgressRecord, ProgressReverse,
		BillEditRequest, BillEditDecide, PaymentRequestRequest, PaymentRequestDecide,
		DictionaryRead, DictionaryUpdate, CustomFieldUpdate, DepartmentRead, DepartmentUpdate,
		UserRead, UserCreate, UserUpdate, APIKeyRead, APIKeyCreate, APIKeyUpdate, RoleRead, RoleUpdate, AlertRead,
		EndpointRead, EndpointUpdate, DeliveryRead, DeliveryReplay,
		ApprovalRead, ApprovalDecide, ApprovalFlowRead, ApprovalFlowUpdate, TenantUpdate, AuditRead,
	}
}

// Known reports whether p is a permission of the product.
func Known(p Permission) bool {
	for _, k := range All() {
		if k == p {
			return true
		}
	}
	return false
}
