package isolation

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"heyue/domain/alerts/due"
	"heyue/domain/approvals/flow"
	"heyue/domain/changes/terms"
	"heyue/domain/contracts/content"
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/signature"
	"heyue/domain/dictionaries"
	"heyue/domain/settlement/plan"
	"heyue/domain/templates"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/dictionaryentry"
	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/tenancy"
	"heyue/tests/fixture"
	"heyue/tests/stage"
)

// marker stands in every text of a tenant's rows, so that a leak of any of them shows.
func marker(tn *fixture.Tenant) string { return strings.ToUpper(tn.Slug) + "-MARK" }

// populate gives a tenant one row of everything and returns the ids by prefix.
func populate(t *testing.T, s *stage.Stage, tn *fixture.Tenant) map[string]string {
	t.Helper()
	p := &population{ids: map[string]string{}, tn: tn, m: marker(tn), user: fixture.Caller(t, tn.Admin).UserID}
	p.note(publicid.PrefixUserID, p.user.String())
	p.note(publicid.PrefixSessionID, fixture.Caller(t, tn.Admin).SessionID.String())
	s.Write(t, tn.Ctx, func(tx *ent.Tx) error {
		for _, step := range []func(*ent.Tx) error{p.organisation, p.customer, p.contract, p.fields, p.text, p.settlement, p.change, p.progress, p.bill, p.incident, p.alert, p.approval, p.key, p.share, p.delivery} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return p.ids
}

type population struct {
	ids       map[string]string
	tn        *fixture.Tenant
	m         string
	user      publicid.UserID
	record    *ent.Customer
	agreement *ent.Contract
}

func (p *population) note(prefix, id string) { p.ids[prefix] = id }

func (p *population) organisation(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	if _, err := tenancy.Lock(ctx, tx); err != nil { // the worker installs templates too
		return err
	}
	if err := dictionaries.Seed(ctx, tx); err != nil {
		return err
	}
	if err := (templates.Seed{Clock: clock.System{}}).Run(ctx, tx, "zh-CN"); err != nil {
		return err
	}
	entry, err := tx.DictionaryEntry.Query().Order(ent.Asc(dictionaryentry.FieldID)).First(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixDictionaryEntryID, entry.ID.String())
	d, err := tx.Department.Create().SetCode("D1").SetName(p.m).SetParentID(p.tn.Root).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixDepartmentID, d.ID.String())
	r, err := tx.Role.Create().SetCode("custom").SetName(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixRoleID, r.ID.String())
	if err := tx.User.UpdateOneID(p.user).SetName(p.m).SetTitle(p.m).Exec(ctx); err != nil {
		return err
	}
	return tx.Tenant.Update().SetName(p.m).Exec(ctx)
}

func (p *population) customer(tx *ent.Tx) (err error) {
	ctx := p.tn.Ctx
	p.record, err = tx.Customer.Create().SetName(p.m).SetCode("X1").SetShortName(p.m).SetAddress(p.m).SetOwnerID(p.user).SetDepartmentID(p.tn.Root).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixCustomerID, p.record.ID.String())
	c, err := tx.Contact.Create().SetCustomerID(p.record.ID).SetName(p.m).SetHobby(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixContactID, c.ID.String())
	r, err := tx.ServiceRecord.Create().SetCustomerID(p.record.ID).SetContactID(c.ID).SetServiceType("ON_SITE").
		SetServedOn(date.MustParse("2026-06-01")).SetContent(p.m).SetOwnerID(p.user).SetDepartmentID(p.tn.Root).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixServiceRecordID, r.ID.String())
	return nil
}

func (p *population) contract(tx *ent.Tx) (err error) {
	ctx := p.tn.Ctx
	p.agreement, err = tx.Contract.Create().SetNumber(p.m).SetTitle(p.m).SetKind(lifecycle.Sales).SetDirection(lifecycle.Receivable).SetStatus(lifecycle.Active).
		SetCustomerID(p.record.ID).SetAmountMinor(10000).SetCurrency(money.CNY).SetEffectiveOn(date.MustParse("2026-01-01")).SetEndsOn(date.MustParse("2026-12-31")).
		SetDescription(p.m).SetOwnerID(p.user).SetDepartmentID(p.tn.Root).Save(ctx)
	if err != nil {
		return err
	}
	id := p.agreement.ID
	p.note(publicid.PrefixContractID, id.String())
	party, err := tx.ContractParty.Create().SetContractID(id).SetPosition(0).SetName(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixContractPartyID, party.ID.String())
	if err := p.life(tx, party.ID); err != nil {
		return err
	}
	err = tx.ContractLine.Create().SetContractID(id).SetPosition(0).SetDescription(p.m).SetQuantity(money.Whole(1)).SetUnitPrice(money.Whole(100)).SetAmountMinor(10000).Exec(ctx)
	if err != nil {
		return err
	}
	if err := tx.DocumentReference.Create().SetContractID(id).SetTitle(p.m).Exec(ctx); err != nil {
		return err
	}
	return tx.ContractChange.Create().SetContractID(id).SetReason(p.m).Exec(ctx)
}

