package resolver

import (
	"context"

	"heyue/graph/scalar"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// maxNodes is how many objects one nodes(ids:) may ask for.
const maxNodes = 100

// node finds any object by its id. Each type that implements Node has one line here; what the caller may not see is
// nil, as in its own lookup.
func (s Services) node(ctx context.Context, id string) (scalar.Node, error) {
	key, err := publicid.ParseAny(id)
	if err != nil {
		return nil, err
	}
	switch key.Prefix {
	case publicid.PrefixCustomerID:
		return found(s.Customers.Lookup(ctx, publicid.CustomerID(key.UUID)))
	case publicid.PrefixContactID:
		return found(s.Contacts.Lookup(ctx, publicid.ContactID(key.UUID)))
	case publicid.PrefixServiceRecordID:
		return found(s.Service.Lookup(ctx, publicid.ServiceRecordID(key.UUID)))
	case publicid.PrefixAlertID:
		return found(s.Inbox.Lookup(ctx, publicid.AlertID(key.UUID)))
	case publicid.PrefixContractID:
		return found(s.Contracts.Lookup(ctx, publicid.ContractID(key.UUID)))
	case publicid.PrefixChangeOrderID:
		return found(s.Changes.Lookup(ctx, publicid.ChangeOrderID(key.UUID)))
	case publicid.PrefixContractVersionID:
		return found(s.Changes.Version(ctx, publicid.ContractVersionID(key.UUID)))
	case publicid.PrefixTemplateID:
		return found(s.Templates.Lookup(ctx, publicid.TemplateID(key.UUID)))
	case publicid.PrefixTemplateVersionID:
		return found(s.Templates.Version(ctx, publicid.TemplateVersionID(key.UUID)))
	case publicid.PrefixClauseID:
		return found(s.Templates.LookupClause(ctx, publicid.ClauseID(key.UUID)))
	case publicid.PrefixClauseExceptionID:
		return found(s.Drafting.LookupException(ctx, publicid.ClauseExceptionID(key.UUID)))
	case publicid.PrefixApprovalID:
		return found(s.Approvals.Lookup(ctx, publicid.ApprovalID(key.UUID)))
	case publicid.PrefixApprovalFlowID:
		return found(s.Approvals.LookupFlow(ctx, publicid.ApprovalFlowID(key.UUID)))
	case publicid.PrefixBillEditID:
		return found(s.Settlement.BillEdit(ctx, publicid.BillEditID(key.UUID)))
	case publicid.PrefixPaymentRequestID:
		return found(s.Settlement.PayRequest(ctx, publicid.PaymentRequestID(key.UUID)))
	case publicid.PrefixIncidentID:
		return found(s.Incidents.Lookup(ctx, publicid.IncidentID(key.UUID)))
	}
	return s.administered(ctx, key)
}

// administered is node for what a company is set up with and what is on record about its people.
func (s Services) administered(ctx context.Context, key publicid.Any) (scalar.Node, error) {
	switch key.Prefix {
	case publicid.PrefixUserID:
		return found(s.Users.Lookup(ctx, publicid.UserID(key.UUID)))
	case publicid.PrefixDepartmentID:
		return found(s.Departments.Lookup(ctx, publicid.DepartmentID(key.UUID)))
	case publicid.PrefixDecisionID:
		return found(s.Decisions.Lookup(ctx, publicid.DecisionID(key.UUID)))
	case publicid.PrefixRecordShareID:
		return found(s.Shares.Lookup(ctx, publicid.RecordShareID(key.UUID)))
	case publicid.PrefixRoleID:
		return found(s.Roles.Lookup(ctx, publicid.RoleID(key.UUID)))
	case publicid.PrefixDictionaryEntryID:
		return found(s.Dictionaries.Lookup(ctx, publicid.DictionaryEntryID(key.UUID)))
	case publicid.PrefixCustomFieldID:
		return found(s.Fields.Lookup(ctx, publicid.CustomFieldID(key.UUID)))
	case publicid.PrefixAPIKeyID:
		return found(s.APIKeys.Lookup(ctx, publicid.APIKeyID(key.UUID)))
	case publicid.PrefixEndpointID:
		return found(s.Deliveries.Endpoint(ctx, publicid.EndpointID(key.UUID)))
	case publicid.PrefixDeliveryID:
		return found(s.Deliveries.Lookup(ctx, publicid.DeliveryID(key.UUID)))
	case publicid.PrefixAuditEntryID:
		return found(s.Audits.Lookup(ctx, publicid.AuditEntryID(key.UUID)))
	}
	return nil, nil
}

// nodes finds many objects, in the order of ids.
func (s Services) nodes(ctx context.Context, ids []string) ([]scalar.Node, error) {
	if len(ids) > maxNodes {
		return nil, fault.New(fault.BadRequest, fault.CodeBadRequest, "%d ids were asked for, at most %d are allowed", len(ids), maxNodes)
	}
	out := make([]scalar.Node, len(ids))
	for i, id := range ids {
		n, err := s.node(ctx, id)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// found keeps a typed nil pointer from becoming a non-nil interface. A caller who may not read that kind of object at
// all gets nil too: node must not tell whether the object exists.
func found[T any](v *T, err error) (scalar.Node, error) {
	if err != nil {
		if fault.KindOf(err) == fault.Denied {
			return nil, nil
		}
		return nil, err
	}
	if v == nil {
		return nil, nil
	}
	return v, nil
}
