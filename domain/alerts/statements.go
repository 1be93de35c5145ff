package alerts

// The statements that ent cannot say: hundreds of rows written at once where some may exist already, each with
// values of its own. Rows go in as one JSON parameter, so a statement's text does not depend on their number. Each
// names its tenant, as ent's guard would; the row policies hold here as everywhere.

import (
	"context"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/domain/alerts/due"
	"heyue/ent"
	"heyue/ent/obligation"
	"heyue/ent/predicate"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

// among compares a column with any number of ids in one parameter.
func among[ID interface{ UUID() uuid.UUID }](column string, ids []ID) func(*sql.Selector) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.UUID().String()
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(column)).WriteString(" = ANY(").Arg(pq.Array(texts)).WriteString("::uuid[])")
		}))
	}
}

// raw is a plain id where a typed one is expected.
type raw uuid.UUID

func (r raw) UUID() uuid.UUID { return uuid.UUID(r) }

func named(kind due.Kind, subjects []uuid.UUID) predicate.Obligation {
	ids := make([]raw, len(subjects))
	for i, s := range subjects {
		ids[i] = raw(s)
	}
	return obligation.And(obligation.KindEQ(kind), predicate.Obligation(among(obligation.FieldSubjectID, ids)))
}

// anyNamed matches obligations by subject first, which the index finds, and leaves the kinds to be compared per kind.
func anyNamed(names []name) predicate.Obligation {
	byKind := map[due.Kind][]uuid.UUID{}
	for _, n := range names {
		byKind[n.kind] = append(byKind[n.kind], n.subject)
	}
	var any []predicate.Obligation
	for _, k := range due.Kind("").Values() {
		if subjects := byKind[due.Kind(k)]; len(subjects) > 0 {
			any = append(any, named(due.Kind(k), subjects))
		}
	}
	if len(any) == 0 {
		return func(s *sql.Selector) { s.Where(sql.False()) }
	}
	return obligation.Or(any...)
}

var isOpen = obligation.StateEQ(due.Open)

// lock reads obligations and keeps others from changing them until the transaction ends. Rows are locked in one
// order, so that two callers never wait for each other, and not against references: the scanner may go on adding
// alerts, which it does under the reminder's lock.
func lock(ctx context.Context, tx *ent.Tx, which ...predicate.Obligation) ([]*ent.Obligation, error) {
	return lockPage(ctx, tx, 0, which...)
}

// lockPage is lock for the first so many rows; 0 for all.
func lockPage(ctx context.Context, tx *ent.Tx, limit int, which ...predicate.Obligation) ([]*ent.Obligation, error) {
	q := tx.Obligation.Query().Where(which...).Order(obligation.ByID())
	if limit > 0 {
		q.Limit(limit)
	}
	q.Modify(func(s *sql.Selector) { s.For(sql.LockNoKeyUpdate) })
	rows, err := q.All(ctx)
	return rows, fault.Wrap(err, "lock obligations")
}

// exec runs a statement with the tenant as $1, the instant as $2 and rows as JSON in $3.
func exec[T any](ctx context.Context, tx *ent.Tx, doing, statement string, now time.Time, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := returning(ctx, tx, doing, statement, now, rows)
	return err
}

// returning is exec for a statement that returns the ids of the rows it wrote.
func returning[T any](ctx context.Context, tx *ent.Tx, doing, statement string, now time.Time, rows []T) (map[uuid.UUID]bool, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return nil, fault.Wrap(err, doing)
	}
	result, err := tx.QueryContext(ctx, statement, tenant, now, string(text))
	if err != nil {
		return nil, fault.Wrap(err, doing)
	}
	defer func() { _ = result.Close() }() // its error is Err's
	written := make(map[uuid.UUID]bool, len(rows))
	for result.Next() {
		var id uuid.UUID
		if err := result.Scan(&id); err != nil {
			return nil, fault.Wrap(err, doing)
		}
		written[id] = true
	}
	return written, fault.Wrap(result.Err(), doing)
}

const insertObligationsSQL = `INSERT INTO obligations
	(tenant_id, id, created_at, updated_at, kind, subject_id, contract_id, title, due_on, date_version, state, amount_minor, currency, owner_id, department_id)
SELECT $1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.kind, n.subject_id, n.contract_id, n.title, n.due_on, 1, 'OPEN', n.amount_minor, n.currency, n.owner_id, n.department_id
FROM json_to_recordset($3::json) AS n(id uuid, kind text, subject_id uuid, contract_id uuid, title text, due_on date, amount_minor bigint, currency text, owner_id uuid, department_id uuid)
ON CONFLICT (tenant_id, kind, subject_id) DO NOTHING RETURNING id`

// insertObligations makes the named obligations and returns those that were not there yet.
func insertObligations(ctx context.Context, tx *ent.Tx, now time.Time, names []name, dates map[name]due.Date) ([]*ent.Obligation, error) {
	made := make([]*ent.Obligation, len(names))
	rows := make([]obligationRow, len(names))
	for i, n := range names {
		d := dates[n]
		minor, currency := split(d.Amount)
		made[i] = &ent.Obligation{
			ID: publicid.NewObligationID(), Kind: d.Kind, SubjectID: d.SubjectID, ContractID: d.ContractID, Title: d.Title, DueOn: d.DueOn,
			DateVersion: 1, State: due.Open, AmountMinor: minor, Currency: currency, OwnerID: d.Owner, DepartmentID: d.Department,
		}
		rows[i] = row(made[i])
	}
	written, err := returning(ctx, tx, "make obligations", insertObligationsSQL, now, rows)
	if err != nil {
		return nil, err
	}
	out := made[:0]
	for _, ob := range made {
		if written[ob.ID.UUID()] {
			out = append(out, ob)
		}
	}
	return out, nil
}

const updateObligationsSQL = `UPDATE obligations o SET updated_at = $2::timestamptz, title = n.title, due_on = n.due_on, date_version = n.date_version,
	amount_minor = n.amount_minor, currency = n.currency, owner_id = n.owner_id, department_id = n.department_id
FROM json_to_recordset($3::json) AS n(id uuid, title text, due_on date, date_version bigint, amount_minor bigint, currency text, owner_id uuid, department_id uuid)
WHERE o.tenant_id = $1::bigint AND o.id = n.id RETURNING o.id`

// updateObligations writes what compare changed in memory. The rows are locked.
func updateObligations(ctx context.Context, tx *ent.Tx, now time.Time, changed []*ent.Obligation) error {
	rows := make([]obligationRow, len(changed))
	for i, ob := range changed {
		rows[i] = row(ob)
	}
	return exec(ctx, tx, "change obligations", updateObligationsSQL, now, rows)
}
