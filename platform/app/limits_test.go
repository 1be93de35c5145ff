package app

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"heyue/domain/approvals"
	"heyue/domain/reports"
	"heyue/platform/pgtest"
)

// TestEveryLimitHasASetting holds for limits that parts get later too: a number or duration that is zero here could not be
// set by an operator.
func TestEveryLimitHasASetting(t *testing.T) {
	t.Parallel()
	s, err := against(t, pgtest.New(t),
		"HEYUE_EVENT_POLL", "11ms", "HEYUE_EVENT_RELAY_BATCH", "12", "HEYUE_EVENT_RELAY_WORKERS", "13", "HEYUE_EVENT_PAGE", "14",
		"HEYUE_EVENT_READERS", "15", "HEYUE_EVENT_RECENT", "16", "HEYUE_EVENT_QUEUE", "17", "HEYUE_EVENT_LINGER", "18ms",
		"HEYUE_EVENT_POSITION", "19ms", "HEYUE_REMINDER_POLL", "20ms", "HEYUE_REMINDER_BATCH", "21", "HEYUE_SEAL_POLL", "22ms",
		"HEYUE_SEAL_BATCH", "23", "HEYUE_RETENTION_BATCH", "24", "HEYUE_IMPORT_BATCH", "25", "HEYUE_IMPORT_ELEMENT", "26KiB",
		"HEYUE_IMPORT_PROCESS", "27KiB", "HEYUE_IMPORT_MEMORY", "128KiB", "HEYUE_IMPORT_DEPTH", "29",
		"HEYUE_HTTP_HEADER_TIMEOUT", "130ms", "HEYUE_HTTP_BODY_TIMEOUT", "131ms", "HEYUE_HTTP_IDLE_TIMEOUT", "132ms",
		"HEYUE_HTTP_HEADER_BYTES", "33KiB", "HEYUE_IDEMPOTENCY_KEEP", "34m", "HEYUE_IDEMPOTENCY_WAIT", "35ms", "HEYUE_IDEMPOTENCY_ANSWER", "36KiB",
		"HEYUE_CALENDAR_POLL", "37ms", "HEYUE_CALENDAR_EVERY", "38ms", "HEYUE_CALENDAR_BATCH", "39", "HEYUE_ESCALATION_POLL", "40ms",
		"HEYUE_ESCALATION_BATCH", "41", "HEYUE_APPROVAL_FLOWS", "42", "HEYUE_APPROVAL_TASKS", "43", "HEYUE_DELEGATIONS", "44",
		"HEYUE_PROGRESS_LINES", "45", "HEYUE_REPORT_ROWS", "46", "HEYUE_FORECAST_DAYS", "47", "HEYUE_FORECAST_BUCKETS", "48", "HEYUE_FORECAST_SHIFTS", "49", "HEYUE_CUSTOM_FIELDS", "50",
	).Services(t.Context(), Roles{API: true, Worker: true})
	if err != nil {
		t.Fatal(err)
	}
	hub, read, http := s.foundation.hubOptions(), readerOptions(s.cfg.Import), connectionLimits(s.cfg.Server)
	texts := []string{"MaxTitle", "MaxText", "MaxID"} // lengths of our columns
	for _, part := range []any{hub, *s.scanner, *s.sealer, *s.AlertEvents, *s.Keys, *s.calendar, *s.escalator, s.Approvals.Limits, read, http, s.ocds} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			f := v.Type().Field(i)
			number := slices.Contains([]reflect.Kind{reflect.Int, reflect.Int64}, f.Type.Kind())
			if number && f.IsExported() && v.Field(i).IsZero() && !slices.Contains(texts, f.Name) {
				t.Errorf("%s.%s has no setting", v.Type().Name(), f.Name)
			}
		}
	}
	const ms = time.Millisecond
	for name, same := range map[string]bool{
		"relay":     s.relay.Poll == 11*ms && s.relay.Batch == 12 && s.relay.Workers == 13 && s.relay.Forget == 24,
		"hub":       hub.Poll == 11*ms && hub.Page == 14 && hub.Workers == 15 && hub.Ring == 16 && hub.Queue == 17 && hub.Linger == 18*ms,
		"keys":      s.Keys.Keep == 34*time.Minute && s.Keys.Wait == 35*ms && s.Keys.MaxAnswer == 36<<10 && s.Keys.Batch == 24,
		"stream":    s.AlertEvents.Every == 19*ms,
		"scanner":   s.scanner.Poll == 20*ms && s.scanner.Batch == 21,
		"sealer":    s.sealer.Poll == 22*ms && s.sealer.Batch == 23,
		"calendar":  s.calendar.Poll == 37*ms && s.calendar.Every == 38*ms && s.calendar.Batch == 39,
		"escalator": s.escalator.Poll == 40*ms && s.escalator.Batch == 41,
		"approvals": s.Approvals.Limits == approvals.Limits{Flows: 42, Tasks: 43, Delegations: 44},
		"progress":  s.Progress.Lines == 45,
		"reports":   s.Reports.Limits == reports.Limits{Rows: 46, Days: 47, Buckets: 48, Shifts: 49},
		"fields":    s.Fields.Limit == 50,
		"importer":  s.ocds.BatchSize == 25,
		"reader":    read.MaxElement == 26<<10 && read.MaxProcess == 27<<10 && read.IndexMemory == 128<<10 && read.MaxDepth == 29,
		"http":      http.ReadHeader == 130*ms && http.Read == 131*ms && http.Idle == 132*ms && http.HeaderBytes == 33<<10,
	} {
		if !same {
			t.Errorf("the settings of the %s did not arrive", name)
		}
	}
}
