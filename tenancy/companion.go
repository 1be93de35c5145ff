package tenancy

import (
	"context"
	"fmt"
	"reflect"

	"heyue/ent"
)

// Companion takes part in every [Write] of a context: it adds what must be there exactly when the write is, such as the
// claim of an idempotency key. The transaction and the companion's share of it commit together or not at all. One
// goroutine at a time calls it.
type Companion interface {
	// Begun runs before anything else in the transaction. Its error ends the write as an error of its function does.
	Begun(ctx context.Context, tx *ent.Tx) error
	// Made is told the public id of each row that the transaction adds.
	Made(entity, id string)
	// Ending runs after everything else, before the commit.
	Ending(ctx context.Context, tx *ent.Tx) error
	// Committed is called once the transaction has been committed, and not when that failed or is uncertain.
	Committed()
}

type companionKey struct{}

// Accompanied returns a context whose writes c takes part in.
func Accompanied(ctx context.Context, c Companion) context.Context {
	return context.WithValue(ctx, companionKey{}, c)
}

func companion(ctx context.Context) Companion {
	c, _ := ctx.Value(companionKey{}).(Companion)
	return c
}

// note tells the context's companion what m has added.
func note(ctx context.Context, m ent.Mutation) {
	c := companion(ctx)
	if c == nil || !m.Op().Is(ent.OpCreate) {
		return
	}
	// Each mutation's ID has a type of its own, so there is no interface to ask.
	id := reflect.ValueOf(m).MethodByName("ID")
	if !id.IsValid() {
		return
	}
	answer := id.Call(nil)
	if text, ok := answer[0].Interface().(fmt.Stringer); ok && answer[1].Bool() {
		c.Made(m.Type(), text.String())
	}
}
