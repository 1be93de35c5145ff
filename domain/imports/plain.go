package imports

import (
	"github.com/google/uuid"

	"heyue/domain/settlement/plan"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/money"
)

// Rows as the statements take them. ent's own JSON shows ids in their public form.

func plain[ID interface{ UUID() uuid.UUID }](id *ID) *uuid.UUID {
	if id == nil {
		return nil
	}
	u := (*id).UUID()
	return &u
}

type customerRow struct {
	ID           uuid.UUID  `json:"id"`
	Kind         string     `json:"kind"`
	Name         string     `json:"name"`
	Code         string     `json:"code"`
	ShortName    string     `json:"short_name"`
	Region       string     `json:"region"`
	Address      string     `json:"address"`
	Source       string     `json:"source"`
	Category     string     `json:"category"`
	SalesMode    string     `json:"sales_mode"`
	Industry     string     `json:"industry"`
	Ownership    string     `json:"ownership"`
	Description  string     `json:"description"`
	CreditCode   *string    `json:"credit_code"`
	Grade        string     `json:"grade"`
	Phone        string     `json:"phone"`
	Email        string     `json:"email"`
	Website      string     `json:"website"`
	OwnerID      *uuid.UUID `json:"owner_id"`
	DepartmentID *uuid.UUID `json:"department_id"`
}

func customerOf(r *ent.Customer) customerRow {
	return customerRow{
		r.ID.UUID(), string(r.Kind), r.Name, r.Code, r.ShortName, r.Region, r.Address, r.Source, r.Category, r.SalesMode,
		r.Industry, r.Ownership, r.Description, r.CreditCode, string(r.Grade), r.Phone, r.Email, r.Website, plain(r.OwnerID),
		plain(r.DepartmentID),
	}
}

type contactRow struct {
	ID         uuid.UUID  `json:"id"`
	CustomerID uuid.UUID  `json:"customer_id"`
	Name       string     `json:"name"`
	Gender     string     `json:"gender"`
	Salutation string     `json:"salutation"`
	Department string     `json:"department"`
	JobTitle   string     `json:"job_title"`
	IsPrimary  bool       `json:"is_primary"`
	Birthday   *date.Date `json:"birthday"`
	Hobby      string     `json:"hobby"`
	Address    string     `json:"address"`
	Phone      string     `json:"phone"`
	Fax        string     `json:"fax"`
	Mobile     string     `json:"mobile"`
	Email      string     `json:"email"`
	Qq         string     `json:"qq"`
	Msn        string     `json:"msn"`
	Wechat     string     `json:"wechat"`
	Remark     string     `json:"remark"`
	Remark1    string     `json:"remark1"`
	Remark2    string     `json:"remark2"`

	PhoneBlind  string `json:"phone_blind"`
	MobileBlind string `json:"mobile_blind"`
	EmailBlind  string `json:"email_blind"`
	QqBlind     string `json:"qq_blind"`
	MsnBlind    string `json:"msn_blind"`
	WechatBlind string `json:"wechat_blind"`
}

func contactOf(r *ent.Contact) contactRow {
	return contactRow{
		r.ID.UUID(), r.CustomerID.UUID(), r.Name, string(r.Gender), r.Salutation, r.Department, r.JobTitle, r.IsPrimary,
		r.Birthday, r.Hobby, r.Address, r.Phone, r.Fax, r.Mobile, r.Email, r.Qq, r.Msn, r.Wechat, r.Remark, r.Remark1,
		r.Remark2, r.PhoneBlind, r.MobileBlind, r.EmailBlind, r.QqBlind, r.MsnBlind, r.WechatBlind,
	}
}

type contractRow struct {
	ID            uuid.UUID  `json:"id"`
	Number        string     `json:"number"`
	Title         string     `json:"title"`
	Kind          string     `json:"kind"`
	Direction     string     `json:"direction"`
	Status        string     `json:"status"`
	CustomerID    uuid.UUID  `json:"customer_id"`
	AmountMinor   int64      `json:"amount_minor"`
	Currency      string     `json:"currency"`
	SettledMinor  int64      `json:"settled_minor"`
	Allocated     int64      `json:"allocated_minor"`
	Excess        int64      `json:"excess_minor"`
	PaymentMode   *plan.Mode `json:"payment_mode"`
	SignedOn      *date.Date `json:"signed_on"`
	EffectiveOn   *date.Date `json:"effective_on"`
	EndsOn        *date.Date `json:"ends_on"`
	Description   string     `json:"description"`
	PredecessorID *uuid.UUID `json:"predecessor_id"`
	OwnerID       *uuid.UUID `json:"owner_id"`
	DepartmentID  *uuid.UUID `json:"department_id"`
}

