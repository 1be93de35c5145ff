package policies

import "heyue/policies/grant"

// Template is a role as shipped. A tenant's role names its template and adds grants of its own, so that a better
// template reaches every tenant with the next release (tenancy.md 4.3).
type Template struct {
	Name   string
	NameZH string
	NameEN string
	Rules  []Rule
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
	return []Template{
		{Admin, "管理员", "Administrator", reach(grant.Tenant, All()...)},
		{"manager", "经理", "Manager", join(everyone,
			reach(grant.Subtree, CustomerRead, CustomerCreate, CustomerUpdate, CustomerArchive,
				ContactRead, ContactCreate, ContactUpdate, ContactArchive,
				ServiceRecordRead, ServiceRecordCreate, ServiceRecordUpdate, ServiceRecordArchive,
				ContractRead, ContractCreate, ContractUpdate, ContractArchive, ContractCompose,
				ContractChange, ContractSubmit, ContractApprove, ContractSign, ContractExecute, ClauseExceptionPropose, MilestoneComplete, ApprovalRead,
				IncidentReport, IncidentResolve, ProgressPlan, ProgressRecord, ProgressReverse,
				BillEditDecide, PaymentRequestRequest, PaymentRequestDecide),
			reach(grant.Tenant, RoleRead))},
		{"sales", "销售", "Sales", join(everyone,
			reach(grant.Own, CustomerRead, CustomerCreate, CustomerUpdate, CustomerArchive,
				ContactRead, ContactCreate, ContactUpdate, ContactArchive,
				ServiceRecordRead, ServiceRecordCreate, ServiceRecordUpdate,
				ContractRead, ContractCreate, ContractUpdate, ContractChange, ContractSubmit, ContractSign, ClauseExceptionPropose, MilestoneComplete, ApprovalRead,
				IncidentReport, ProgressPlan, ProgressRecord, PaymentRequestRequest))},
		{"service", "客服", "Service", join(everyone,
			reach(grant.Tenant, CustomerRead, ContactRead, ContactCreate, ContactUpdate, ServiceRecordRead),
			reach(grant.Department, ContractRead, ProgressRecord),
			reach(grant.Own, ServiceRecordCreate, ServiceRecordUpdate, ServiceRecordArchive, ApprovalRead))},
		{"legal", "法务", "Legal", join(everyone,
			reach(grant.Tenant, CustomerRead, ContactRead, ContractRead, ContractUpdate, ContractChange, ContractCompose, ContractApprove, ContractSign,
				TemplateUpdate, TemplatePublish, ClauseExceptionPropose, ClauseExceptionDecide, ApprovalRead,
				IncidentReport, IncidentResolve))},
		{"finance", "财务", "Finance", join(everyone,
			reach(grant.Tenant, CustomerRead, ContractRead, PaymentRecord, PaymentRefund, PaymentReverse, ApprovalRead,
				BillEditRequest, BillEditDecide, PaymentRequestRequest, PaymentRequestDecide))},
		{"auditor", "审计", "Auditor", join(everyone,
			reach(grant.Tenant, CustomerRead, ContactRead, ServiceRecordRead, ContractRead, RoleRead, AuditRead, ApprovalRead))},
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
