package deliveries

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/ent/deliveryattempt"
	"heyue/platform/listing"
	"heyue/platform/page"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// Filter selects deliveries; all given conditions must hold.
type Filter struct {
	Channel    []channel.Channel     `column:"channel"`
	State      []posting.State       `column:"state"`
	Reason     []posting.Reason      `column:"reason"`
	EndpointID []publicid.EndpointID `column:"endpoint_id"`
	UserID     []publicid.UserID     `column:"user_id"`
	AlertID    []publicid.AlertID    `column:"alert_id"`
	CreatedAt  *listing.Times        `column:"created_at"`
}

type (
	// Edge is a delivery in a page.
	Edge = page.Edge[*ent.Delivery]
	// List is a page of deliveries.
	List = page.Connection[*ent.Delivery]
)

// List reads a page of the tenant's deliveries, newest first unless sorted. Needs delivery:read.
func (s *Service) List(ctx context.Context, args page.Args, filter *Filter, sort []*listing.Sort) (*List, error) {
	if _, err := s.Policies.Require(ctx, policies.DeliveryRead); err != nil {
		return nil, err
	}
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	if filter == nil {
		filter = &Filter{}
	}
	list, err := listing.List(ctx, s.Lister, listing.Source[*ent.Delivery]{
		Noun: "delivery",
		Columns: map[listing.Field]listing.Column[*ent.Delivery]{
			"CREATED_AT": {Name: delivery.FieldCreatedAt, Value: func(d *ent.Delivery) any { return d.CreatedAt }},
		},
		ID:      func(d *ent.Delivery) uuid.UUID { return d.ID.UUID() },
		Default: []*listing.Sort{{Field: "CREATED_AT", Direction: listing.Desc}},
		Fetch: func(ctx context.Context, where, order func(*sql.Selector), limit int) ([]*ent.Delivery, error) {
			return s.Client.Delivery.Query().Where(where).Order(order).Limit(limit).All(ctx)
		},
		Count: func(ctx context.Context, where func(*sql.Selector)) (int, error) {
			n, err := s.Client.Delivery.Query().Where(where).Count(ctx)
			return n, tenancy.Fault(err, "count deliveries")
		},
	}, listing.Request{Args: args, Sort: sort, Filter: *filter, Tenant: tenant})
	return list, tenancy.Fault(err, "list deliveries")
}

// Lookup returns one of the tenant's deliveries; nil when there is none. Needs delivery:read.
func (s *Service) Lookup(ctx context.Context, id publicid.DeliveryID) (*ent.Delivery, error) {
	if _, err := s.Policies.Require(ctx, policies.DeliveryRead); err != nil {
		return nil, err
	}
	d, err := s.Client.Delivery.Query().Where(delivery.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return d, tenancy.Fault(err, "look up a delivery")
}

// Attempts returns the attempts of deliveries that the caller was given, each delivery's in order.
func (s *Service) Attempts(ctx context.Context, ids []publicid.DeliveryID) ([]*ent.DeliveryAttempt, error) {
	rows, err := s.Client.DeliveryAttempt.Query().Where(among(deliveryattempt.FieldDeliveryID, ids)).Order(deliveryattempt.ByNumber()).All(ctx)
	return rows, tenancy.Fault(err, "read attempts")
}
