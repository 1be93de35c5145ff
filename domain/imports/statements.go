package imports

// The statements that ent cannot say: any number of rows written at once, new or not, each with values of its own.
// Rows come as one JSON parameter, so that a statement's text does not depend on their number and stays prepared;
// COPY would be faster still, but PostgreSQL refuses it where row security holds. Each statement names its tenant, as
// ent's guard would; the row policies hold here as everywhere.
//
// A row that differs in nothing is not written: neither its times nor its version move, and no dead row is left.

const putCustomers = `INSERT INTO customers AS t (
	tenant_id, id, created_at, updated_at, version, kind, name, code, short_name, region, address, source, category, sales_mode, industry, ownership,
	description, credit_code, grade, phone, email, website, owner_id, department_id)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, 1, n.kind, n.name, n.code, n.short_name, n.region, n.address, n.source, n.category,
	n.sales_mode, n.industry, n.ownership, n.description, n.credit_code, n.grade, n.phone, n.email, n.website, n.owner_id, n.department_id
FROM json_to_recordset($3::json) AS n(
	id uuid, kind text, name text, code text, short_name text, region text, address text, source text, category text, sales_mode text, industry text,
	ownership text, description text, credit_code text, grade text, phone text, email text, website text, owner_id uuid, department_id uuid)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, version = t.version + 1, kind = excluded.kind, name = excluded.name, short_name = excluded.short_name,
	region = excluded.region, address = excluded.address, source = excluded.source, category = excluded.category, sales_mode = excluded.sales_mode,
	industry = excluded.industry, ownership = excluded.ownership, description = excluded.description, credit_code = excluded.credit_code,
	grade = excluded.grade, phone = excluded.phone, email = excluded.email, website = excluded.website, owner_id = excluded.owner_id,
	department_id = excluded.department_id
WHERE (
	t.kind, t.name, t.short_name, t.region, t.address, t.source, t.category, t.sales_mode, t.industry, t.ownership, t.description, t.credit_code,
	t.grade, t.phone, t.email, t.website, t.owner_id, t.department_id)
	IS DISTINCT FROM (
	excluded.kind, excluded.name, excluded.short_name, excluded.region, excluded.address, excluded.source, excluded.category, excluded.sales_mode,
	excluded.industry, excluded.ownership, excluded.description, excluded.credit_code, excluded.grade, excluded.phone, excluded.email, excluded.website,
	excluded.owner_id, excluded.department_id)`

// putContacts writes every row that it is given: what is encrypted never equals what was, so the caller says what differs.
const putContacts = `INSERT INTO contacts AS t (
	tenant_id, id, created_at, updated_at, version, customer_id, name, gender, salutation, department, job_title, is_primary, birthday, hobby, address,
	phone, fax, mobile, email, qq, msn, wechat, remark, remark1, remark2, phone_blind, mobile_blind, email_blind, qq_blind, msn_blind, wechat_blind)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, 1, n.customer_id, n.name, n.gender, n.salutation, n.department, n.job_title, n.is_primary,
	n.birthday, n.hobby, n.address, n.phone, n.fax, n.mobile, n.email, n.qq, n.msn, n.wechat, n.remark, n.remark1, n.remark2, n.phone_blind,
	n.mobile_blind, n.email_blind, n.qq_blind, n.msn_blind, n.wechat_blind
FROM json_to_recordset($3::json) AS n(
	id uuid, customer_id uuid, name text, gender text, salutation text, department text, job_title text, is_primary boolean, birthday date, hobby text,
	address text, phone text, fax text, mobile text, email text, qq text, msn text, wechat text, remark text, remark1 text, remark2 text,
	phone_blind text, mobile_blind text, email_blind text, qq_blind text, msn_blind text, wechat_blind text)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, version = t.version + 1, name = excluded.name, gender = excluded.gender, salutation = excluded.salutation,
	department = excluded.department, job_title = excluded.job_title, is_primary = excluded.is_primary, birthday = excluded.birthday,
	hobby = excluded.hobby, address = excluded.address, phone = excluded.phone, fax = excluded.fax, mobile = excluded.mobile, email = excluded.email,
	qq = excluded.qq, msn = excluded.msn, wechat = excluded.wechat, remark = excluded.remark, remark1 = excluded.remark1, remark2 = excluded.remark2,
	phone_blind = excluded.phone_blind, mobile_blind = excluded.mobile_blind, email_blind = excluded.email_blind, qq_blind = excluded.qq_blind,
	msn_blind = excluded.msn_blind, wechat_blind = excluded.wechat_blind`

