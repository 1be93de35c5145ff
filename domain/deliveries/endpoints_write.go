package deliveries

import (
	"context"
	"strings"
	"time"

	"heyue/audit"
	"heyue/domain/alerts/channel"
	"heyue/domain/alerts/due"
	"heyue/domain/deliveries/posting"
	"heyue/ent"
	"heyue/ent/delivery"
	"heyue/ent/endpoint"
	"heyue/platform/carrier"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// EndpointSecret is an endpoint whose secret is told this once; Text is empty where the secret is the other side's.
type EndpointSecret struct {
	Endpoint *ent.Endpoint
	Text     string
}

// Parts are the endpoint and its secret, for an answer; nil is nothing.
func (s *EndpointSecret) Parts() (*ent.Endpoint, *string) {
	switch {
	case s == nil:
		return nil, nil
	case s.Text == "":
		return s.Endpoint, nil
	}
	return s.Endpoint, &s.Text
}

// CreateEndpoint registers an endpoint, which is told of what happens from now on. Needs endpoint:update, and all that the
// endpoint would be told. Faults: those of EndpointDraft; NOT_FOUND and NOT_ALLOWED at userId, NOT_ALLOWED at shownFields;
// LIMIT_REACHED.
func (s *Service) CreateEndpoint(ctx context.Context, d EndpointDraft) (*EndpointSecret, error) {
	access, err := s.Policies.Require(ctx, policies.EndpointUpdate)
	if err != nil {
		return nil, err
	}
	if err := d.validate(s.Limits); err != nil {
		return nil, err
	}
	if err := s.sees(ctx, access, d.UserID, d.ShownFields); err != nil {
		return nil, err
	}
	tenant, err := tenantOf(ctx)
	if err != nil {
		return nil, err
	}
	spec, _ := carrier.SpecOf(d.Channel, d.Provider) // validated
	id, c := publicid.NewEndpointID(), credentials{URL: otherwise(d.URL, spec.URL), Secret: given.Trimmed(d.Secret)}
	out := &EndpointSecret{}
	if spec.Secret == carrier.Made {
		c.Secret = carrier.NewSecret()
		out.Text = c.Secret
	}
	sealed, err := seal(s.Box, tenant, id, c)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		if err := s.room(ctx, tx); err != nil {
			return err
		}
		from, err := head(ctx, tx)
		if err != nil {
			return err
		}
		out.Endpoint, err = tx.Endpoint.Create().SetID(id).SetChannel(d.Channel).SetProvider(d.Provider).SetName(strings.TrimSpace(d.Name)).
			SetURL(shownURL(d.Channel, c.URL)).SetCredentials(sealed).SetOptions(optionMap(d.Options)).SetEvents(list(d.Events)).
			SetShownFields(list(d.ShownFields)).SetNillableUserID(d.UserID).SetCursor(from).Save(ctx)
		if err != nil {
			return tenancy.Fault(err, "register an endpoint")
		}
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "create", Object: "endpoint", ID: id.UUID(), After: out.Endpoint})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func otherwise(text *string, other string) string {
	if text == nil {
		return other
	}
	return strings.TrimSpace(*text)
}

// list is never nil: columns hold [].
func list(texts []string) []string { return append([]string{}, texts...) }

// room refuses one endpoint too many. Two at once wait for each other at the tenant's row.
func (s *Service) room(ctx context.Context, tx *ent.Tx) error {
	if _, err := tenancy.Lock(ctx, tx); err != nil {
		return err
	}
	n, err := tx.Endpoint.Query().Where(endpoint.ArchivedAtIsNil()).Count(ctx)
	if err == nil && n >= s.Limits.Endpoints {
		return fault.New(fault.Invalid, fault.LimitReached, "there are %d endpoints, as many as there may be", n)
	}
	return tenancy.Fault(err, "count endpoints")
}

