package password

import "context"

// HoldSlot takes one slot until the returned function is called.
func (h *Hasher) HoldSlot(ctx context.Context) (release func()) {
	if err := h.slots.Acquire(ctx, 1); err != nil {
		panic(err)
	}
	return func() { h.slots.Release(1) }
}
