package tenancy

import (
	"context"
	"time"

	"heyue/domain/tenants/settings"
	"heyue/ent"
	"heyue/platform/date"
	"heyue/platform/fault"
)

// Local returns the settings of the context's tenant and the day it is in the tenant's zone at now. A change passes its
// transaction's client, so that it decides by the settings that it commits with. Faults are those of [Fault].
func Local(ctx context.Context, client *ent.TenantClient, now time.Time) (settings.Settings, date.Date, error) {
	t, err := client.Query().Only(ctx)
	if err != nil {
		return settings.Settings{}, date.Date{}, Fault(err, "read the tenant's settings")
	}
	zone, err := t.Settings.Zone()
	if err != nil {
		return settings.Settings{}, date.Date{}, fault.Wrap(err, "read the tenant's zone")
	}
	return t.Settings, date.In(now, zone), nil
}
