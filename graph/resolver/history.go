package resolver

import (
	"context"

	"github.com/google/uuid"

	"heyue/domain/approvals/flow"
	"heyue/domain/drafting"
	"heyue/ent"
	"heyue/platform/publicid"
)

// A contract of another day carries its terms itself: the lists that belong to them are loaded already, and are not those
// that its id leads to now.

// ofThen returns the lists that the contracts carry; false when they are contracts of now.
func ofThen[V any](objects []*ent.Contract, carried func(*ent.Contract) []*V) ([][]*V, bool) {
	out := make([][]*V, len(objects))
	for i, c := range objects {
		if out[i] = carried(c); out[i] == nil {
			return nil, false
		}
	}
	return out, true
}

// textsOfThen renders the texts of contracts of another day; false when they are contracts of now.
func (s Services) textsOfThen(ctx context.Context, objects []*ent.Contract) ([]*drafting.Rendered, bool, error) {
	out := make([]*drafting.Rendered, len(objects))
	for i, c := range objects {
		if c.Edges.Texts == nil {
			return nil, false, nil
		}
		var err error
		if out[i], err = s.Drafting.Then(ctx, c); err != nil {
			return nil, true, err
		}
	}
	return out, true, nil
}

// evidence finds the documents that change orders rest on.
func (s Services) evidence(ctx context.Context, orders []*ent.ChangeOrder) ([][]*ent.DocumentReference, error) {
	found, err := many(ctx, orders, func(o *ent.ChangeOrder) publicid.ChangeOrderID { return o.ID }, s.Changes.EvidenceOf,
		func(e *ent.ChangeEvidence) publicid.ChangeOrderID { return e.ChangeOrderID })
	if err != nil {
		return nil, err
	}
	out := make([][]*ent.DocumentReference, len(found))
	for i, list := range found {
		out[i] = make([]*ent.DocumentReference, len(list))
		for j, e := range list {
			out[i][j] = e.Edges.Document
		}
	}
	return out, nil
}

// approvalsOfChanges finds the newest approvals of change orders.
func (s Services) approvalsOfChanges(ctx context.Context, ids []uuid.UUID) ([]*ent.Approval, error) {
	return s.Approvals.NewestOf(ctx, flow.Change, ids)
}
