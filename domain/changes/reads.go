package changes

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"heyue/ent"
	"heyue/ent/changeorder"
	"heyue/ent/contract"
	"heyue/ent/contractversion"
	"heyue/identity"
	"heyue/platform/reading"
	"heyue/policies"
)

// Reads declares how change orders and versions are read in compiled queries: those of contracts within reach, and all of a
// contract's for whoever was given it. The contract of a version is the contract as it was then, which the tables do not hold.
func (s *Service) Reads() reading.Set {
	return reading.Set{
		Types: []reading.Type{
			{Name: "ChangeOrder", One: "changeOrder", Reach: s.reach},
			{Name: "ContractVersion", One: "contractVersion", Reach: s.reach},
		},
		Edges: []reading.Edge{
			{Type: "Contract", Field: "changeOrders", Order: byNumber, Own: "id", Their: changeorder.FieldContractID},
			{Type: "Contract", Field: "versions", Order: byNumber, Own: "id", Their: contractversion.FieldContractID},
			{Type: "ChangeOrder", Field: "recorded", Reach: everything, Own: "id", Their: contractversion.FieldChangeOrderID},
			{Type: "ContractChange", Field: "version", Reach: everything, Own: "id", Their: contractversion.FieldRecordID},
			{Type: "ContractVersion", Field: "changeOrder", Reach: everything, Own: contractversion.FieldChangeOrderID, Their: "id"},
			{Type: "ContractVersion", Field: "record", Reach: everything, Own: contractversion.FieldRecordID, Their: "id"},
			{Type: "ContractVersion", Field: "contract", Resolved: true},
			{Type: "ChangeOrder", Field: "approval", Resolved: true},
			{Type: "ChangeOrder", Field: "evidence", Resolved: true},
		},
	}
}

// reach is of what belongs to a contract.
func (s *Service) reach(ctx context.Context) (reading.Where, error) {
	access, err := s.Policies.Require(ctx, policies.ContractRead)
	if err != nil {
		return nil, err
	}
	me, err := identity.From(ctx)
	return access.Through(contract.Table, changeorder.FieldContractID, me.TenantID), err
}

// everything is the reach of what belongs to the same contract.
func everything(context.Context) (reading.Where, error) { return func(*sql.Selector) {}, nil }

func byNumber(s *sql.Selector) { ent.Asc(changeorder.FieldNumber)(s) }
