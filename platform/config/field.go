package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// field is one setting with its place in a Config.
type field struct {
	name   string
	group  string // the struct it stands in
	secret bool
	tag    reflect.StructTag
	value  reflect.Value
}

// fields lists the settings of c in order.
func fields(c *Config) []field {
	var list []field
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		group := v.Field(i)
		for j := range group.NumField() {
			t := group.Type().Field(j)
			list = append(list, field{
				name:   t.Tag.Get("env"),
				group:  v.Type().Field(i).Name,
				secret: t.Tag.Get("secret") == "true",
				tag:    t.Tag,
				value:  group.Field(j),
			})
		}
	}
	return list
}

func find(c *Config, name string) field {
	for _, f := range fields(c) {
		if f.name == name {
			return f
		}
	}
	panic("config: no setting " + name)
}

// within reports whether the value keeps its oneof, min and max.
func (f field) within() bool {
	if list, ok := f.tag.Lookup("oneof"); ok {
		for one := range strings.SplitSeq(list, "|") {
			if f.value.String() == one {
				return true
			}
		}
		return false
	}
	lo, hi, ok := f.limits()
	return !ok || f.value.Int() >= lo.Int() && f.value.Int() <= hi.Int()
}

// limits reads min and max as values of the field's own type; numbers have both or the field is unbounded.
func (f field) limits() (lo, hi reflect.Value, ok bool) {
	minText, hasMin := f.tag.Lookup("min")
	maxText, hasMax := f.tag.Lookup("max")
	if !hasMin || !hasMax {
		return lo, hi, false
	}
	parse := parsers[f.value.Type()]
	a, errA := parse(minText)
	b, errB := parse(maxText)
	if errA != nil || errB != nil {
		panic("config: malformed bounds of " + f.name)
	}
	return reflect.ValueOf(a), reflect.ValueOf(b), true
}

// allowed says in a few words which values the setting takes.
func (f field) allowed() string {
	if list, ok := f.tag.Lookup("oneof"); ok {
		return strings.ReplaceAll(list, "|", " or ")
	}
	bounds := ""
	if lo, hi, ok := f.limits(); ok {
		bounds = fmt.Sprintf(" from %s to %s", text(lo), text(hi))
	}
	switch f.value.Interface().(type) {
	case Address:
		return "host:port, such as 127.0.0.1:8080"
	case Directory:
		return "an absolute path"
	case Switch:
		return "on or off"
	case Bytes:
		return "a size" + bounds
	case time.Duration:
		return "a duration" + bounds
	case int:
		return "a whole number" + bounds
	case Origins:
		return "origins such as https://app.example.com, comma-separated, without a path"
	case Networks:
		return "networks such as 10.0.0.0/8, comma-separated"
	case PostgresURL:
		return "a URL such as postgres://user:password@host:5432/database"
	case RedisURL:
		return "a URL such as redis://:password@host:6379/0, redis+cluster://host:6379?addr=host2:6379 or redis+sentinel://host:26379/0?master_name=NAME&addr=host2:26379"
	case SMTPURL:
		return "smtps://user:password@host:465, smtp:// with STARTTLS, or smtp+plain:// without"
	case Mailbox:
		return "an address such as heyue <no-reply@example.com>"
	case WebURL:
		return "a URL such as https://contracts.example.com"
	case Key:
		return "32 bytes in base64 (openssl rand -base64 32)"
	case Secret:
		return "text without spaces at its ends"
	case Keys:
		return "keys of 32 bytes in base64, comma-separated"
	}
	panic("config: what does " + f.name + " allow?")
}

// text is how a value is shown, and how it could be given.
func text(v reflect.Value) string {
	if d, ok := v.Interface().(time.Duration); ok {
		return formatDuration(d)
	}
	return fmt.Sprint(v.Interface())
}