// text gives the contract a text, with a template of the tenant's and a clause exception.
func (p *population) text(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	words := text.Words{ZH: p.m}
	content := text.Content{
		Languages: []text.Language{text.ZH}, Title: words,
		Slots:   []*text.Slot{{Key: "probe", Type: text.Text, Label: words}},
		Clauses: []*text.Clause{{Key: "probe", Heading: words, Text: text.Words{ZH: p.m + "{{probe}}"}, Tags: []string{p.m}}},
	}
	tpl, err := tx.Template.Create().SetCode("PROBE").SetName(p.m).SetKind(lifecycle.Sales).SetDescription(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixTemplateID, tpl.ID.String())
	v, err := tx.TemplateVersion.Create().SetTemplateID(tpl.ID).SetNumber(1).SetStatus(text.Published).SetPublishedAt(p.record.CreatedAt).
		SetContent(content).SetContentHash(p.m).SetNote(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixTemplateVersionID, v.ID.String())
	c, err := tx.Clause.Create().SetCode("PROBE").SetTags([]string{p.m}).SetHeadingZh(p.m).SetTextZh(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixClauseID, c.ID.String())
	value := p.m
	err = tx.ContractText.Create().SetContractID(p.agreement.ID).SetTemplateVersionID(v.ID).SetLanguage(text.ZH).SetOptional([]string{}).
		SetSlots(text.Values{"probe": {Text: &value}}).Exec(ctx)
	if err != nil {
		return err
	}
	x, err := tx.ClauseException.Create().SetContractID(p.agreement.ID).SetClauseKey("probe").SetOldText(p.m).SetNewText(p.m).SetReason(p.m).
		SetProposedByID(p.user).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixClauseExceptionID, x.ID.String())
	return nil
}

// life is what happened to the contract: a signature and a step.
func (p *population) life(tx *ent.Tx, party publicid.ContractPartyID) error {
	ctx, id, at := p.tn.Ctx, p.agreement.ID, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sig, err := tx.Signature.Create().SetContractID(id).SetPartyID(party).SetPartyName(p.m).SetSignatory(p.m).SetMethod(signature.Handwriting).
		SetSignedOn(date.MustParse("2026-01-01")).SetUnderstood(true).SetPrint(content.Print{}).SetRecordedByID(p.user).SetRecordedAt(at).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixSignatureID, sig.ID.String())
	return tx.ContractStep.Create().SetContractID(id).SetEvent(lifecycle.Activate).SetFromStatus(lifecycle.Signed).SetToStatus(lifecycle.Active).
		SetHappenedOn(date.MustParse("2026-01-01")).SetReason(p.m).SetDeclaredBy(p.m).SetActorID(p.user).SetOccurredAt(at).Exec(ctx)
}

func (p *population) settlement(tx *ent.Tx) error {
	ctx, id := p.tn.Ctx, p.agreement.ID
	l, err := tx.PaymentPlanLine.Create().SetContractID(id).SetPosition(0).SetDueOn(date.MustParse("2026-07-01")).SetAmountMinor(10000).SetCurrency(money.CNY).SetPurpose(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixPaymentPlanLineID, l.ID.String())
	pay, err := tx.Payment.Create().SetContractID(id).SetAmountMinor(100).SetCurrency(money.CNY).SetPaidOn(date.MustParse("2026-05-01")).SetMethod(plan.Cash).SetNote(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixPaymentID, pay.ID.String())
	m, err := tx.Milestone.Create().SetContractID(id).SetTitle(p.m).SetDueOn(date.MustParse("2026-08-01")).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixMilestoneID, m.ID.String())
	return nil
}

