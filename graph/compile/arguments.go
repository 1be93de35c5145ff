package compile

import (
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"heyue/platform/page"
)

func isPaging(name string) bool {
	switch name {
	case "first", "after", "last", "before", "filter", "sort":
		return true
	}
	return false
}

// absent reports whether an argument was not given, or as null.
func absent(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return r.IsNil()
	}
	return false
}

// deref is what a pointer points at.
func deref(pointer any) any { return reflect.ValueOf(pointer).Elem().Interface() }

// paging are the arguments of a root field, as gqlgen has read them.
func paging(args map[string]any) page.Args {
	var a page.Args
	a.First, _ = args["first"].(*int)
	a.After, _ = args["after"].(*string)
	a.Last, _ = args["last"].(*int)
	a.Before, _ = args["before"].(*string)
	return a
}

// rawPaging reads the arguments of a nested field.
func rawPaging(raw map[string]any) (a page.Args, err error) {
	for name, into := range map[string]**int{"first": &a.First, "last": &a.Last} {
		if v := raw[name]; v != nil {
			n, err := graphql.UnmarshalInt(v)
			if err != nil {
				return a, err
			}
			*into = &n
		}
	}
	for name, into := range map[string]**string{"after": &a.After, "before": &a.Before} {
		if v := raw[name]; v != nil {
			s, err := graphql.UnmarshalString(v)
			if err != nil {
				return a, err
			}
			*into = &s
		}
	}
	return a, nil
}
