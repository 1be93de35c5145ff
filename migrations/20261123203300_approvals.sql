-- +goose Up
-- The new references are checked under row security, which would look at no tenant's rows: lift it for the owner while they are made.
ALTER TABLE "users" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "departments" NO FORCE ROW LEVEL SECURITY;
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "manager_id" uuid NULL, ADD CONSTRAINT "users_users_reports" FOREIGN KEY ("tenant_id", "manager_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create index "user_tenant_id_manager_id" to table: "users"
CREATE INDEX "user_tenant_id_manager_id" ON "users" ("tenant_id", "manager_id");
-- create "approval_delegations" table
CREATE TABLE "approval_delegations" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "starts_on" date NOT NULL, "ends_on" date NOT NULL, "ended_at" timestamptz NULL, "user_id" uuid NOT NULL, "delegate_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approval_delegations_users_delegate" FOREIGN KEY ("tenant_id", "delegate_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_delegations_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "delegation_in_order" CHECK (ends_on >= starts_on), CONSTRAINT "delegation_to_somebody" CHECK (delegate_id <> user_id));
-- create index "approvaldelegation_tenant_id_delegate_id" to table: "approval_delegations"
CREATE INDEX "approvaldelegation_tenant_id_delegate_id" ON "approval_delegations" ("tenant_id", "delegate_id");
-- create index "approvaldelegation_tenant_id_user_id_starts_on" to table: "approval_delegations"
CREATE INDEX "approvaldelegation_tenant_id_user_id_starts_on" ON "approval_delegations" ("tenant_id", "user_id", "starts_on");
-- create "approval_flows" table
CREATE TABLE "approval_flows" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "archived_at" timestamptz NULL, "name" character varying NOT NULL, "kind" character varying NOT NULL, "priority" bigint NOT NULL DEFAULT 0, "revision" bigint NOT NULL DEFAULT 1, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approval_flows_kind_values" CHECK ((kind)::text = ANY ((ARRAY['CONTRACT'::character varying, 'CHANGE'::character varying, 'CLAUSE_EXCEPTION'::character varying, 'PAYMENT'::character varying, 'BILL_EDIT'::character varying])::text[])));
-- create index "approvalflow_tenant_id_kind_priority" to table: "approval_flows"
CREATE INDEX "approvalflow_tenant_id_kind_priority" ON "approval_flows" ("tenant_id", "kind", "priority");
-- create "approval_flow_versions" table
CREATE TABLE "approval_flow_versions" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "number" bigint NOT NULL, "definition" jsonb NOT NULL, "flow_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approval_flow_versions_approval_flows_flow" FOREIGN KEY ("tenant_id", "flow_id") REFERENCES "approval_flows" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "approvalflowversion_tenant_id_flow_id_number" to table: "approval_flow_versions"
CREATE UNIQUE INDEX "approvalflowversion_tenant_id_flow_id_number" ON "approval_flow_versions" ("tenant_id", "flow_id", "number");
-- modify "departments" table
ALTER TABLE "departments" ADD COLUMN "head_id" uuid NULL, ADD CONSTRAINT "departments_users_head" FOREIGN KEY ("tenant_id", "head_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create index "department_tenant_id_head_id" to table: "departments"
CREATE INDEX "department_tenant_id_head_id" ON "departments" ("tenant_id", "head_id");
-- create "approvals" table
CREATE TABLE "approvals" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "subject_id" uuid NOT NULL, "title" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'PENDING', "print" bytea NOT NULL, "facts" jsonb NOT NULL, "rule" text NOT NULL DEFAULT '', "submitted_at" timestamptz NOT NULL, "decided_at" timestamptz NULL, "reminded_at" timestamptz NULL, "owner_id" uuid NULL, "department_id" uuid NULL, "contract_id" uuid NULL, "flow_version_id" uuid NULL, "submitter_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approvals_approval_flow_versions_flow_version" FOREIGN KEY ("tenant_id", "flow_version_id") REFERENCES "approval_flow_versions" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approvals_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approvals_departments_department" FOREIGN KEY ("tenant_id", "department_id") REFERENCES "departments" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approvals_users_owner" FOREIGN KEY ("tenant_id", "owner_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approvals_users_submitter" FOREIGN KEY ("tenant_id", "submitter_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approvals_kind_values" CHECK ((kind)::text = ANY ((ARRAY['CONTRACT'::character varying, 'CHANGE'::character varying, 'CLAUSE_EXCEPTION'::character varying, 'PAYMENT'::character varying, 'BILL_EDIT'::character varying])::text[])), CONSTRAINT "approvals_state_values" CHECK ((state)::text = ANY ((ARRAY['PENDING'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'RETURNED'::character varying, 'WITHDRAWN'::character varying, 'SUPERSEDED'::character varying])::text[])));
-- create index "approval_one_pending" to table: "approvals"
CREATE UNIQUE INDEX "approval_one_pending" ON "approvals" ("tenant_id", "kind", "subject_id") WHERE ((state)::text = 'PENDING'::text);
-- create index "approval_tenant_id_subject_id_submitted_at" to table: "approvals"
CREATE INDEX "approval_tenant_id_subject_id_submitted_at" ON "approvals" ("tenant_id", "subject_id", "submitted_at");
-- create index "approval_tenant_id_submitted_at" to table: "approvals"
CREATE INDEX "approval_tenant_id_submitted_at" ON "approvals" ("tenant_id", "submitted_at");
-- create index "approval_tenant_id_submitter_id" to table: "approvals"
CREATE INDEX "approval_tenant_id_submitter_id" ON "approvals" ("tenant_id", "submitter_id");
-- create "approval_nodes" table
CREATE TABLE "approval_nodes" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "position" bigint NOT NULL, "plan" jsonb NOT NULL, "reasons" jsonb NOT NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "print" bytea NULL, "decided_at" timestamptz NULL, "approval_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approval_nodes_approvals_approval" FOREIGN KEY ("tenant_id", "approval_id") REFERENCES "approvals" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_nodes_state_values" CHECK ((state)::text = ANY ((ARRAY['WAITING'::character varying, 'OPEN'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'VOIDED'::character varying])::text[])));
-- create index "approvalnode_tenant_id_approval_id_position" to table: "approval_nodes"
CREATE UNIQUE INDEX "approvalnode_tenant_id_approval_id_position" ON "approval_nodes" ("tenant_id", "approval_id", "position");
-- create "approval_opinions" table
CREATE TABLE "approval_opinions" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "position" bigint NOT NULL, "action" character varying NOT NULL, "text" text NOT NULL DEFAULT '', "digest" character varying NOT NULL, "acted_at" timestamptz NOT NULL, "approval_id" uuid NOT NULL, "node_id" uuid NULL, "user_id" uuid NULL, "principal_id" uuid NULL, "target_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approval_opinions_approval_nodes_node" FOREIGN KEY ("tenant_id", "node_id") REFERENCES "approval_nodes" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_opinions_approvals_approval" FOREIGN KEY ("tenant_id", "approval_id") REFERENCES "approvals" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_opinions_users_principal" FOREIGN KEY ("tenant_id", "principal_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_opinions_users_target" FOREIGN KEY ("tenant_id", "target_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_opinions_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_opinions_action_values" CHECK ((action)::text = ANY ((ARRAY['SUBMIT'::character varying, 'APPROVE'::character varying, 'REJECT'::character varying, 'SEND_BACK'::character varying, 'ADD_SIGNER'::character varying, 'FORWARD'::character varying, 'COPY'::character varying, 'WITHDRAW'::character varying, 'REMIND'::character varying, 'ESCALATE'::character varying, 'VOID'::character varying, 'CARRY_OVER'::character varying, 'SUPERSEDE'::character varying])::text[])));
-- create index "approvalopinion_tenant_id_approval_id_position" to table: "approval_opinions"
CREATE UNIQUE INDEX "approvalopinion_tenant_id_approval_id_position" ON "approval_opinions" ("tenant_id", "approval_id", "position");
-- create "approval_tasks" table
CREATE TABLE "approval_tasks" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "position" bigint NOT NULL, "origin" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "opened_at" timestamptz NULL, "escalate_at" timestamptz NULL, "decided_at" timestamptz NULL, "approval_id" uuid NOT NULL, "node_id" uuid NOT NULL, "user_id" uuid NOT NULL, "principal_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "approval_tasks_approval_nodes_node" FOREIGN KEY ("tenant_id", "node_id") REFERENCES "approval_nodes" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_tasks_approvals_approval" FOREIGN KEY ("tenant_id", "approval_id") REFERENCES "approvals" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_tasks_users_principal" FOREIGN KEY ("tenant_id", "principal_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_tasks_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "approval_tasks_origin_values" CHECK ((origin)::text = ANY ((ARRAY['FLOW'::character varying, 'ADDED'::character varying, 'FORWARDED'::character varying, 'ESCALATED'::character varying, 'COPY'::character varying])::text[])), CONSTRAINT "approval_tasks_state_values" CHECK ((state)::text = ANY ((ARRAY['WAITING'::character varying, 'OPEN'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'RETURNED'::character varying, 'PASSED'::character varying, 'MOOT'::character varying, 'COPIED'::character varying])::text[])));
-- create index "approvaltask_escalate_at_tenant_id" to table: "approval_tasks"
CREATE INDEX "approvaltask_escalate_at_tenant_id" ON "approval_tasks" ("escalate_at", "tenant_id") WHERE (escalate_at IS NOT NULL);
-- create index "approvaltask_tenant_id_approval_id" to table: "approval_tasks"
CREATE INDEX "approvaltask_tenant_id_approval_id" ON "approval_tasks" ("tenant_id", "approval_id");
-- create index "approvaltask_tenant_id_node_id" to table: "approval_tasks"
CREATE INDEX "approvaltask_tenant_id_node_id" ON "approval_tasks" ("tenant_id", "node_id");
-- create index "approvaltask_tenant_id_user_id_created_at" to table: "approval_tasks"
CREATE INDEX "approvaltask_tenant_id_user_id_created_at" ON "approval_tasks" ("tenant_id", "user_id", "created_at");
ALTER TABLE "users" FORCE ROW LEVEL SECURITY;
ALTER TABLE "departments" FORCE ROW LEVEL SECURITY;

-- +goose Down
-- reverse: create index "approvaltask_tenant_id_user_id_created_at" to table: "approval_tasks"
DROP INDEX "approvaltask_tenant_id_user_id_created_at";
-- reverse: create index "approvaltask_tenant_id_node_id" to table: "approval_tasks"
DROP INDEX "approvaltask_tenant_id_node_id";
-- reverse: create index "approvaltask_tenant_id_approval_id" to table: "approval_tasks"
DROP INDEX "approvaltask_tenant_id_approval_id";
-- reverse: create index "approvaltask_escalate_at_tenant_id" to table: "approval_tasks"
DROP INDEX "approvaltask_escalate_at_tenant_id";
-- reverse: create "approval_tasks" table
DROP TABLE "approval_tasks";
-- reverse: create index "approvalopinion_tenant_id_approval_id_position" to table: "approval_opinions"
DROP INDEX "approvalopinion_tenant_id_approval_id_position";
-- reverse: create "approval_opinions" table
DROP TABLE "approval_opinions";
-- reverse: create index "approvalnode_tenant_id_approval_id_position" to table: "approval_nodes"
DROP INDEX "approvalnode_tenant_id_approval_id_position";
-- reverse: create "approval_nodes" table
DROP TABLE "approval_nodes";
-- reverse: create index "approval_tenant_id_submitter_id" to table: "approvals"
DROP INDEX "approval_tenant_id_submitter_id";
-- reverse: create index "approval_tenant_id_submitted_at" to table: "approvals"
DROP INDEX "approval_tenant_id_submitted_at";
-- reverse: create index "approval_tenant_id_subject_id_submitted_at" to table: "approvals"
DROP INDEX "approval_tenant_id_subject_id_submitted_at";
-- reverse: create index "approval_one_pending" to table: "approvals"
DROP INDEX "approval_one_pending";
-- reverse: create "approvals" table
DROP TABLE "approvals";
-- reverse: create index "department_tenant_id_head_id" to table: "departments"
DROP INDEX "department_tenant_id_head_id";
-- reverse: modify "departments" table
ALTER TABLE "departments" DROP CONSTRAINT "departments_users_head", DROP COLUMN "head_id";
-- reverse: create index "approvalflowversion_tenant_id_flow_id_number" to table: "approval_flow_versions"
DROP INDEX "approvalflowversion_tenant_id_flow_id_number";
-- reverse: create "approval_flow_versions" table
DROP TABLE "approval_flow_versions";
-- reverse: create index "approvalflow_tenant_id_kind_priority" to table: "approval_flows"
DROP INDEX "approvalflow_tenant_id_kind_priority";
-- reverse: create "approval_flows" table
DROP TABLE "approval_flows";
-- reverse: create index "approvaldelegation_tenant_id_user_id_starts_on" to table: "approval_delegations"
DROP INDEX "approvaldelegation_tenant_id_user_id_starts_on";
-- reverse: create index "approvaldelegation_tenant_id_delegate_id" to table: "approval_delegations"
DROP INDEX "approvaldelegation_tenant_id_delegate_id";
-- reverse: create "approval_delegations" table
DROP TABLE "approval_delegations";
-- reverse: create index "user_tenant_id_manager_id" to table: "users"
DROP INDEX "user_tenant_id_manager_id";
-- reverse: modify "users" table
ALTER TABLE "users" DROP CONSTRAINT "users_users_reports", DROP COLUMN "manager_id";
