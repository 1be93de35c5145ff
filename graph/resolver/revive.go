package resolver

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"heyue/ent"
	"heyue/graph/generated"
	"heyue/platform/fault"
	"heyue/platform/publicid"
)

// Revive makes the payload of a mutation again that has been carried out: each object in it is the one that the mutation
// made, or else the one that its arguments name, as the caller may see it now. A payload that holds anything else, or an
// object that is gone or out of reach, cannot be made again: IDEMPOTENCY_ANSWER_LOST.
func (s Services) Revive(ctx context.Context, mutation string, made []string, arguments map[string]any) (any, error) {
	kind, ok := payloadOf(mutation)
	if !ok {
		return nil, lost()
	}
	payload := reflect.New(kind).Elem()
	for i := range kind.NumField() {
		var err error
		switch f := kind.Field(i); {
		case f.Type == reflect.TypeFor[[]*fault.Fault]():
			payload.Field(i).Set(reflect.ValueOf([]*fault.Fault{})) // what fails is not recorded
		case f.Type == reflect.TypeFor[*ent.Tenant]():
			err = s.set(ctx, payload.Field(i), "")
		case f.Type.Kind() == reflect.Slice:
			err = s.reviveAll(ctx, payload.Field(i), made, arguments)
		default:
			err = s.reviveOne(ctx, payload.Field(i), made, arguments)
		}
		if err != nil {
			return nil, err
		}
	}
	return payload.Addr().Interface(), nil
}

// payloadOf is the struct that a mutation returns, by the name of its field.
func payloadOf(mutation string) (reflect.Type, bool) {
	for m := range reflect.TypeFor[generated.MutationResolver]().Methods() {
		if strings.EqualFold(m.Name, mutation) {
			return m.Type.Out(0).Elem(), true
		}
	}
	return nil, false
}

func (s Services) reviveOne(ctx context.Context, into reflect.Value, made []string, arguments map[string]any) error {
	ids := candidates(into.Type(), made, arguments)
	if len(ids) == 0 {
		return lost()
	}
	return s.set(ctx, into, ids[0])
}

func (s Services) reviveAll(ctx context.Context, into reflect.Value, made []string, arguments map[string]any) error {
	ids := candidates(into.Type().Elem(), made, arguments)
	if len(ids) == 0 {
		return lost()
	}
	list := reflect.MakeSlice(into.Type(), len(ids), len(ids))
	for i, id := range ids {
		if err := s.set(ctx, list.Index(i), id); err != nil {
			return err
		}
	}
	into.Set(list)
	return nil
}

// candidates are the ids of the right kind among what was made, or else among the arguments.
func candidates(entity reflect.Type, made []string, arguments map[string]any) []string {
	prefix, ok := prefixOf(entity)
	if !ok {
		return nil
	}
	other := func(id string) bool { return !strings.HasPrefix(id, prefix) }
	if ids := slices.DeleteFunc(slices.Clone(made), other); len(ids) > 0 {
		slices.Sort(ids) // which is the order they were made in; rows that are written together are told of backwards
		return ids
	}
	return slices.DeleteFunc(named(arguments, nil), other)
}

// prefixOf is what the ids of an entity begin with.
func prefixOf(entity reflect.Type) (string, bool) {
	if entity.Kind() != reflect.Pointer || entity.Elem().Kind() != reflect.Struct {
		return "", false
	}
	id, ok := entity.Elem().FieldByName("ID")
	if !ok {
		return "", false
	}
	text, ok := reflect.Zero(id.Type).Interface().(fmt.Stringer)
	if !ok {
		return "", false
	}
	prefix, _, ok := strings.Cut(text.String(), "_")
	return prefix + "_", ok
}

// named collects the ids in arguments: what is called id first, the rest by name.
func named(v any, ids []string) []string {
	switch v := v.(type) {
	case string:
		if _, err := publicid.ParseAny(v); err == nil {
			ids = append(ids, v)
		}
	case []any:
		for _, x := range v {
			ids = named(x, ids)
		}
	case map[string]any:
		ids = named(v["id"], ids)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name != "id" {
				ids = named(v[name], ids)
			}
		}
	}
	return ids
}

// set reads an object into a field of a payload.
func (s Services) set(ctx context.Context, into reflect.Value, id string) error {
	var found any
	var err error
	if into.Type() == reflect.TypeFor[*ent.Tenant]() {
		found, err = s.Tenants.Settings(ctx)
	} else {
		found, err = s.object(ctx, id)
	}
	if err != nil {
		return err
	}
	v := reflect.ValueOf(found)
	if !v.IsValid() || !v.Type().AssignableTo(into.Type()) {
		return lost()
	}
	into.Set(v)
	return nil
}

// object is node for what payloads show, parts of other objects included.
func (s Services) object(ctx context.Context, id string) (any, error) {
	if key, err := publicid.ParsePaymentID(id); err == nil {
		return found(s.Contracts.Payment(ctx, key))
	}
	if key, err := publicid.ParseMilestoneID(id); err == nil {
		return found(s.Contracts.Milestone(ctx, key))
	}
	if key, err := publicid.ParseProgressLineID(id); err == nil {
		return found(s.Progress.Line(ctx, key))
	}
	if key, err := publicid.ParseProgressEntryID(id); err == nil {
		return found(s.Progress.Entry(ctx, key))
	}
	return s.node(ctx, id)
}

func lost() error {
	return fault.New(fault.BadRequest, fault.CodeAnswerLost, "the mutation was carried out, but its answer cannot be given again; read what it changed")
}