// UpdateEndpoint changes an endpoint. One that is enabled again gets what has waited for it, and goes on with the events
// where it stopped. Needs endpoint:update, and all that the endpoint would be told. Faults: those of EndpointChange;
// NOT_FOUND; NOT_ALLOWED; WRONG_STATE when it is archived; VERSION_CONFLICT, then the endpoint as it is comes beside the
// error.
func (s *Service) UpdateEndpoint(ctx context.Context, ch EndpointChange) (*ent.Endpoint, error) {
	access, err := s.Policies.Require(ctx, policies.EndpointUpdate)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, target{ch.ID, ch.ExpectedVersion}, "update", func(tx *ent.Tx, old *ent.Endpoint) (*ent.Endpoint, error) {
		spec, _ := carrier.SpecOf(old.Channel, old.Provider) // it was registered
		if err := ch.validate(s.Limits, spec); err != nil {
			return nil, err
		}
		if err := s.sees(ctx, access, old.UserID, ch.ShownFields); err != nil {
			return nil, err
		}
		update := tx.Endpoint.UpdateOne(old).AddVersion(1)
		given.Text(ch.Name, func(v string) { update.SetName(v) })
		if err := s.readdress(update, old, ch.URL); err != nil {
			return nil, err
		}
		if ch.Options != nil {
			update.SetOptions(optionMap(ch.Options))
		}
		if ch.ShownFields != nil {
			update.SetShownFields(ch.ShownFields)
		}
		if ch.Events != nil {
			update.SetEvents(ch.Events)
			if err := fromNow(ctx, tx, old, update); err != nil {
				return nil, err
			}
		}
		if err := s.toggle(ctx, tx, old, update, ch.Enabled); err != nil {
			return nil, err
		}
		row, err := update.Save(ctx)
		return row, tenancy.Fault(err, "change an endpoint")
	})
}

// readdress seals another address.
func (s *Service) readdress(update *ent.EndpointUpdateOne, old *ent.Endpoint, address *string) error {
	if address == nil {
		return nil
	}
	c, err := open(s.Box, old)
	if err != nil {
		return err
	}
	c.URL = strings.TrimSpace(*address)
	sealed, err := seal(s.Box, old.TenantID, old.ID, c)
	if err != nil {
		return err
	}
	update.SetCredentials(sealed).SetURL(shownURL(old.Channel, c.URL))
	return nil
}

// fromNow lets an endpoint that was told of nothing begin with the next event.
func fromNow(ctx context.Context, tx *ent.Tx, old *ent.Endpoint, update *ent.EndpointUpdateOne) error {
	if len(old.Events) > 0 {
		return nil
	}
	last, err := head(ctx, tx)
	if err != nil {
		return err
	}
	update.SetCursor(last)
	return nil
}

// toggle enables or disables an endpoint.
func (s *Service) toggle(ctx context.Context, tx *ent.Tx, old *ent.Endpoint, update *ent.EndpointUpdateOne, enabled *bool) error {
	if enabled == nil || *enabled == old.Enabled {
		return nil
	}
	now := s.Clock.Now()
	update.SetEnabled(*enabled)
	if !*enabled {
		update.SetDisabledReason(posting.ByHand)
		return park(ctx, tx, old, now)
	}
	update.SetDisabledReason(posting.NoReason).SetFailures(0).ClearFailingSince().ClearOpenUntil()
	if err := unpark(ctx, tx, old, now, s.Limits.Life); err != nil {
		return err
	}
	s.hurry(tx)
	return s.Reminders.Meet(ctx, tx, due.EndpointDisabled, old.ID.UUID())
}

