package incidents

import (
	"context"

	"heyue/audit"
	"heyue/domain/incidents/incident"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Bounds of an incident's texts, in characters.
const (
	MaxTitle   = 200
	MaxContent = 10000
	MaxName    = 200
	MaxChannel = 100
)

// Report is a breach or a case of force majeure that has become known.
type Report struct {
	ContractID  publicid.ContractID
	Kind        incident.Kind
	Side        incident.Side
	Title       string
	Description *string
	HappenedOn  date.Date
	NoticeBy    *date.Date // the last day to tell the counterparty
	SettleBy    *date.Date // the last day to settle it
}

// Validate reports everything wrong with the report at once.
func (r Report) Validate() error {
	var c fault.Check
	c.That(r.Kind.Valid(), fault.UnknownValue, "kind", "%.20q is not a kind of incident", string(r.Kind))
	c.That(r.Side.Valid(), fault.UnknownValue, "side", "%.20q is not a side of a contract", string(r.Side))
	c.Text("title", r.Title, 1, MaxTitle)
	c.OptText("description", r.Description, MaxContent)
	inOrder(&c, r.HappenedOn, r.NoticeBy, r.SettleBy)
	return c.Err()
}

// inOrder wants nothing to be due before it happened.
func inOrder(c *fault.Check, happened date.Date, notice, settle *date.Date) {
	c.That(notice == nil || !notice.Before(happened), fault.Inconsistent, "noticeBy", "noticeBy is before the incident")
	c.That(settle == nil || !settle.Before(happened), fault.Inconsistent, "settleBy", "settleBy is before the incident")
}

// Report puts an incident on record; the owner of the contract is reminded of its days from the same transaction on. Needs
// incident:report reaching the contract. Faults: those of Report.Validate; OUT_OF_RANGE for a day to come; NOT_FOUND at
// contractId; WRONG_STATE for a contract that never bound anybody or is archived.
func (s *Service) Report(ctx context.Context, r Report) (made *ent.Incident, err error) {
	access, err := s.Policies.Require(ctx, policies.IncidentReport)
	if err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		held, err := s.Contracts.Hold(ctx, tx, policies.IncidentReport, r.ContractID)
		if err != nil {
			return err
		}
		if held.ArchivedAt != nil || !held.Status.IsBinding() && !held.Status.IsEnded() {
			return fault.New(fault.State, fault.WrongState, "incidents are those of a contract that binds; this one is %s", standing(held))
		}
		today, err := s.today(ctx, tx)
		if err != nil {
			return err
		}
		if err := past(r.HappenedOn, today, r.HappenedOn); err != nil {
			return err
		}
		made, err = tx.Incident.Create().SetContractID(held.ID).SetKind(r.Kind).SetSide(r.Side).SetTitle(given.Trimmed(&r.Title)).
			SetDescription(given.Trimmed(r.Description)).SetHappenedOn(r.HappenedOn).SetNillableNoticeBy(r.NoticeBy).SetNillableSettleBy(r.SettleBy).
			SetReportedByID(access.User()).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "write an incident")
		}
		if err := s.remind(ctx, tx, held, made); err != nil {
			return err
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "report", Object: "incident", ID: made.ID.UUID(), After: made})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func standing(c *ent.Contract) string {
	if c.ArchivedAt != nil {
		return "archived"
	}
	return string(c.Status)
}