func contractOf(r *ent.Contract) contractRow {
	return contractRow{
		r.ID.UUID(), r.Number, r.Title, string(r.Kind), string(r.Direction), string(r.Status), r.CustomerID.UUID(),
		r.AmountMinor, string(r.Currency), r.SettledMinor, r.AllocatedMinor, r.ExcessMinor, r.PaymentMode, r.SignedOn, r.EffectiveOn, r.EndsOn, r.Description,
		plain(r.PredecessorID), plain(r.OwnerID), plain(r.DepartmentID),
	}
}

type partyRow struct {
	ID             uuid.UUID  `json:"id"`
	ContractID     uuid.UUID  `json:"contract_id"`
	Position       int        `json:"position"`
	Role           string     `json:"role"`
	Name           string     `json:"name"`
	CreditCode     string     `json:"credit_code"`
	Representative string     `json:"representative"`
	CustomerID     *uuid.UUID `json:"customer_id"`
}

func partyOf(r *ent.ContractParty) partyRow {
	return partyRow{
		r.ID.UUID(), r.ContractID.UUID(), r.Position, r.Role, r.Name, r.CreditCode, r.Representative, plain(r.CustomerID),
	}
}

type lineRow struct {
	ID            uuid.UUID     `json:"id"`
	ContractID    uuid.UUID     `json:"contract_id"`
	Position      int           `json:"position"`
	Description   string        `json:"description"`
	Model         string        `json:"model"`
	Specification string        `json:"specification"`
	Quantity      money.Decimal `json:"quantity"`
	Unit          string        `json:"unit"`
	UnitPrice     money.Decimal `json:"unit_price"`
	AmountMinor   int64         `json:"amount_minor"`
	DeliveryOn    *date.Date    `json:"delivery_on"`
}

func lineOf(r *ent.ContractLine) lineRow {
	return lineRow{
		r.ID.UUID(), r.ContractID.UUID(), r.Position, r.Description, r.Model, r.Specification, r.Quantity, r.Unit,
		r.UnitPrice, r.AmountMinor, r.DeliveryOn,
	}
}

type instalmentRow struct {
	ID           uuid.UUID `json:"id"`
	ContractID   uuid.UUID `json:"contract_id"`
	Position     int       `json:"position"`
	DueOn        date.Date `json:"due_on"`
	AmountMinor  int64     `json:"amount_minor"`
	Currency     string    `json:"currency"`
	SettledMinor int64     `json:"settled_minor"`
	State        string    `json:"state"`
	Purpose      string    `json:"purpose"`
}

func instalmentOf(r *ent.PaymentPlanLine) instalmentRow {
	return instalmentRow{
		r.ID.UUID(), r.ContractID.UUID(), r.Position, r.DueOn, r.AmountMinor, string(r.Currency), r.SettledMinor, string(r.State), r.Purpose,
	}
}

type paymentRow struct {
	ID           uuid.UUID  `json:"id"`
	ContractID   uuid.UUID  `json:"contract_id"`
	Kind         string     `json:"kind"`
	AmountMinor  int64      `json:"amount_minor"`
	Currency     string     `json:"currency"`
	PaidOn       date.Date  `json:"paid_on"`
	Method       string     `json:"method"`
	Reference    string     `json:"reference"`
	Note         string     `json:"note"`
	ReversalOfID *uuid.UUID `json:"reversal_of_id"`
}

func paymentOf(r *ent.Payment) paymentRow {
	return paymentRow{
		r.ID.UUID(), r.ContractID.UUID(), string(entryKind(r)), r.AmountMinor, string(r.Currency), r.PaidOn, string(r.Method), r.Reference,
		r.Note, plain(r.ReversalOfID),
	}
}