// change is a change order that became a version of the contract.
func (p *population) change(tx *ent.Tx) error {
	ctx, id, at := p.tn.Ctx, p.agreement.ID, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	document, err := tx.DocumentReference.Create().SetContractID(id).SetTitle(p.m).SetEvidence(true).Save(ctx)
	if err != nil {
		return err
	}
	title := p.m
	delta := terms.Delta{Title: &title}
	o, err := tx.ChangeOrder.Create().SetContractID(id).SetNumber(1).SetReason(p.m).SetImpact(p.m).SetDelta(delta).SetRequestedByID(p.user).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixChangeOrderID, o.ID.String())
	if err := tx.ChangeEvidence.Create().SetChangeOrderID(o.ID).SetDocumentID(document.ID).Exec(ctx); err != nil {
		return err
	}
	line, err := tx.ContractLine.Query().Where(contractline.ContractID(id)).Only(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixContractLineID, line.ID.String())
	sheet := terms.Sheet{Title: p.m, Amount: money.Of(p.agreement.AmountMinor, money.CNY), Renewal: lifecycle.FixedTerm}
	agreed, err := tx.ContractVersion.Create().SetContractID(id).SetNumber(1).SetSource(terms.FromContract).SetRecordedAt(at).SetRecordedByID(p.user).
		SetDelta(terms.Delta{}).SetContent(sheet).SetDigest(p.m).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixContractVersionID, agreed.ID.String())
	err = tx.ContractVersion.Create().SetContractID(id).SetNumber(2).SetSource(terms.FromOrder).SetChangeOrderID(o.ID).SetEffectiveOn(date.MustParse("2026-06-01")).
		SetRecordedAt(at).SetDelta(delta).SetContent(sheet).SetDigest(p.m).Exec(ctx)
	if err != nil {
		return err
	}
	return tx.TermsSchedule.Create().SetContractID(id).SetAppliedOn(date.MustParse("2026-06-01")).Exec(ctx)
}

func (p *population) alert(tx *ent.Tx) error {
	ctx := p.tn.Ctx
	o, err := tx.Obligation.Create().SetKind(due.ContractEnd).SetSubjectID(p.agreement.ID.UUID()).SetContractID(p.agreement.ID).SetTitle(p.m).
		SetDueOn(date.MustParse("2026-12-31")).SetOwnerID(p.user).SetDepartmentID(p.tn.Root).Save(ctx)
	if err != nil {
		return err
	}
	a, err := tx.Alert.Create().SetObligationID(o.ID).SetKind(due.ContractEnd).SetDateVersion(1).SetStep("D-90").SetDaysLeft(90).SetTitle(p.m).
		SetDueOn(o.DueOn).SetRaisedAt(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixAlertID, a.ID.String())
	if err := tx.AlertRecipient.Create().SetAlertID(a.ID).SetUserID(p.user).Exec(ctx); err != nil {
		return err
	}
	payload, err := json.Marshal(map[string][2]string{"note": {"", p.m}})
	if err != nil {
		return err
	}
	e, err := tx.AuditEntry.Create().SetAction("probe").SetObject("customer").SetObjectID(p.record.ID.UUID()).SetChanges(payload).SetOccurredAt(o.CreatedAt).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixAuditEntryID, e.ID.String())
	return nil
}

func (p *population) approval(tx *ent.Tx) error {
	ctx, at := p.tn.Ctx, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	node := flow.Node{Key: "k", Name: p.m, Mode: flow.All, Approvers: []flow.Approver{{By: flow.ByUser, UserID: &p.user}}}
	f, err := tx.ApprovalFlow.Create().SetName(p.m).SetKind(flow.Contract).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixApprovalFlowID, f.ID.String())
	v, err := tx.ApprovalFlowVersion.Create().SetFlowID(f.ID).SetNumber(1).SetDefinition(flow.Definition{Nodes: []flow.Node{node}}).Save(ctx)
	if err != nil {
		return err
	}
	a, err := tx.Approval.Create().SetKind(flow.Contract).SetSubjectID(p.agreement.ID.UUID()).SetContractID(p.agreement.ID).SetFlowVersionID(v.ID).
		SetTitle(p.m).SetSubmitterID(p.user).SetOwnerID(p.user).SetPrint(content.Print{}).SetFacts(flow.Facts{}).SetRule(p.m).SetSubmittedAt(at).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixApprovalID, a.ID.String())
	n, err := tx.ApprovalNode.Create().SetApprovalID(a.ID).SetPosition(0).SetPlan(node).SetReasons([]string{p.m}).SetState(flow.NodeOpen).Save(ctx)
	if err != nil {
		return err
	}
	t, err := tx.ApprovalTask.Create().SetApprovalID(a.ID).SetNodeID(n.ID).SetPosition(0).SetUserID(p.user).SetOrigin(flow.FromFlow).
		SetState(flow.TaskOpen).SetOpenedAt(at).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixApprovalTaskID, t.ID.String())
	err = tx.ApprovalOpinion.Create().SetApprovalID(a.ID).SetPosition(1).SetUserID(p.user).SetAction(flow.DidSubmit).SetText(p.m).SetDigest("").SetActedAt(at).Exec(ctx)
	if err != nil {
		return err
	}
	other, err := tx.User.Create().SetEmail("stand-in@" + p.tn.Slug + ".example").SetName(p.m).Save(ctx)
	if err != nil {
		return err
	}
	d, err := tx.ApprovalDelegation.Create().SetUserID(p.user).SetDelegateID(other.ID).SetStartsOn(date.MustParse("2026-06-01")).SetEndsOn(date.MustParse("2026-06-30")).Save(ctx)
	if err != nil {
		return err
	}
	p.note(publicid.PrefixApprovalDelegationID, d.ID.String())
	return nil
}
