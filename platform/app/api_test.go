package app_test

import (
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"heyue/platform/app"
	"heyue/platform/clock"
)

// TestEveryBoundHasASetting holds for bounds that the transport gets later too: a number or duration that is zero here
// could not be set by an operator.
func TestEveryBoundHasASetting(t *testing.T) {
	t.Parallel()
	c := settings(t, map[string]string{"HEYUE_DOCUMENT_DEPTH": "21", "HEYUE_SOCKET_QUEUE_BYTES": "2MiB", "HEYUE_OPERATION_DEADLINE": "7s"})
	o := app.TransportOptions(c, slog.New(slog.DiscardHandler), clock.System{})
	for _, part := range []any{o, o.Document, o.Socket} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			number := slices.Contains([]reflect.Kind{reflect.Int, reflect.Int64}, v.Field(i).Kind())
			if number && v.Field(i).IsZero() {
				t.Errorf("%s.%s has no setting", v.Type().Name(), v.Type().Field(i).Name)
			}
		}
	}
	if o.Document.Depth != 21 || o.Socket.QueueBytes != 2<<20 || o.OperationTimeout != 7*time.Second {
		t.Errorf("settings did not arrive: %+v", o)
	}
}