const putContracts = `INSERT INTO contracts AS t (
	tenant_id, id, created_at, updated_at, version, number, title, kind, direction, status, customer_id, amount_minor, currency, settled_minor,
	allocated_minor, excess_minor, payment_mode, signed_on, effective_on, ends_on, description, predecessor_id, owner_id, department_id)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, 1, n.number, n.title, n.kind, n.direction, n.status, n.customer_id, n.amount_minor, n.currency,
	n.settled_minor, n.allocated_minor, n.excess_minor, n.payment_mode, n.signed_on, n.effective_on, n.ends_on, n.description, n.predecessor_id,
	n.owner_id, n.department_id
FROM json_to_recordset($3::json) AS n(
	id uuid, number text, title text, kind text, direction text, status text, customer_id uuid, amount_minor bigint, currency text,
	settled_minor bigint, allocated_minor bigint, excess_minor bigint, payment_mode text, signed_on date, effective_on date, ends_on date,
	description text, predecessor_id uuid, owner_id uuid, department_id uuid)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, version = t.version + 1, title = excluded.title, kind = excluded.kind, direction = excluded.direction,
	status = excluded.status, customer_id = excluded.customer_id, amount_minor = excluded.amount_minor, currency = excluded.currency,
	settled_minor = excluded.settled_minor, allocated_minor = excluded.allocated_minor, excess_minor = excluded.excess_minor,
	payment_mode = excluded.payment_mode, signed_on = excluded.signed_on, effective_on = excluded.effective_on, ends_on = excluded.ends_on,
	description = excluded.description, predecessor_id = excluded.predecessor_id, owner_id = excluded.owner_id, department_id = excluded.department_id
WHERE (
	t.title, t.kind, t.direction, t.status, t.customer_id, t.amount_minor, t.currency, t.settled_minor, t.allocated_minor,
	t.excess_minor, t.payment_mode, t.signed_on, t.effective_on, t.ends_on, t.description, t.predecessor_id, t.owner_id, t.department_id)
	IS DISTINCT FROM (
	excluded.title, excluded.kind, excluded.direction, excluded.status, excluded.customer_id, excluded.amount_minor, excluded.currency,
	excluded.settled_minor, excluded.allocated_minor, excluded.excess_minor, excluded.payment_mode, excluded.signed_on, excluded.effective_on,
	excluded.ends_on, excluded.description, excluded.predecessor_id,
	excluded.owner_id, excluded.department_id)`

const putParties = `INSERT INTO contract_parties AS t (
	tenant_id, id, created_at, updated_at, contract_id, position, role, name, credit_code, representative, customer_id)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.contract_id, n.position, n.role, n.name, n.credit_code, n.representative, n.customer_id
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, position bigint, role text, name text, credit_code text, representative text, customer_id uuid)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, role = excluded.role, name = excluded.name, credit_code = excluded.credit_code,
	representative = excluded.representative, customer_id = excluded.customer_id
WHERE (
	t.role, t.name, t.credit_code, t.representative, t.customer_id)
	IS DISTINCT FROM (
	excluded.role, excluded.name, excluded.credit_code, excluded.representative, excluded.customer_id)`

const putLines = `INSERT INTO contract_lines AS t (
	tenant_id, id, created_at, updated_at, contract_id, position, description, model, specification, quantity, unit, unit_price, amount_minor,
	delivery_on)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.contract_id, n.position, n.description, n.model, n.specification, n.quantity, n.unit,
	n.unit_price, n.amount_minor, n.delivery_on
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, position bigint, description text, model text, specification text, quantity numeric, unit text, unit_price numeric,
	amount_minor bigint, delivery_on date)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, description = excluded.description, model = excluded.model, specification = excluded.specification,
	quantity = excluded.quantity, unit = excluded.unit, unit_price = excluded.unit_price, amount_minor = excluded.amount_minor,
	delivery_on = excluded.delivery_on
WHERE (
	t.description, t.model, t.specification, t.quantity, t.unit, t.unit_price, t.amount_minor, t.delivery_on)
	IS DISTINCT FROM (
	excluded.description, excluded.model, excluded.specification, excluded.quantity, excluded.unit, excluded.unit_price, excluded.amount_minor,
	excluded.delivery_on)`

const putPlan = `INSERT INTO payment_plan_lines AS t (
	tenant_id, id, created_at, updated_at, version, contract_id, position, due_on, amount_minor, currency, settled_minor, state, purpose)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, 1, n.contract_id, n.position, n.due_on, n.amount_minor, n.currency, n.settled_minor, n.state, n.purpose
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, position bigint, due_on date, amount_minor bigint, currency text, settled_minor bigint, state text, purpose text)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, version = t.version + 1, due_on = excluded.due_on, amount_minor = excluded.amount_minor, currency = excluded.currency,
	settled_minor = excluded.settled_minor, state = excluded.state, purpose = excluded.purpose
WHERE (
	t.due_on, t.amount_minor, t.currency, t.settled_minor, t.state, t.purpose)
	IS DISTINCT FROM (
	excluded.due_on, excluded.amount_minor, excluded.currency, excluded.settled_minor, excluded.state, excluded.purpose)`

