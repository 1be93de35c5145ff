package alerts

import "context"

// Next waits for an event, as an executor that waits would.
func (f *Feed) Next(ctx context.Context) (*Event, error) {
	rung := make(chan struct{}, 1)
	f.Notify(func() {
		select {
		case rung <- struct{}{}:
		default:
		}
	})
	for {
		for f.Ready(ctx) {
			if e, ok, err := f.Poll(ctx); ok || err != nil {
				return e, err
			}
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