// RotateEndpointSecret gives an endpoint another secret and tells it, where it is ours. The old one signs beside it for
// the overlap. Needs endpoint:update. Faults: REQUIRED and INCONSISTENT at secret; OUT_OF_RANGE at overlapSeconds; those of
// UpdateEndpoint.
func (s *Service) RotateEndpointSecret(ctx context.Context, r EndpointRotation) (*EndpointSecret, error) {
	if _, err := s.Policies.Require(ctx, policies.EndpointUpdate); err != nil {
		return nil, err
	}
	overlap := time.Duration(r.OverlapSeconds) * time.Second
	var c fault.Check
	c.That(r.OverlapSeconds >= 0 && overlap <= s.Limits.Overlap && overlap >= 0, fault.OutOfRange, "overlapSeconds",
		"an overlap has 0 to %.0f seconds", s.Limits.Overlap.Seconds())
	if err := c.Err(); err != nil {
		return nil, err
	}
	out := &EndpointSecret{}
	var err error
	out.Endpoint, err = s.change(ctx, target{r.ID, r.ExpectedVersion}, "rotate_secret", func(tx *ent.Tx, old *ent.Endpoint) (*ent.Endpoint, error) {
		spec, _ := carrier.SpecOf(old.Channel, old.Provider) // it was registered
		checkSecret(&c, r.Secret, spec.Secret)
		c.That(spec.Secret != carrier.None, fault.Inconsistent, "id", "endpoints of this channel have no secret")
		if err := c.Err(); err != nil {
			return nil, err
		}
		known, err := open(s.Box, old)
		if err != nil {
			return nil, err
		}
		known.Secret, known.Previous = given.Trimmed(r.Secret), known.Secret
		if spec.Secret == carrier.Made {
			known.Secret = carrier.NewSecret()
			out.Text = known.Secret
		}
		sealed, err := seal(s.Box, old.TenantID, old.ID, known)
		if err != nil {
			return nil, err
		}
		row, err := tx.Endpoint.UpdateOne(old).AddVersion(1).SetCredentials(sealed).SetPreviousUntil(s.Clock.Now().Add(overlap)).Save(ctx)
		return row, tenancy.Fault(err, "rotate an endpoint's secret")
	})
	if err != nil {
		out.Text = ""
	}
	return out, err
}

// ArchiveEndpoint puts an endpoint away for good and gives up what waits for it. Needs endpoint:update. Faults: those of
// UpdateEndpoint.
func (s *Service) ArchiveEndpoint(ctx context.Context, t EndpointTarget) (*ent.Endpoint, error) {
	if _, err := s.Policies.Require(ctx, policies.EndpointUpdate); err != nil {
		return nil, err
	}
	return s.change(ctx, target{t.ID, t.ExpectedVersion}, "archive", func(tx *ent.Tx, old *ent.Endpoint) (*ent.Endpoint, error) {
		now := s.Clock.Now()
		err := tx.Delivery.Update().Where(delivery.EndpointID(old.ID), delivery.StateEQ(posting.Waiting)).SetState(posting.Cancelled).
			SetReason(posting.ByHand).ClearNextAt().ClearLeasedUntil().SetUpdatedAt(now).Exec(ctx)
		if err != nil {
			return nil, tenancy.Fault(err, "give up an endpoint's messages")
		}
		if err := s.Reminders.Meet(ctx, tx, due.EndpointDisabled, old.ID.UUID()); err != nil {
			return nil, err
		}
		row, err := tx.Endpoint.UpdateOne(old).AddVersion(1).SetEnabled(false).SetDisabledReason(posting.ByHand).SetArchivedAt(now).Save(ctx)
		return row, tenancy.Fault(err, "archive an endpoint")
	})
}

// TestEndpoint sends a message that shows whether it arrives, and returns its delivery. For a gateway of text messages it
// goes to the caller's own telephone. Needs endpoint:update. Faults: NOT_FOUND; WRONG_STATE when the endpoint is disabled.
func (s *Service) TestEndpoint(ctx context.Context, t EndpointTest) (made *ent.Delivery, err error) {
	access, err := s.Policies.Require(ctx, policies.EndpointUpdate)
	if err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		e, err := tx.Endpoint.Query().Where(endpoint.ID(t.ID)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.NoSuch("endpoint", "id")
		}
		if err != nil {
			return tenancy.Fault(err, "load an endpoint")
		}
		if !e.Enabled {
			return fault.New(fault.State, fault.WrongState, "the endpoint is disabled; enable it first").At("id")
		}
		now, id := s.Clock.Now(), publicid.NewDeliveryID()
		create := tx.Delivery.Create().SetID(id).SetSourceID(id.UUID()).SetKind(eventTest).SetOccurredAt(now).SetChannel(e.Channel).
			SetTarget(e.ID.String()).SetEndpointID(e.ID).SetAddress("").SetName("").SetSubjectID(id.UUID()).SetPosition(now.UnixMicro()).SetNextAt(now).SetExpiresAt(now.Add(s.Limits.Life))
		if e.Channel == channel.SMS {
			create.SetUserID(access.User()).SetTarget(access.User().String())
		}
		if made, err = create.Save(ctx); err != nil {
			return tenancy.Fault(err, "make a test")
		}
		s.hurry(tx)
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "test", Object: "endpoint", ID: e.ID.UUID()})
	})
	return made, err
}
