package deliveries

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"heyue/domain/alerts/due"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/contract"
	"heyue/platform/fault"
	"heyue/platform/money"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// envelope is what programs are sent (docs/webhooks.md).
type envelope struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	OccurredAt time.Time `json:"occurredAt"`
	Sequence   *int64    `json:"sequence,omitempty"` // of the event; absent in tests
	Data       any       `json:"data"`
}

// alertData is an alert as programs are told of it. The sum is there when the endpoint is granted it.
type alertData struct {
	ID          string         `json:"id"`
	Kind        due.Kind       `json:"kind"`
	Title       string         `json:"title"`
	DueOn       string         `json:"dueOn"`
	DaysLeft    int            `json:"daysLeft"`
	State       due.AlertState `json:"state"`
	RaisedAt    time.Time      `json:"raisedAt"`
	WithdrawnAt *time.Time     `json:"withdrawnAt,omitempty"`
	ContractID  *string        `json:"contractId"`
	Amount      *amount        `json:"amount,omitempty"`
}

type amount struct {
	Amount   string         `json:"amount"`
	Currency money.Currency `json:"currency"`
}

// contractData is what happened to a contract: what the event holds, and which contract it was.
type contractData struct {
	ContractID string          `json:"contractId"`
	Number     string          `json:"number"`
	Step       json.RawMessage `json:"step"`
}

// isAlert reports whether a kind of event is about an alert.
func isAlert(kind string) bool { return strings.HasPrefix(kind, "alert.") }

// eventID is by what receivers know a repetition: the event's id, or for what is no event of the outbox, the alert's.
func eventID(d *ent.Delivery) string {
	switch {
	case d.Kind == eventTest:
		return d.ID.String()
	case d.AlertID != nil && d.SourceID == d.AlertID.UUID():
		return d.AlertID.String()
	}
	return publicid.OutboxEventID(d.SourceID).String()
}

// payload writes what a program is sent about a delivery's event, as things are now, redacted to the endpoint's fields.
func (w *Worker) payload(ctx context.Context, d *ent.Delivery, e *ent.Endpoint) ([]byte, posting.Reason, error) {
	m := envelope{ID: eventID(d), Type: d.Kind, OccurredAt: d.OccurredAt.UTC(), Data: struct{}{}}
	if d.Payload != nil {
		m.Sequence = &d.Position
	}
	var reason posting.Reason
	var err error
	switch {
	case d.Kind == eventTest:
		reason = posting.NoReason
	case d.AlertID != nil:
		m.Data, reason, err = w.alertData(ctx, d, e)
	default:
		m.Data, reason, err = w.contractData(ctx, d, e)
	}
	if err != nil || reason != posting.NoReason {
		return nil, reason, err
	}
	body, err := json.Marshal(m)
	return body, posting.NoReason, fault.Wrap(err, "write a payload")
}

func (w *Worker) alertData(ctx context.Context, d *ent.Delivery, e *ent.Endpoint) (any, posting.Reason, error) {
	a, reason, err := w.alert(ctx, d, e, &view{})
	if err != nil || reason != posting.NoReason {
		return nil, reason, err
	}
	ob, err := w.Client.Obligation.Get(ctx, a.ObligationID)
	if err != nil {
		return nil, "", tenancy.Fault(err, "read an obligation")
	}
	data := alertData{
		ID: a.ID.String(), Kind: a.Kind, Title: a.Title, DueOn: a.DueOn.String(), DaysLeft: a.DaysLeft, State: a.State,
		RaisedAt: a.RaisedAt.UTC(), WithdrawnAt: utc(a.WithdrawnAt),
	}
	if ob.ContractID != nil {
		data.ContractID = ptr(ob.ContractID.String())
	}
	hidden, err := w.kept(ctx, e)
	if err != nil {
		return nil, "", err
	}
	if a.AmountMinor != nil && !hidden(sums...) {
		sum := money.Of(*a.AmountMinor, a.Currency)
		data.Amount = &amount{sum.Amount().String(), sum.Currency()}
	}
	return data, posting.NoReason, nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return ptr(t.UTC())
}

func (w *Worker) contractData(ctx context.Context, d *ent.Delivery, e *ent.Endpoint) (any, posting.Reason, error) {
	q := w.Client.Contract.Query().Where(contract.ID(publicid.ContractID(d.SubjectID)))
	if e.UserID != nil {
		grants, err := w.Policies.Of(ctx, *e.UserID)
		if err != nil {
			return nil, "", err
		}
		access, ok := grants.Access(policies.ContractRead)
		if !ok {
			return nil, posting.NotAllowed, nil
		}
		q.Where(access.Where)
	}
	c, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, posting.NotAllowed, nil
	}
	if err != nil {
		return nil, "", tenancy.Fault(err, "read a contract")
	}
	return contractData{c.ID.String(), c.Number, d.Payload}, posting.NoReason, nil
}

// through is an alert with the eyes of an endpoint's user; nil when they may not see it.
func (w *Worker) through(ctx context.Context, user publicid.UserID, id publicid.AlertID) (*ent.Alert, error) {
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := w.Policies.Of(ctx, user)
	if err != nil {
		return nil, err
	}
	if _, ok := grants.Access(policies.AlertRead); !ok {
		return nil, nil
	}
	access, ok := grants.Access(policies.ContractRead)
	if !ok {
		return nil, nil
	}
	a, err := w.Client.Alert.Query().Where(alert.ID(id), access.Through("obligations", alert.FieldObligationID, tenant)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return a, tenancy.Fault(err, "read an alert")
}

// kept is what an endpoint is not granted, and what its user is kept from.
func (w *Worker) kept(ctx context.Context, e *ent.Endpoint) (func(fields ...string) bool, error) {
	own := w.hides(e)
	if e.UserID == nil {
		return own, nil
	}
	grants, err := w.Policies.Of(ctx, *e.UserID)
	if err != nil {
		return nil, err
	}
	return func(fields ...string) bool { return own(fields...) || grants.Hides(fields...) }, nil
}
