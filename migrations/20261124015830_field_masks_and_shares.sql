-- +goose Up
-- create "decisions" table
CREATE TABLE "decisions" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "kind" character varying NOT NULL, "object" character varying NOT NULL, "action" character varying NOT NULL, "field" character varying NOT NULL DEFAULT '', "operation" character varying NOT NULL DEFAULT '', "policy_version" bigint NOT NULL, "request_id" character varying NOT NULL DEFAULT '', "occurred_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "decisions_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "decisions_kind_values" CHECK ((kind)::text = ANY ((ARRAY['DENIED'::character varying, 'ADMIN_READ'::character varying])::text[])));
-- create index "decision_tenant_id_occurred_at" to table: "decisions"
CREATE INDEX "decision_tenant_id_occurred_at" ON "decisions" ("tenant_id", "occurred_at");
-- create index "decision_tenant_id_user_id_occurred_at" to table: "decisions"
CREATE INDEX "decision_tenant_id_user_id_occurred_at" ON "decisions" ("tenant_id", "user_id", "occurred_at");
-- create "record_shares" table
CREATE TABLE "record_shares" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "level" character varying NOT NULL, "ends_on" date NOT NULL, "customer_id" uuid NULL, "contract_id" uuid NULL, "user_id" uuid NULL, "department_id" uuid NULL, "shared_by_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "record_shares_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "record_shares_customers_customer" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "customers" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "record_shares_departments_department" FOREIGN KEY ("tenant_id", "department_id") REFERENCES "departments" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "record_shares_users_shared_by" FOREIGN KEY ("tenant_id", "shared_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "record_shares_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "record_shares_level_values" CHECK ((level)::text = ANY ((ARRAY['READ'::character varying, 'WRITE'::character varying])::text[])), CONSTRAINT "share_of_one_record" CHECK (num_nonnulls(customer_id, contract_id) = 1), CONSTRAINT "share_with_one" CHECK (num_nonnulls(user_id, department_id) = 1));
-- create index "recordshare_tenant_id_contract_id_department_id" to table: "record_shares"
CREATE UNIQUE INDEX "recordshare_tenant_id_contract_id_department_id" ON "record_shares" ("tenant_id", "contract_id", "department_id");
-- create index "recordshare_tenant_id_contract_id_user_id" to table: "record_shares"
CREATE UNIQUE INDEX "recordshare_tenant_id_contract_id_user_id" ON "record_shares" ("tenant_id", "contract_id", "user_id");
-- create index "recordshare_tenant_id_customer_id_department_id" to table: "record_shares"
CREATE UNIQUE INDEX "recordshare_tenant_id_customer_id_department_id" ON "record_shares" ("tenant_id", "customer_id", "department_id");
-- create index "recordshare_tenant_id_customer_id_user_id" to table: "record_shares"
CREATE UNIQUE INDEX "recordshare_tenant_id_customer_id_user_id" ON "record_shares" ("tenant_id", "customer_id", "user_id");
-- create index "recordshare_tenant_id_department_id_ends_on" to table: "record_shares"
CREATE INDEX "recordshare_tenant_id_department_id_ends_on" ON "record_shares" ("tenant_id", "department_id", "ends_on");
-- create index "recordshare_tenant_id_user_id_ends_on" to table: "record_shares"
CREATE INDEX "recordshare_tenant_id_user_id_ends_on" ON "record_shares" ("tenant_id", "user_id", "ends_on");
-- create "role_field_rules" table
CREATE TABLE "role_field_rules" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "object" character varying NOT NULL, "field" character varying NOT NULL, "effect" character varying NOT NULL, "role_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "role_field_rules_roles_role" FOREIGN KEY ("tenant_id", "role_id") REFERENCES "roles" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_field_rules_effect_values" CHECK ((effect)::text = ANY ((ARRAY['HIDE'::character varying, 'READ_ONLY'::character varying])::text[])));
-- create index "rolefieldrule_tenant_id_role_id_object_field" to table: "role_field_rules"
CREATE UNIQUE INDEX "rolefieldrule_tenant_id_role_id_object_field" ON "role_field_rules" ("tenant_id", "role_id", "object", "field");

-- +goose Down
-- reverse: create index "rolefieldrule_tenant_id_role_id_object_field" to table: "role_field_rules"
DROP INDEX "rolefieldrule_tenant_id_role_id_object_field";
-- reverse: create "role_field_rules" table
DROP TABLE "role_field_rules";
-- reverse: create index "recordshare_tenant_id_user_id_ends_on" to table: "record_shares"
DROP INDEX "recordshare_tenant_id_user_id_ends_on";
-- reverse: create index "recordshare_tenant_id_department_id_ends_on" to table: "record_shares"
DROP INDEX "recordshare_tenant_id_department_id_ends_on";
-- reverse: create index "recordshare_tenant_id_customer_id_user_id" to table: "record_shares"
DROP INDEX "recordshare_tenant_id_customer_id_user_id";
-- reverse: create index "recordshare_tenant_id_customer_id_department_id" to table: "record_shares"
DROP INDEX "recordshare_tenant_id_customer_id_department_id";
-- reverse: create index "recordshare_tenant_id_contract_id_user_id" to table: "record_shares"
DROP INDEX "recordshare_tenant_id_contract_id_user_id";
-- reverse: create index "recordshare_tenant_id_contract_id_department_id" to table: "record_shares"
DROP INDEX "recordshare_tenant_id_contract_id_department_id";
-- reverse: create "record_shares" table
DROP TABLE "record_shares";
-- reverse: create index "decision_tenant_id_user_id_occurred_at" to table: "decisions"
DROP INDEX "decision_tenant_id_user_id_occurred_at";
-- reverse: create index "decision_tenant_id_occurred_at" to table: "decisions"
DROP INDEX "decision_tenant_id_occurred_at";
-- reverse: create "decisions" table
DROP TABLE "decisions";
