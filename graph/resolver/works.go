package resolver

import (
	"context"

	"heyue/domain/progress"
	"heyue/ent"
	"heyue/platform/publicid"
)

// Overviews hold their contract and its lines already. These are given out as edges all the same, so that what is asked of
// them on a whole page of contracts is asked once.

func contractsOf(ctx context.Context, objects []*progress.Overview) ([]*ent.Contract, error) {
	_, err := forKin(ctx, objects, func(all []*progress.Overview) (loaded[publicid.ContractID, *ent.Contract], error) {
		var out loaded[publicid.ContractID, *ent.Contract]
		for _, o := range all {
			out.rows = append(out.rows, o.Contract)
		}
		return out, nil
	})
	contracts := make([]*ent.Contract, len(objects))
	for i, o := range objects {
		contracts[i] = o.Contract
	}
	return contracts, err
}

func linesOf(ctx context.Context, objects []*progress.Overview) ([][]*ent.ProgressLine, error) {
	found, err := forKin(ctx, objects, func(all []*progress.Overview) (loaded[publicid.ContractID, *ent.ProgressLine], error) {
		out := loaded[publicid.ContractID, *ent.ProgressLine]{byKey: map[publicid.ContractID][]*ent.ProgressLine{}}
		for _, o := range all {
			out.byKey[overviewID(o)] = o.Lines
			out.rows = append(out.rows, o.Lines...)
		}
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	lists := make([][]*ent.ProgressLine, len(objects))
	for i, o := range objects {
		lists[i] = orEmpty(found.byKey[overviewID(o)])
	}
	return lists, nil
}

func overdue(ctx context.Context, lines []*ent.ProgressLine,
	load func(context.Context, []*ent.ProgressLine) (map[publicid.ProgressLineID]bool, error),
) ([]bool, error) {
	late, err := forKin(ctx, lines, func(all []*ent.ProgressLine) (map[publicid.ProgressLineID]bool, error) { return load(ctx, all) })
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(lines))
	for i, l := range lines {
		out[i] = late[l.ID]
	}
	return out, nil
}

func overviewID(o *progress.Overview) publicid.ContractID { return o.Contract.ID }

func progressLineID(l *ent.ProgressLine) publicid.ProgressLineID { return l.ID }
