package app

import (
	"reflect"
	"testing"

	"heyue/platform/pgtest"
)

// TestNoServiceIsForgotten holds for services that are added later too: a nil one would panic in the first request.
func TestNoServiceIsForgotten(t *testing.T) {
	t.Parallel()
	s, err := against(t, pgtest.New(t)).Services(t.Context(), Roles{API: true, Worker: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []any{*s, s.forResolvers()} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Pointer && f.IsNil() {
				t.Errorf("%s.%s is not there", v.Type().Name(), v.Type().Field(i).Name)
			}
		}
	}
}
