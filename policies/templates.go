package policies

import "heyue/policies/grant"

// Template is a role as shipped. A tenant's role names its template and adds grants of its own, so that a better
// template reaches every tenant with the next release (tenancy.md 4.3).
type Template struct {
	Name   string
	NameZH string
	NameEN string
	Rules  []Rule
	Fields []FieldRule // what the role is kept from
}

// Rule is one line of a template.
type Rule struct {
	Permission Permission
	Scope      grant.Scope
}

// Admin is the template whose holder may do everything within the tenant. A tenant always has one such user.
const Admin = "admin"

// Templates lists the shipped roles (A3): what each may do and how far it reaches.
// Whoever takes part in an approval sees it; ApprovalRead reaches others beside.
func Templates() []Template {
	everyone := reach(grant.Tenant, DictionaryRead, TemplateRead, DepartmentRead, UserRead, AlertRead, ApprovalDecide, ApprovalFlowRead)
	programs := reach(grant.Own, APIKeyRead, APIKeyCreate, APIKeyUpdate) // an auditor sees all there is, and hands it to no program
	return []Template{
		{Name: Admin, NameZH: "管理员", NameEN: "Administrator", Rules: reach(grant.Tenant, All()...)},
		{Name: "manager", NameZH: "经理", NameEN: "Manager", Rules: join(everyone, programs,
			reach(grant.Subtree, CustomerRead, CustomerCreate, CustomerUpdate, CustomerArchive,
				ContactRead, ContactCreate, ContactUpdate, ContactArchive,
				ServiceRecordRead, ServiceRecordCreate, ServiceRecordUpdate, ServiceRecordArchive,
				ContractRead, ContractCreate, ContractUpdate, ContractArchive, ContractCompose,
				ContractChange, ContractSubmit, ContractApprove, ContractSign, ContractExecute, ClauseExceptionPropose, MilestoneComplete, ApprovalRead,
				IncidentReport, IncidentResolve, ProgressPlan, ProgressRecord, ProgressReverse,
				BillEditDecide, PaymentRequestRequest, PaymentRequestDecide),
			reach(grant.Tenant, RoleRead))},
		{Name: "sales", NameZH: "销售", NameEN: "Sales", Rules: join(everyone, programs,
			reach(grant.Own, CustomerRead, CustomerCreate, CustomerUpdate, CustomerArchive,
				ContactRead, ContactCreate, ContactUpdate, ContactArchive,
				ServiceRecordRead, ServiceRecordCreate, ServiceRecordUpdate,
				ContractRead, ContractCreate, ContractUpdate, ContractChange, ContractSubmit, ContractSign, ClauseExceptionPropose, MilestoneComplete, ApprovalRead,
				IncidentReport, ProgressPlan, ProgressRecord, PaymentRequestRequest))},
		{Name: "service", NameZH: "客服", NameEN: "Service", Rules: join(everyone, programs,
			reach(grant.Tenant, CustomerRead, ContactRead, ContactCreate, ContactUpdate, ServiceRecordRead),
			reach(grant.Department, ContractRead, ProgressRecord),
			reach(grant.Own, ServiceRecordCreate, ServiceRecordUpdate, ServiceRecordArchive, ApprovalRead))},
		{Name: "legal", NameZH: "法务", NameEN: "Legal", Rules: join(everyone, programs,
			reach(grant.Tenant, CustomerRead, ContactRead, ContractRead, ContractUpdate, ContractChange, ContractCompose, ContractApprove, ContractSign,
				TemplateUpdate, TemplatePublish, ClauseExceptionPropose, ClauseExceptionDecide, ApprovalRead,
				IncidentReport, IncidentResolve))},
		{Name: "finance", NameZH: "财务", NameEN: "Finance", Rules: join(everyone, programs,
			reach(grant.Tenant, CustomerRead, ContractRead, PaymentRecord, PaymentRefund, PaymentReverse, ApprovalRead,
				BillEditRequest, BillEditDecide, PaymentRequestRequest, PaymentRequestDecide))},
		{Name: "auditor", NameZH: "审计", NameEN: "Auditor", Rules: join(everyone,
			reach(grant.Tenant, CustomerRead, ContactRead, ServiceRecordRead, ContractRead, RoleRead, AuditRead, ApprovalRead, EndpointRead, DeliveryRead))},
	}
}

// TemplateNamed returns the shipped template called name.
func TemplateNamed(name string) (Template, bool) {
	for _, t := range Templates() {
		if t.Name == name {
			return t, true
		}
	}
	return Template{}, false
}

func reach(scope grant.Scope, ps ...Permission) []Rule {
	rules := make([]Rule, len(ps))
	for i, p := range ps {
		rules[i] = Rule{p, scope}
	}
	return rules
}

func join(parts ...[]Rule) []Rule {
	var rules []Rule
	for _, p := range parts {
		rules = append(rules, p...)
	}
	return rules
}
