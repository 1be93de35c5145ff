package policies

import (
	"context"

	"heyue/ent"
	"heyue/tenancy"
)

// tell calls Changed once a raised version has been committed, wherever it was raised.
func (e *Engine) tell(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if change, ok := m.(*ent.TenantMutation); ok && e.Changed != nil {
			if _, raised := change.AddedAuthzVersion(); raised {
				if tx, err := change.Tx(); err == nil {
					e.afterwards(ctx, tx)
				}
			}
		}
		return next.Mutate(ctx, m)
	})
}

func (e *Engine) afterwards(ctx context.Context, tx *ent.Tx) {
	id, ok := tenancy.From(ctx)
	if !ok {
		return
	}
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Commit(ctx, tx)
			if err == nil {
				e.Changed(id)
			}
			return err
		})
	})
}
