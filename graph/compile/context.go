package compile

import "context"

type (
	offKey      struct{}
	recorderKey struct{}
)

// Off returns a context in which everything is left to the resolvers.
func Off(ctx context.Context) context.Context { return context.WithValue(ctx, offKey{}, true) }

func off(ctx context.Context) bool { return ctx.Value(offKey{}) != nil }

// Seen is how a field was read.
type Seen struct {
	Field string // its response key
	Text  string // the statement; "" when there is none
	Args  []any
	Why   error // why the resolvers were left to it; nil when they were not
}

// Recorded returns a context in which seen is told how root fields are read, one after the other or several at a time.
func Recorded(ctx context.Context, seen func(Seen)) context.Context {
	return context.WithValue(ctx, recorderKey{}, seen)
}

func record(ctx context.Context, s Seen) {
	if seen, ok := ctx.Value(recorderKey{}).(func(Seen)); ok {
		seen(s)
	}
}
