package contracts

import (
	"context"
	"fmt"
	"strings"

	"heyue/domain/approvals/flow"
	words "heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/clauseexception"
	"heyue/ent/contracttext"
	"heyue/ent/customer"
	"heyue/ent/customvalue"
	"heyue/platform/money"
	"heyue/tenancy"
)

// Facts are what the conditions of approval flows look at (F2, HR3): kind, amount, the customer's grade, the template's
// code, how many clauses deviate from it, and the custom fields, each as text: numbers with a point, days as
// YYYY-MM-DD, choices by their code.
func (s *Service) Facts(ctx context.Context, tx *ent.Tx, c *ent.Contract) (flow.Facts, error) {
	sum := money.Of(c.AmountMinor, c.Currency)
	f := flow.Facts{ContractKind: string(c.Kind), Amount: &sum, Custom: map[string]string{}}
	who, err := tx.Customer.Query().Where(customer.ID(c.CustomerID)).Only(ctx)
	if err != nil {
		return f, tenancy.Fault(err, "read the customer")
	}
	f.CustomerGrade = string(who.Grade)
	text, err := tx.ContractText.Query().Where(contracttext.ContractID(c.ID)).
		WithTemplateVersion(func(q *ent.TemplateVersionQuery) { q.WithTemplate() }).Only(ctx)
	switch {
	case err == nil:
		f.Template = text.Edges.TemplateVersion.Edges.Template.Code
	case !ent.IsNotFound(err):
		return f, tenancy.Fault(err, "read the contract's text")
	}
	f.ClauseExceptions, err = tx.ClauseException.Query().
		Where(clauseexception.ContractID(c.ID), clauseexception.StatusIn(words.Proposed, words.Accepted)).Count(ctx)
	if err != nil {
		return f, tenancy.Fault(err, "count clause exceptions")
	}
	values, err := tx.CustomValue.Query().Where(customvalue.SubjectID(c.ID.UUID())).WithDefinition().All(ctx)
	if err != nil {
		return f, tenancy.Fault(err, "read the custom fields")
	}
	for _, v := range values {
		f.Custom[v.Edges.Definition.Key] = written(v)
	}
	return f, nil
}

// written is a custom field's value as conditions compare it.
func written(v *ent.CustomValue) string {
	switch {
	case v.Day != nil:
		return v.Day.String()
	case v.Number != nil && v.Text != nil: // a sum, with its currency beside
		return money.Of(*v.Number, money.Currency(*v.Text)).Amount().String()
	case v.Number != nil:
		return tenThousandths(*v.Number)
	case v.Text != nil:
		return *v.Text
	}
	return ""
}

// tenThousandths writes a number of a custom field in its shortest form.
func tenThousandths(n int64) string {
	const unit = 10_000
	sign, whole, rest := "", n/unit, n%unit
	if n < 0 {
		sign, whole, rest = "-", -whole, -rest
	}
	if rest == 0 {
		return fmt.Sprintf("%s%d", sign, whole)
	}
	return strings.TrimRight(fmt.Sprintf("%s%d.%04d", sign, whole, rest), "0")
}
