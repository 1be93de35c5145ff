package imports

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"heyue/ent"
	"heyue/platform/publicid"
	"heyue/tenancy"
)

const system = "ocds"

// Objects that import_sources tells apart.
const (
	objProcess  = "process"
	objParty    = "party"
	objMention  = "mention"
	objContract = "contract"
)

// name is what a source object is found by.
type name struct{ object, id string }

// origin is what is known of a source object from an earlier run.
type origin struct {
	object uuid.UUID
	hash   string
}

// findSources asks for each name by itself. A join of the two sides would do, but before the table was analyzed it is
// planned as one walk through everything the tenant ever imported.
const findSources = `SELECT n.object, n.source_id, s.object_id, s.hash
FROM unnest($2::text[], $3::text[]) AS n(object, source_id)
CROSS JOIN LATERAL (SELECT i.object_id, i.hash FROM import_sources i
	WHERE i.tenant_id = $1::bigint AND i.system = 'ocds' AND i.object = n.object AND i.source_id = n.source_id LIMIT 1) AS s`

// lookUp finds what earlier runs made of source objects. By hand, because ent cannot compare pairs with a list of any
// length in a statement of one text.
func lookUp(ctx context.Context, tx *ent.Tx, names []name) (map[name]origin, error) {
	known := map[name]origin{}
	if len(names) == 0 {
		return known, nil
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return nil, tenancy.ErrNoTenant
	}
	objects, ids := make([]string, len(names)), make([]string, len(names))
	for i, n := range names {
		objects[i], ids[i] = n.object, n.id
	}
	rows, err := tx.QueryContext(ctx, findSources, tenant, pq.Array(objects), pq.Array(ids))
	if err != nil {
		return nil, tenancy.Fault(err, "look up what was imported")
	}
	defer func() { _ = rows.Close() }() // its error is Err's
	for rows.Next() {
		var n name
		var o origin
		if err := rows.Scan(&n.object, &n.id, &o.object, &o.hash); err != nil {
			return nil, tenancy.Fault(err, "look up what was imported")
		}
		known[n] = o
	}
	return known, tenancy.Fault(rows.Err(), "look up what was imported")
}

// remember notes what a source object became and said.
func (w *writer) remember(n name, object uuid.UUID, hash string) {
	w.known[n] = origin{object, hash}
	w.rows.Sources = append(w.rows.Sources, &ent.ImportSource{
		ID: publicid.NewImportSourceID(), System: system, Object: n.object, SourceID: n.id, ObjectID: object, Hash: hash,
	})
}

// among compares a column with any number of ids in one parameter.
func among[ID interface{ UUID() uuid.UUID }](column string, ids []ID) func(*sql.Selector) {
	texts := texts(ids)
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(column)).WriteString(" = ANY(").Arg(pq.Array(texts)).WriteString("::uuid[])")
		}))
	}
}

func texts[ID interface{ UUID() uuid.UUID }](ids []ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.UUID().String()
	}
	return out
}

// What the source no longer has. Payments are never taken away, only reversed.
const (
	dropParties    = `DELETE FROM contract_parties WHERE tenant_id = $1::bigint AND id = ANY($2::uuid[])`
	dropLines      = `DELETE FROM contract_lines WHERE tenant_id = $1::bigint AND id = ANY($2::uuid[])`
	dropMilestones = `DELETE FROM milestones WHERE tenant_id = $1::bigint AND id = ANY($2::uuid[])`
	dropDocuments  = `DELETE FROM document_references WHERE tenant_id = $1::bigint AND id = ANY($2::uuid[])`
	dropChanges    = `DELETE FROM contract_changes WHERE tenant_id = $1::bigint AND id = ANY($2::uuid[])`
)

func drop(ctx context.Context, tx *ent.Tx, statement string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	tenant, ok := tenancy.From(ctx)
	if !ok {
		return tenancy.ErrNoTenant
	}
	_, err := tx.ExecContext(ctx, statement, tenant, pq.Array(ids))
	return tenancy.Fault(err, "drop what the source no longer has")
}