// entryKind is what an entry is by its sign, which is all that a source tells.
func entryKind(r *ent.Payment) plan.EntryKind {
	switch {
	case r.ReversalOfID != nil:
		return plan.ReversalEntry
	case r.AmountMinor < 0:
		return plan.RefundEntry
	}
	return plan.PaymentEntry
}

type allocationRow struct {
	ID          uuid.UUID `json:"id"`
	ContractID  uuid.UUID `json:"contract_id"`
	PaymentID   uuid.UUID `json:"payment_id"`
	PlanLineID  uuid.UUID `json:"plan_line_id"`
	AmountMinor int64     `json:"amount_minor"`
}

func allocationOf(r *ent.PaymentAllocation) allocationRow {
	return allocationRow{r.ID.UUID(), r.ContractID.UUID(), r.PaymentID.UUID(), r.PlanLineID.UUID(), r.AmountMinor}
}

type milestoneRow struct {
	ID          uuid.UUID  `json:"id"`
	ContractID  uuid.UUID  `json:"contract_id"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Kind        string     `json:"kind"`
	State       string     `json:"state"`
	DueOn       *date.Date `json:"due_on"`
	DoneOn      *date.Date `json:"done_on"`
}

func milestoneOf(r *ent.Milestone) milestoneRow {
	return milestoneRow{
		r.ID.UUID(), r.ContractID.UUID(), r.Title, r.Description, string(r.Kind), string(r.State), r.DueOn, r.DoneOn,
	}
}

type documentRow struct {
	ID           uuid.UUID  `json:"id"`
	ContractID   uuid.UUID  `json:"contract_id"`
	Title        string     `json:"title"`
	URL          string     `json:"url"`
	DocumentType string     `json:"document_type"`
	Format       string     `json:"format"`
	Language     string     `json:"language"`
	PublishedOn  *date.Date `json:"published_on"`
}

func documentOf(r *ent.DocumentReference) documentRow {
	return documentRow{
		r.ID.UUID(), r.ContractID.UUID(), r.Title, r.URL, r.DocumentType, r.Format, r.Language, r.PublishedOn,
	}
}

type changeRow struct {
	ID          uuid.UUID  `json:"id"`
	ContractID  uuid.UUID  `json:"contract_id"`
	ChangedOn   *date.Date `json:"changed_on"`
	Reason      string     `json:"reason"`
	Description string     `json:"description"`
}

func changeOf(r *ent.ContractChange) changeRow {
	return changeRow{
		r.ID.UUID(), r.ContractID.UUID(), r.ChangedOn, r.Reason, r.Description,
	}
}

type serviceRow struct {
	ID           uuid.UUID  `json:"id"`
	CustomerID   uuid.UUID  `json:"customer_id"`
	ContactID    *uuid.UUID `json:"contact_id"`
	ContractID   *uuid.UUID `json:"contract_id"`
	ServiceType  string     `json:"service_type"`
	ServedOn     date.Date  `json:"served_on"`
	Content      string     `json:"content"`
	Satisfaction *int       `json:"satisfaction"`
	Feedback     string     `json:"feedback"`
	OwnerID      *uuid.UUID `json:"owner_id"`
	DepartmentID *uuid.UUID `json:"department_id"`
}

func serviceOf(r *ent.ServiceRecord) serviceRow {
	return serviceRow{
		r.ID.UUID(), r.CustomerID.UUID(), plain(r.ContactID), plain(r.ContractID), r.ServiceType, r.ServedOn, r.Content,
		r.Satisfaction, r.Feedback, plain(r.OwnerID), plain(r.DepartmentID),
	}
}

type sourceRow struct {
	ID       uuid.UUID `json:"id"`
	System   string    `json:"system"`
	Object   string    `json:"object"`
	SourceID string    `json:"source_id"`
	ObjectID uuid.UUID `json:"object_id"`
	Hash     string    `json:"hash"`
}

func sourceOf(r *ent.ImportSource) sourceRow {
	return sourceRow{
		r.ID.UUID(), r.System, r.Object, r.SourceID, r.ObjectID, r.Hash,
	}
}
