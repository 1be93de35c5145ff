package tenants

import (
	"context"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"heyue/audit"
	"heyue/domain/alerts/channel"
	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/identity"
	"heyue/platform/fault"
	"heyue/platform/given"
	"heyue/platform/money"
	"heyue/policies"
	"heyue/tenancy"
)

// Settings returns the caller's tenant with its settings. Every user of the tenant may read them: they say how to show
// dates and money. It fails with UNAUTHENTICATED without a caller.
func (s *Service) Settings(ctx context.Context) (*ent.Tenant, error) {
	if _, err := identity.From(ctx); err != nil {
		return nil, err
	}
	t, err := s.Client.Tenant.Query().Only(ctx)
	return t, tenancy.Fault(err, "read the tenant")
}

// Change alters the settings of a tenant that is still at ExpectedVersion. A nil field stays as it is.
type Change struct {
	ExpectedVersion int

	Name                    *string
	TimeZone                *string
	Locale                  *string
	Currency                *money.Currency
	ContractNumberRule      *string
	ContractNumberRules     []*settings.KindRule   // takes the place of all of them; an empty list clears them
	ReminderLadders         []*settings.KindLadder // each takes the place of its kind's
	AlertChannels           []channel.Channel      // takes the place of all of them
	ExchangeRates           []*settings.Rate       // takes the place of all of them; needed anew with another Currency
	ReceiptExcess           *int
	PlanTolerance           *int
	PaymentRequestsRequired *bool
	EventRetentionDays      *int
	SecondFactorRequired    *bool
}

// UpdateSettings changes what the tenant decides for itself. Needs tenant:update. Reminders that are pending follow a
// new zone or ladder in the same transaction. It fails with INVALID for everything that settings.Validate finds in the
// outcome, and with VERSION_CONFLICT, and then returns the tenant as it is beside the error.
func (s *Service) UpdateSettings(ctx context.Context, ch Change) (now *ent.Tenant, err error) {
	if _, err := s.Policies.Require(ctx, policies.TenantUpdate); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		old, err := tenancy.Lock(ctx, tx)
		if err != nil {
			return err
		}
		if old.Version != ch.ExpectedVersion {
			now = old
			return fault.Stale(object)
		}
		next, err := ch.applied(old.Settings)
		if err != nil {
			return err
		}
		update := tx.Tenant.Update().SetSettings(next).AddVersion(1)
		if ch.Name != nil {
			update.SetName(strings.TrimSpace(*ch.Name))
		}
		given.Set(ch.SecondFactorRequired, func(b bool) { update.SetSecondFactorRequired(b) })
		if err := update.Exec(ctx); err != nil {
			return tenancy.Fault(err, "write the settings")
		}
		if now, err = tx.Tenant.Query().Only(ctx); err != nil {
			return tenancy.Fault(err, "read the tenant")
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "update", Object: object, ID: objectID(old.ID), Before: old, After: now}); err != nil {
			return err
		}
		if next.TimeZone != old.Settings.TimeZone { // shares end with a day of the zone
			if err := policies.Bump(ctx, tx); err != nil {
				return err
			}
		}
		if next.TimeZone == old.Settings.TimeZone && reflect.DeepEqual(next.ReminderLadders, old.Settings.ReminderLadders) {
			return nil
		}
		return s.Reminders.Replan(ctx, tx)
	})
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return nil, err
	}
	return now, err
}

// applied gives the settings after the change, valid. It shares no map with the ones before.
func (ch Change) applied(s settings.Settings) (settings.Settings, error) {
	var c fault.Check
	if ch.Name != nil {
		c.Text("name", *ch.Name, 1, maxName)
	}
	if ch.Currency != nil && *ch.Currency != s.Currency && len(s.ExchangeRates) > 0 && ch.ExchangeRates == nil {
		c.Add(fault.Inconsistent, "currency", "the exchange rates are in %s; give them anew with another currency", s.Currency)
	}
	put(&s.TimeZone, ch.TimeZone)
	put(&s.Locale, ch.Locale)
	put(&s.Currency, ch.Currency)
	put(&s.ContractNumberRule, ch.ContractNumberRule)
	put(&s.ReceiptExcess, ch.ReceiptExcess)
	put(&s.PlanTolerance, ch.PlanTolerance)
	put(&s.PaymentRequestsRequired, ch.PaymentRequestsRequired)
	put(&s.EventRetentionDays, ch.EventRetentionDays)
	if ch.AlertChannels != nil {
		s.AlertChannels = ch.AlertChannels
	}
	if ch.ContractNumberRules != nil {
		s.ContractNumberRules = settings.RulesOf(&c, ch.ContractNumberRules)
	}
	if ch.ExchangeRates != nil {
		s.ExchangeRates = settings.RatesOf(&c, ch.ExchangeRates)
	}
	s.ReminderLadders = maps.Clone(s.ReminderLadders)
	maps.Copy(s.ReminderLadders, settings.LaddersOf(&c, ch.ReminderLadders))
	all := append(fault.All(c.Err()), ch.located(fault.All(s.Validate()))...)
	if len(all) > 0 {
		return s, all
	}
	return s, nil
}

// located gives faults of lists the path that the input has: the place in the list where settings have the kind.
func (ch Change) located(faults fault.List) fault.List {
	places := map[string]int{}
	for i, r := range ch.ContractNumberRules {
		places["contractNumberRules."+string(r.Kind)] = i
	}
	for i, l := range ch.ReminderLadders {
		places["reminderLadders."+string(l.Kind)] = i
	}
	for i, r := range ch.ExchangeRates {
		places["exchangeRates."+string(r.Currency)] = i
	}
	for _, f := range faults {
		if len(f.Field) < 2 {
			continue
		}
		if i, ok := places[f.Field[0]+"."+f.Field[1]]; ok {
			f.Field[1] = strconv.Itoa(i)
			if f.Field[0] == "contractNumberRules" {
				f.Field = append(f.Field, "rule")
			}
		}
	}
	return faults
}

func put[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}
