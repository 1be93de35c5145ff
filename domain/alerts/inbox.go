package alerts

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/audit"
	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/alert"
	"heyue/ent/alertrecipient"
	"heyue/ent/obligation"
	"heyue/outbox"
	"heyue/platform/clock"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Inbox is a user's own alerts (J2). Every method needs alert:read; an alert shows only while its reader may also read
// what it is about. Alerts of other users and tenants do not exist here.
type Inbox struct {
	Client   *ent.Client
	Policies *policies.Engine
	Audit    audit.Recorder // of what one does to another's inbox
	Outbox   outbox.Writer
	Courier  Courier // tells whom an alert is given to beyond the inbox; nil for nobody
	Clock    clock.Clock
	Lister   listing.Lister
}

// Filter selects alerts; all given conditions must hold.
type Filter struct {
	Kind           []due.Kind
	State          []due.AlertState
	DueOn          *listing.Dates
	Unread         *bool
	Unacknowledged *bool
	Snoozed        *bool
}

// columns are the conditions on the alert itself, as package listing takes them.
type columns struct {
	Kind  []due.Kind       `column:"kind"`
	State []due.AlertState `column:"state"`
	DueOn *listing.Dates   `column:"due_on"`
}

// Edge is an alert in a page.
type Edge = page.Edge[*ent.Alert]

// List is a page of alerts, each with the caller's own row of its inbox as its only recipient (Mine).
type List = page.Connection[*ent.Alert]

var sortable = map[listing.Field]listing.Column[*ent.Alert]{
	"RAISED_AT": {Name: alert.FieldRaisedAt, Value: func(a *ent.Alert) any { return a.RaisedAt }},
	"DUE_ON":    {Name: alert.FieldDueOn, Value: func(a *ent.Alert) any { return a.DueOn }},
}

// Mine is the inbox row of the caller for whom an alert was read; nil for an alert from elsewhere.
func Mine(a *ent.Alert) *ent.AlertRecipient {
	if len(a.Edges.Recipients) != 1 {
		return nil
	}
	return a.Edges.Recipients[0]
}

// List reads a page of the caller's alerts, newest first unless sorted.
func (i *Inbox) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	r, err := i.reader(ctx)
	if err != nil {
		return nil, err
	}
	if filter == nil {
		filter = &Filter{}
	}
	list, err := listing.List(ctx, i.Lister, listing.Source[*ent.Alert]{
		Noun:    "alert:" + given("unread", filter.Unread) + given("unacknowledged", filter.Unacknowledged) + given("snoozed", filter.Snoozed),
		Columns: sortable,
		ID:      func(a *ent.Alert) uuid.UUID { return a.ID.UUID() },
		Default: []*listing.Sort{{Field: "RAISED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Alert, error) {
			return r.withMine(i.Client.Alert.Query().Where(where).Order(order).Limit(limit)).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			return i.Client.Alert.Query().Where(where).Count(ctx)
		},
	}, listing.Request{
		Args: args, Sort: sort, Filter: columns{filter.Kind, filter.State, filter.DueOn}, Tenant: r.tenant,
		Scope: r.visible(filter.Unread, filter.Unacknowledged, filter.Snoozed),
	})
	return list, tenancy.Fault(err, "list alerts")
}

func given(name string, b *bool) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%s=%t,", name, *b)
}

// Lookup returns one of the caller's alerts, nil when there is none.
func (i *Inbox) Lookup(ctx context.Context, id publicid.AlertID) (*ent.Alert, error) {
	r, err := i.reader(ctx)
	if err != nil {
		return nil, err
	}
	a, err := r.withMine(i.Client.Alert.Query().Where(alert.ID(id), r.visible(nil, nil, nil))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return a, tenancy.Fault(err, "look up an alert")
}

// Obligations returns the obligations behind alerts that the caller was given, in no order.
func (i *Inbox) Obligations(ctx context.Context, ids []publicid.ObligationID) ([]*ent.Obligation, error) {
	rows, err := i.Client.Obligation.Query().Where(obligation.IDIn(ids...)).All(ctx)
	return rows, tenancy.Fault(err, "read obligations")
}

// UnreadCount is how many alerts wait for the caller: raised, not read and not put off.
func (i *Inbox) UnreadCount(ctx context.Context) (int, error) {
	r, err := i.reader(ctx)
	if err != nil {
		return 0, err
	}
	return r.unread(ctx, i.Client)
}

// reader is somebody who looks at an inbox, with the reach they have now.
type reader struct {
	tenant  int64
	user    publicid.UserID
	subject func(*sql.Selector) // narrows alerts to those whose subject they may read
}

func (i *Inbox) reader(ctx context.Context) (reader, error) {
	if _, err := i.Policies.Require(ctx, policies.AlertRead); err != nil {
		return reader{}, err
	}
	grants, err := i.Policies.Caller(ctx)
	if err != nil {
		return reader{}, err
	}
	return readerWith(ctx, grants)
}

func readerWith(ctx context.Context, grants *policies.Grants) (reader, error) {
	access, err := need(grants, policies.AlertRead)
	if err != nil {
		return reader{}, err
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return reader{}, tenancy.ErrNoTenant
	}
	r := reader{tenant: tenant, user: access.User(), subject: func(s *sql.Selector) { s.Where(sql.False()) }}
	if reach, ok := grants.Access(readSubject); ok {
		r.subject = reach.Through("obligations", alert.FieldObligationID, tenant)
	}
	return r, nil
}

// visible narrows a query of alerts to the reader's own that they may see, and to unread, unacknowledged or snoozed
// ones, or their opposite, if asked.
func (r reader) visible(unread, unacknowledged, snoozed *bool) func(*sql.Selector) {
	return func(s *sql.Selector) {
		t := sql.Table(alertrecipient.Table)
		mine := sql.Select(t.C(alertrecipient.FieldAlertID)).From(t)
		mine.SetDialect(s.Dialect())
		mine.Where(sql.And(sql.EQ(t.C(alertrecipient.FieldTenantID), r.tenant), sql.EQ(t.C(alertrecipient.FieldUserID), r.user)))
		empty(mine, t.C(alertrecipient.FieldReadAt), unread)
		empty(mine, t.C(alertrecipient.FieldAcknowledgedAt), unacknowledged)
		empty(mine, t.C(alertrecipient.FieldSnoozedUntil), not(snoozed))
		s.Where(sql.In(s.C(alert.FieldID), mine))
		r.subject(s)
	}
}

func empty(s *sql.Selector, column string, yes *bool) {
	switch {
	case yes == nil:
	case *yes:
		s.Where(sql.IsNull(column))
	default:
		s.Where(sql.NotNull(column))
	}
}

func not(b *bool) *bool {
	if b == nil {
		return nil
	}
	n := !*b
	return &n
}

func (r reader) unread(ctx context.Context, client *ent.Client) (int, error) {
	yes, no := true, false
	n, err := client.Alert.Query().Where(alert.StateEQ(due.Raised), r.visible(&yes, nil, &no)).Count(ctx)
	return n, tenancy.Fault(err, "count unread alerts")
}

// withMine loads the reader's own inbox row with each alert.
func (r reader) withMine(q *ent.AlertQuery) *ent.AlertQuery {
	return q.WithRecipients(func(q *ent.AlertRecipientQuery) { q.Where(alertrecipient.UserID(r.user)) })
}
