package bench

import (
	"encoding/json"
	"fmt"
	"time"

	"heyue/platform/publicid"
)

// day is so many days from now, by the clock of the server, which is the one that the product tells today by.
func day(from int) string { return time.Now().AddDate(0, 0, from).Format(time.DateOnly) }

// operation is asked of all targets with the same parameters. What it asks for is the same to the field.
type operation struct {
	Name, What string
	Writes     bool
	// Product and Peer are GraphQL documents, Limit names a statement of the handler written by hand.
	Product, Peer string
	Params        func(r *rows, n int) params
}

// params are one request's: the tenant, and its variables in each target's terms.
type params struct {
	Tenant        int64
	Product, Peer map[string]any
	Limit         []any
}

func operations() []operation {
	return []operation{
		{
			Name: "Q1", What: "a contract with its customer, 20 of the customer's contacts and all payments",
			Product: `query($id: ID!) { contract(id: $id) { id number title status amount { amount currency } signedOn endsOn
				customer { id name code contacts(first: 20) { nodes { id name mobile } } } payments { id paidOn amount { amount } method } } }`,
			Peer: `query($tenant: BigInt!, $id: UUID!) { contractByTenantIdAndId(tenantId: $tenant, id: $id) { id number title status amountMinor currency signedOn endsOn
				customerByTenantIdAndCustomerId { id name code contactsByTenantIdAndCustomerId(first: 20, orderBy: CREATED_AT_DESC) { nodes { id name mobile } } }
				paymentsByTenantIdAndContractId { nodes { id paidOn amountMinor method } } } }`,
			Params: func(r *rows, n int) params {
				s := r.contracts[n%len(r.contracts)]
				return params{s.tenant, map[string]any{"id": contractID(s)}, map[string]any{"tenant": fmt.Sprint(s.tenant), "id": s.id}, []any{s.tenant, s.id}}
			},
		},
		{
			Name: "Q2", What: "20 customers of a region and a category, newest first, with 5 contacts, 3 contracts, their counts and the count of all",
			Product: `query($region: [String!], $category: [String!]) { customers(first: 20, filter: {region: $region, category: $category}, sort: [{field: CREATED_AT, direction: DESC}]) {
				totalCount nodes { id name code contacts(first: 5) { totalCount nodes { id name mobile } } contracts(first: 3) { totalCount nodes { id number title status amount { amount currency } } } } } }`,
			Peer: `query($region: String, $category: String) { allCustomers(first: 20, condition: {region: $region, category: $category}, orderBy: CREATED_AT_DESC) {
				totalCount nodes { id name code contactsByTenantIdAndCustomerId(first: 5, orderBy: CREATED_AT_DESC) { totalCount nodes { id name mobile } }
				contractsByTenantIdAndCustomerId(first: 3, orderBy: CREATED_AT_DESC) { totalCount nodes { id number title status amountMinor currency } } } } }`,
			Params: func(r *rows, n int) params {
				s := r.customers[n%len(r.customers)]
				region, category := []string{"NORTH", "SOUTH", "EAST", "WEST"}[n%4], []string{"A", "B", "C"}[n%3]
				return params{s.tenant, map[string]any{"region": region, "category": category}, map[string]any{"region": region, "category": category}, []any{s.tenant, region, category}}
			},
		},
		{
			Name: "Q3", What: "50 contracts in force that end within 30 days, with their customers",
			Product: `query($from: Date!, $to: Date!) { contracts(first: 50, filter: {status: [ACTIVE], endsOn: {from: $from, to: $to}}, sort: [{field: ENDS_ON, direction: ASC}]) {
				nodes { id number title endsOn amount { amount currency } customer { id name } } } }`,
			Peer: `query($from: Date!, $to: Date!) { expiring(firstDay: $from, lastDay: $to, first: 50) { nodes { id number title endsOn amountMinor currency customerByTenantIdAndCustomerId { id name } } } }`,
			Params: func(r *rows, n int) params {
				s := r.contracts[n%len(r.contracts)]
				v := map[string]any{"from": day(1), "to": day(30)}
				return params{s.tenant, v, v, []any{s.tenant, day(1), day(30)}}
			},
		},
		{
			Name: "Q5", What: "what is due in each of twelve months",
			Product: `query($to: Date!) { cashForecast(bucket: MONTH, to: $to) { currencies { currency periods { from figures { inflow { amount } } } } } }`,
			Peer:    `query($from: Date!, $to: Date!) { dueByMonth(firstDay: $from, lastDay: $to) { nodes { month currency due } } }`,
			Params: func(r *rows, n int) params {
				s := r.contracts[n%len(r.contracts)]
				return params{s.tenant, map[string]any{"to": day(364)}, map[string]any{"from": day(1), "to": day(364)}, []any{s.tenant, day(1), day(364)}}
			},
		},
		{
			Name: "M1", What: "a service record; the product also writes the audit entry, asks for the session and keeps numbers of versions", Writes: true,
			Product: `mutation($id: ID!) { serviceRecordCreate(input: {customerId: $id, serviceType: "ON_SITE", servedOn: "2026-06-01", content: "上门保养"}) { serviceRecord { id content } userErrors { code } } }`,
			Peer: `mutation($tenant: BigInt!, $record: UUID!, $id: UUID!) { createServiceRecord(input: {serviceRecord: {tenantId: $tenant, id: $record, createdAt: "2026-06-15T01:00:00Z", updatedAt: "2026-06-15T01:00:00Z",
				serviceType: "ON_SITE", servedOn: "2026-06-01", content: "上门保养", customerId: $id}}) { serviceRecord { id content } } }`,
			Params: func(r *rows, n int) params {
				s := r.customers[n%len(r.customers)]
				record := publicid.NewServiceRecordID().UUID()
				return params{
					s.tenant, map[string]any{"id": customerID(s)}, map[string]any{"tenant": fmt.Sprint(s.tenant), "record": record, "id": s.id},
					[]any{s.tenant, record, s.id},
				}
			},
		},
	}
}

