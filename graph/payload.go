package graph

import (
	"reflect"
	"strings"

	"heyue/platform/fault"
)

// Payload makes what a mutation answers when nothing was done: its userErrors, and every object null. The mutation is
// given by the name of its field; resolvers is a value, nil will do, of the interface that has a method for each. It is
// false when there is no such mutation or it has no userErrors.
func Payload[R any](mutation string, _ R, faults []*fault.Fault) (any, bool) {
	for m := range reflect.TypeFor[R]().Methods() {
		if !strings.EqualFold(m.Name, mutation) {
			continue
		}
		made := reflect.New(m.Type.Out(0).Elem())
		errors := made.Elem().FieldByName("UserErrors")
		if !errors.IsValid() {
			return nil, false
		}
		for i := range made.Elem().NumField() { // lists of the API are never null
			if f := made.Elem().Field(i); f.Kind() == reflect.Slice {
				f.Set(reflect.MakeSlice(f.Type(), 0, 0))
			}
		}
		errors.Set(reflect.ValueOf(faults))
		return made.Interface(), true
	}
	return nil, false
}
