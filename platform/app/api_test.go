package app_test

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"heyue/graph/transport/cost"
	"heyue/platform/app"
	"heyue/platform/clock"
	"heyue/platform/ratelimit"
)

// TestEveryBoundHasASetting holds for bounds that the transport gets later too: a number or duration that is zero here
// could not be set by an operator.
func TestEveryBoundHasASetting(t *testing.T) {
	t.Parallel()
	c := settings(t, map[string]string{"HEYUE_DOCUMENT_DEPTH": "21", "HEYUE_SOCKET_QUEUE_BYTES": "2MiB", "HEYUE_OPERATION_DEADLINE": "7s",
		"HEYUE_OPERATION_COST": "70", "HEYUE_OPERATION_NODES": "71", "HEYUE_COST_REPORT": "off", "HEYUE_PAGE_DEFAULT": "7", "HEYUE_PAGE_MAX": "72", "HEYUE_BUDGET_ADDRESS": "73",
		"HEYUE_BUDGET_ADDRESS_RATE": "74", "HEYUE_BUDGET_ADDRESSES": "175", "HEYUE_TRUSTED_PROXIES": "10.1.2.3/8, 192.0.2.1", "HEYUE_STREAMS_PER_ADDRESS": "76", "HEYUE_STREAM_EXECUTIONS": "77"})
	o := app.TransportOptions(c, slog.New(slog.DiscardHandler), clock.System{})
	for _, part := range []any{o, o.Document, o.Socket, o.Cost, o.Cost.Pages, o.PerAddress} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			number := slices.Contains([]reflect.Kind{reflect.Int, reflect.Int64}, v.Field(i).Kind())
			if number && v.Field(i).IsZero() {
				t.Errorf("%s.%s has no setting", v.Type().Name(), v.Type().Field(i).Name)
			}
		}
	}
	if o.Document.Depth != 21 || o.Socket.QueueBytes != 2<<20 || o.OperationTimeout != 7*time.Second || o.Executions != 77 {
		t.Errorf("settings did not arrive: %+v", o)
	}
	if o.Cost.Points != 70 || o.Cost.Nodes != 71 || o.Cost.Pages != (cost.Pages{Usual: 7, Most: 72}) ||
		o.PerAddress != (ratelimit.Rate{Maximum: 73, PerSecond: 74}) || o.Addresses != 175 || o.Socket.PerAddress != 76 ||
		fmt.Sprint(o.Proxies) != "[10.0.0.0/8 192.0.2.1/32]" || !o.Cost.Quiet {
		t.Errorf("settings did not arrive: %+v", o)
	}
}