// statements are what somebody who knows the rows writes for an operation: one statement that gives the whole answer.
var statements = map[string]string{
	"Q1": `SELECT json_build_object('id', c.id, 'number', c.number, 'title', c.title, 'status', c.status, 'amount', c.amount_minor, 'currency', c.currency, 'signedOn', c.signed_on, 'endsOn', c.ends_on,
		'customer', (SELECT json_build_object('id', u.id, 'name', u.name, 'code', u.code, 'contacts', (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'mobile', k.mobile)), '[]')
			FROM (SELECT id, name, mobile FROM contacts WHERE tenant_id = $1 AND customer_id = u.id AND archived_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 20) k))
			FROM customers u WHERE u.tenant_id = $1 AND u.id = c.customer_id),
		'payments', (SELECT coalesce(json_agg(json_build_object('id', p.id, 'paidOn', p.paid_on, 'amount', p.amount_minor, 'method', p.method)), '[]') FROM payments p WHERE p.tenant_id = $1 AND p.contract_id = c.id))
		FROM contracts c WHERE c.tenant_id = $1 AND c.id = $2`,
	"Q2": `SELECT json_build_object('totalCount', (SELECT count(*) FROM customers WHERE tenant_id = $1 AND region = $2 AND category = $3 AND archived_at IS NULL), 'nodes', (SELECT coalesce(json_agg(json_build_object(
		'id', u.id, 'name', u.name, 'code', u.code, 'contactCount', (SELECT count(*) FROM contacts WHERE tenant_id = $1 AND customer_id = u.id AND archived_at IS NULL),
		'contacts', (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'mobile', k.mobile)), '[]')
			FROM (SELECT id, name, mobile FROM contacts WHERE tenant_id = $1 AND customer_id = u.id AND archived_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 5) k),
		'contractCount', (SELECT count(*) FROM contracts WHERE tenant_id = $1 AND customer_id = u.id AND archived_at IS NULL),
		'contracts', (SELECT coalesce(json_agg(json_build_object('id', c.id, 'number', c.number, 'title', c.title, 'status', c.status, 'amount', c.amount_minor, 'currency', c.currency)), '[]')
			FROM (SELECT * FROM contracts WHERE tenant_id = $1 AND customer_id = u.id AND archived_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 3) c))), '[]')
		FROM (SELECT id, name, code FROM customers WHERE tenant_id = $1 AND region = $2 AND category = $3 AND archived_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 20) u))`,
	"Q3": `SELECT coalesce(json_agg(json_build_object('id', c.id, 'number', c.number, 'title', c.title, 'endsOn', c.ends_on, 'amount', c.amount_minor, 'currency', c.currency, 'customer', json_build_object('id', u.id, 'name', u.name))), '[]')
		FROM (SELECT * FROM contracts WHERE tenant_id = $1 AND ends_on BETWEEN $2::date AND $3::date AND status = 'ACTIVE' AND archived_at IS NULL ORDER BY ends_on, id LIMIT 50) c
		JOIN customers u ON u.tenant_id = $1 AND u.id = c.customer_id`,
	"Q5": `SELECT coalesce(json_agg(json_build_object('month', m, 'currency', currency, 'due', due)), '[]') FROM (SELECT date_trunc('month', l.due_on)::date m, l.currency, sum(l.amount_minor - l.settled_minor) due
		FROM payment_plan_lines l JOIN contracts c ON c.tenant_id = $1 AND c.id = l.contract_id WHERE l.tenant_id = $1 AND l.state IN ('PLANNED', 'PARTLY_PAID') AND l.due_on BETWEEN $2::date AND $3::date
		AND c.status = 'ACTIVE' AND c.archived_at IS NULL GROUP BY 1, 2 ORDER BY 1) x`,
	"M1": `INSERT INTO service_records (tenant_id, id, created_at, updated_at, service_type, served_on, content, customer_id) VALUES ($1, $2, now(), now(), 'ON_SITE', '2026-06-01', '上门保养', $3)
		RETURNING json_build_object('id', id, 'content', content)`,
}

// told are the keys whose texts must be the same whoever answers.
var told = map[string]bool{"number": true, "title": true, "name": true, "mobile": true, "code": true, "content": true, "totalCount": false}

// texts counts what an answer says under the keys of told.
func texts(answer []byte) (map[string]int, error) {
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		return nil, err
	}
	out := map[string]int{}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				walk(k, inner)
			}
		case []any:
			for _, inner := range v {
				walk(key, inner)
			}
		case string:
			if told[key] {
				out[key+"="+v]++
			}
		}
	}
	walk("", v)
	return out, nil
}