const putPayments = `INSERT INTO payments AS t (
	tenant_id, id, created_at, updated_at, contract_id, kind, amount_minor, currency, paid_on, method, reference, note, reversal_of_id)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.contract_id, n.kind, n.amount_minor, n.currency, n.paid_on, n.method, n.reference, n.note,
	n.reversal_of_id
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, kind text, amount_minor bigint, currency text, paid_on date, method text, reference text, note text, reversal_of_id uuid)
ON CONFLICT (tenant_id, id) DO NOTHING`

const putAllocations = `INSERT INTO payment_allocations AS t (
	tenant_id, id, created_at, updated_at, contract_id, payment_id, plan_line_id, amount_minor)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.contract_id, n.payment_id, n.plan_line_id, n.amount_minor
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, payment_id uuid, plan_line_id uuid, amount_minor bigint)
ON CONFLICT (tenant_id, id) DO NOTHING`

const putMilestones = `INSERT INTO milestones AS t (
	tenant_id, id, created_at, updated_at, version, contract_id, title, description, kind, state, due_on, done_on)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, 1, n.contract_id, n.title, n.description, n.kind, n.state, n.due_on, n.done_on
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, title text, description text, kind text, state text, due_on date, done_on date)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, version = t.version + 1, title = excluded.title, description = excluded.description, kind = excluded.kind,
	state = excluded.state, due_on = excluded.due_on, done_on = excluded.done_on
WHERE (
	t.title, t.description, t.kind, t.state, t.due_on, t.done_on)
	IS DISTINCT FROM (
	excluded.title, excluded.description, excluded.kind, excluded.state, excluded.due_on, excluded.done_on)`

const putDocuments = `INSERT INTO document_references AS t (
	tenant_id, id, created_at, updated_at, contract_id, title, url, document_type, format, language, published_on)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.contract_id, n.title, n.url, n.document_type, n.format, n.language, n.published_on
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, title text, url text, document_type text, format text, language text, published_on date)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, title = excluded.title, url = excluded.url, document_type = excluded.document_type, format = excluded.format,
	language = excluded.language, published_on = excluded.published_on
WHERE (
	t.title, t.url, t.document_type, t.format, t.language, t.published_on)
	IS DISTINCT FROM (
	excluded.title, excluded.url, excluded.document_type, excluded.format, excluded.language, excluded.published_on)`

const putChanges = `INSERT INTO contract_changes AS t (
	tenant_id, id, created_at, updated_at, contract_id, changed_on, reason, description)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.contract_id, n.changed_on, n.reason, n.description
FROM json_to_recordset($3::json) AS n(
	id uuid, contract_id uuid, changed_on date, reason text, description text)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, changed_on = excluded.changed_on, reason = excluded.reason, description = excluded.description
WHERE (
	t.changed_on, t.reason, t.description)
	IS DISTINCT FROM (
	excluded.changed_on, excluded.reason, excluded.description)`

const putServices = `INSERT INTO service_records AS t (
	tenant_id, id, created_at, updated_at, version, customer_id, contact_id, contract_id, service_type, served_on, content, satisfaction, feedback,
	owner_id, department_id)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, 1, n.customer_id, n.contact_id, n.contract_id, n.service_type, n.served_on, n.content,
	n.satisfaction, n.feedback, n.owner_id, n.department_id
FROM json_to_recordset($3::json) AS n(
	id uuid, customer_id uuid, contact_id uuid, contract_id uuid, service_type text, served_on date, content text, satisfaction bigint, feedback text,
	owner_id uuid, department_id uuid)
ON CONFLICT (tenant_id, id) DO UPDATE SET
	updated_at = $2::timestamptz, version = t.version + 1, customer_id = excluded.customer_id, contact_id = excluded.contact_id,
	contract_id = excluded.contract_id, service_type = excluded.service_type, served_on = excluded.served_on, content = excluded.content,
	satisfaction = excluded.satisfaction, feedback = excluded.feedback, owner_id = excluded.owner_id, department_id = excluded.department_id
WHERE (
	t.customer_id, t.contact_id, t.contract_id, t.service_type, t.served_on, t.content, t.satisfaction, t.feedback, t.owner_id, t.department_id)
	IS DISTINCT FROM (
	excluded.customer_id, excluded.contact_id, excluded.contract_id, excluded.service_type, excluded.served_on, excluded.content, excluded.satisfaction,
	excluded.feedback, excluded.owner_id, excluded.department_id)`

const putSources = `INSERT INTO import_sources AS t (
	tenant_id, id, created_at, updated_at, system, object, source_id, object_id, hash)
SELECT
	$1::bigint, n.id, $2::timestamptz, $2::timestamptz, n.system, n.object, n.source_id, n.object_id, n.hash
FROM json_to_recordset($3::json) AS n(
	id uuid, system text, object text, source_id text, object_id uuid, hash text)
ON CONFLICT (tenant_id, system, object, source_id) DO UPDATE SET
	updated_at = $2::timestamptz, object_id = excluded.object_id, hash = excluded.hash
WHERE (t.object_id, t.hash) IS DISTINCT FROM (excluded.object_id, excluded.hash)`
