package alerts

import (
	"context"

	"github.com/google/uuid"

	"heyue/ent"
	"heyue/ent/role"
	"heyue/ent/user"
	"heyue/ent/userrole"
	"heyue/identity/account"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
)

// Recipients names who may be told of an obligation.
type Recipients interface {
	// Candidates reads, in tx, what it needs to know of all obligations at once. The function it returns gives, for
	// one of them, groups of users in the order in which they are asked: the first group with somebody who may read
	// the subject is told, the others are not.
	Candidates(ctx context.Context, tx *ent.Tx, obligations []*ent.Obligation) (func(*ent.Obligation) [][]publicid.UserID, error)
}

// Staff is the product's own Recipients: the owner; else the managers of the department; else the administrators.
// Only active users count, so that nothing is addressed to somebody who has left.
type Staff struct{}

// manager is the shipped role that answers for its department.
const manager = "manager"

// Candidates implements Recipients.
func (Staff) Candidates(ctx context.Context, tx *ent.Tx, obligations []*ent.Obligation) (func(*ent.Obligation) [][]publicid.UserID, error) {
	var owners []publicid.UserID
	for _, ob := range obligations {
		if ob.OwnerID != nil {
			owners = append(owners, *ob.OwnerID)
		}
	}
	active, err := tx.User.Query().Where(user.StateEQ(account.Active), among(user.FieldID, owners)).IDs(ctx)
	if err != nil {
		return nil, fault.Wrap(err, "read owners")
	}
	present := make(map[publicid.UserID]bool, len(active))
	for _, id := range active {
		present[id] = true
	}
	managers, admins, err := leaders(ctx, tx)
	if err != nil {
		return nil, err
	}
	return func(ob *ent.Obligation) [][]publicid.UserID {
		var groups [][]publicid.UserID
		if ob.OwnerID != nil && present[*ob.OwnerID] {
			groups = append(groups, []publicid.UserID{*ob.OwnerID})
		}
		if ob.DepartmentID != nil {
			groups = append(groups, managers[*ob.DepartmentID])
		}
		return append(groups, admins)
	}, nil
}

// leaders reads the active managers by department and the active administrators.
func leaders(ctx context.Context, tx *ent.Tx) (managers map[publicid.DepartmentID][]publicid.UserID, admins []publicid.UserID, err error) {
	leading, err := tx.UserRole.Query().
		Where(userrole.HasRoleWith(role.TemplateIn(manager, policies.Admin)), userrole.HasUserWith(user.StateEQ(account.Active))).
		Order(userrole.ByUserID()).WithRole().WithUser().All(ctx)
	if err != nil {
		return nil, nil, fault.Wrap(err, "read managers")
	}
	managers = map[publicid.DepartmentID][]publicid.UserID{}
	for _, l := range leading {
		switch home := l.Edges.User.DepartmentID; {
		case l.Edges.Role.Template == policies.Admin:
			admins = append(admins, l.UserID)
		case home != nil:
			managers[*home] = append(managers[*home], l.UserID)
		}
	}
	return managers, admins, nil
}

// eligible returns the first group's members who may read alerts and the obligation's subject.
func eligible(permissions *policies.Snapshot, ob *ent.Obligation, groups [][]publicid.UserID) ([]publicid.UserID, error) {
	for _, group := range groups {
		var users []publicid.UserID
		seen := map[publicid.UserID]bool{}
		for _, u := range group {
			grants, err := permissions.For(u)
			if err != nil {
				return nil, err
			}
			if !seen[u] && mayRead(grants, ob) {
				users = append(users, u)
			}
			seen[u] = true
		}
		if len(users) > 0 {
			return users, nil
		}
	}
	return nil, nil
}

// mayRead is the rule for every alert: its reader may read alerts, and what it is about.
func mayRead(grants *policies.Grants, ob *ent.Obligation) bool {
	if _, ok := grants.Access(policies.AlertRead); !ok {
		return false
	}
	access, ok := grants.Access(readSubject)
	return ok && access.CoversContract(ob.ContractID, ob.OwnerID, ob.DepartmentID)
}

// recipientRow is one inbox entry as the bulk statement takes it.
type recipientRow struct {
	ID    uuid.UUID `json:"id"`
	Alert uuid.UUID `json:"alert_id"`
	User  uuid.UUID `json:"user_id"`
}

const insertRecipientsSQL = `INSERT INTO alert_recipients (tenant_id, id, created_at, updated_at, alert_id, user_id)
SELECT $1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.alert_id, n.user_id
FROM json_to_recordset($3::json) AS n(id uuid, alert_id uuid, user_id uuid)
ON CONFLICT (tenant_id, alert_id, user_id) DO NOTHING RETURNING id`
