package mask

import "strings"

// What the audit record holds of an object are its columns, and nothing says by itself which of them tell a masked
// field. So the record is closed by default: whoever is kept from any field sees of an object only what is listed here.

// whole marks an object all of whose columns tell a field.
const whole = "*"

// Tells names the fields that a column of an audit entry about an object tells; known is false for an object or a column
// that nobody has looked at, which whoever is kept from any field does not see.
func Tells(object, column string) (fields []string, known bool) {
	if harmless[object] {
		return nil, true
	}
	told, ok := told[object]
	if !ok {
		return nil, false
	}
	if fields, ok := told[whole]; ok {
		return fields, true
	}
	if column == "custom" {
		return []string{object + "." + customPrefix + whole}, true
	}
	if fields, ok := told[column]; ok {
		return fields, true
	}
	if f := (Field{object, camel(column)}); Known(f) {
		return []string{f.String()}, true
	}
	return nil, plainColumns[column]
}

// plainColumns tell no masked field, whichever object has them.
var plainColumns = map[string]bool{
	"id": true, "version": true, "created_at": true, "updated_at": true, "archived_at": true, "owner_id": true, "department_id": true,
	"name": true, "code": true, "kind": true, "number": true, "title": true, "status": true, "state": true, "direction": true, "currency": true,
	"customer_id": true, "contact_id": true, "contract_id": true, "predecessor_id": true, "is_primary": true, "payment_mode": true,
	"signed_on": true, "effective_on": true, "ends_on": true, "renewal": true, "renewal_months": true, "notice_days": true,
	"opted_out_on": true, "suspended_until": true, "ended_on": true, "service_type": true, "served_on": true,
	"side": true, "happened_on": true, "notice_by": true, "notified_on": true, "settle_by": true, "resolved_on": true, "reported_by_id": true,
	"position": true, "unit": true, "planned_on": true, "planned_quantity": true, "actual_quantity": true, "done_on": true,
}

// harmless are the objects that no masked field is part of.
var harmless = map[string]bool{
	"user": true, "role": true, "department": true, "dictionary": true, "session": true, "tenant": true, "custom_field": true,
	"approval_flow": true, "approval_delegation": true, "approval_task": true, "template": true, "template_version": true, "clause": true,
	"progress_entry": true, "milestone": true, "record_share": true,
	"alert": true, "endpoint": true, "delivery": true, "message_template": true,
}

// told says of the others which fields their columns tell. A column whose name is that of a field of the same object
// needs no line.
var told = map[string]map[string][]string{
	"customer":       {},
	"contact":        {},
	"service_record": {},
	"incident":       {},
	"contract": {
		"amount_minor": {"contract.amount"}, "settled_minor": {"contract.amount", "contract.payments"},
		"allocated_minor": {"contract.amount", "contract.payments"}, "lines": {"contract.amount"}, "payment_plan": {"contract.amount", "contract.payments"},
	},
	"payment":          {whole: {"contract.amount", "contract.payments"}},
	"payment_request":  {whole: {"contract.amount", "contract.payments"}},
	"bill_edit":        {whole: {"contract.amount", "contract.payments"}},
	"change_order":     {whole: {"contract.amount", "contract.description", "contract.text", "customer.creditCode"}},
	"contract_text":    {whole: {"contract.text", "contract.amount"}},
	"clause_exception": {whole: {"contract.text", "contract.amount"}},
	"approval":         {whole: {"contract.amount", "contract.text"}},
	"progress_line":    {"weight": {"contract.amount"}},
}

// camel turns a column's name into the one that the API has for it: credit_code into creditCode.
func camel(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}
