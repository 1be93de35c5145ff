-- +goose Up
-- modify "contacts" table
ALTER TABLE "contacts" ADD COLUMN "custom" jsonb NOT NULL DEFAULT '{}';
-- modify "contracts" table
ALTER TABLE "contracts" ADD COLUMN "custom" jsonb NOT NULL DEFAULT '{}';
-- modify "customers" table
ALTER TABLE "customers" ADD COLUMN "custom" jsonb NOT NULL DEFAULT '{}';
-- modify "service_records" table
ALTER TABLE "service_records" ADD COLUMN "custom" jsonb NOT NULL DEFAULT '{}';
-- create "custom_fields" table
CREATE TABLE "custom_fields" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "archived_at" timestamptz NULL, "noun" character varying NOT NULL, "key" character varying NOT NULL, "type" character varying NOT NULL, "target" character varying NULL, "label_zh" character varying NOT NULL, "label_en" character varying NOT NULL, "required" boolean NOT NULL DEFAULT false, "options" jsonb NOT NULL, "position" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "custom_fields_noun_values" CHECK ((noun)::text = ANY ((ARRAY['CUSTOMER'::character varying, 'CONTACT'::character varying, 'CONTRACT'::character varying, 'SERVICE_RECORD'::character varying])::text[])), CONSTRAINT "custom_fields_target_values" CHECK ((target)::text = ANY ((ARRAY['CUSTOMER'::character varying, 'CONTACT'::character varying, 'CONTRACT'::character varying, 'USER'::character varying])::text[])), CONSTRAINT "custom_fields_type_values" CHECK ((type)::text = ANY ((ARRAY['TEXT'::character varying, 'NUMBER'::character varying, 'MONEY'::character varying, 'DATE'::character varying, 'CHOICE'::character varying, 'REFERENCE'::character varying])::text[])));
-- create index "customfield_tenant_id_noun_key" to table: "custom_fields"
CREATE UNIQUE INDEX "customfield_tenant_id_noun_key" ON "custom_fields" ("tenant_id", "noun", "key");
-- create "idempotency_keys" table
CREATE TABLE "idempotency_keys" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "actor_id" uuid NOT NULL, "mutation" character varying NOT NULL, "request" bytea NOT NULL, "made" jsonb NOT NULL, "answer" bytea NULL, "authz_version" bigint NOT NULL DEFAULT 0, "created_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, PRIMARY KEY ("tenant_id", "id"));
-- create index "idempotencykey_tenant_id_expires_at" to table: "idempotency_keys"
CREATE INDEX "idempotencykey_tenant_id_expires_at" ON "idempotency_keys" ("tenant_id", "expires_at");
-- create "custom_values" table
CREATE TABLE "custom_values" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "subject_id" uuid NOT NULL, "text" character varying NULL, "number" bigint NULL, "day" date NULL, "field_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "custom_values_custom_fields_definition" FOREIGN KEY ("tenant_id", "field_id") REFERENCES "custom_fields" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "customvalue_tenant_id_field_id_day_subject_id" to table: "custom_values"
CREATE INDEX "customvalue_tenant_id_field_id_day_subject_id" ON "custom_values" ("tenant_id", "field_id", "day", "subject_id");
-- create index "customvalue_tenant_id_field_id_number_subject_id" to table: "custom_values"
CREATE INDEX "customvalue_tenant_id_field_id_number_subject_id" ON "custom_values" ("tenant_id", "field_id", "number", "subject_id");
-- create index "customvalue_tenant_id_field_id_text_subject_id" to table: "custom_values"
CREATE INDEX "customvalue_tenant_id_field_id_text_subject_id" ON "custom_values" ("tenant_id", "field_id", "text", "subject_id");
-- create index "customvalue_tenant_id_subject_id_field_id" to table: "custom_values"
CREATE UNIQUE INDEX "customvalue_tenant_id_subject_id_field_id" ON "custom_values" ("tenant_id", "subject_id", "field_id");

-- +goose Down
-- reverse: create index "customvalue_tenant_id_subject_id_field_id" to table: "custom_values"
DROP INDEX "customvalue_tenant_id_subject_id_field_id";
-- reverse: create index "customvalue_tenant_id_field_id_text_subject_id" to table: "custom_values"
DROP INDEX "customvalue_tenant_id_field_id_text_subject_id";
-- reverse: create index "customvalue_tenant_id_field_id_number_subject_id" to table: "custom_values"
DROP INDEX "customvalue_tenant_id_field_id_number_subject_id";
-- reverse: create index "customvalue_tenant_id_field_id_day_subject_id" to table: "custom_values"
DROP INDEX "customvalue_tenant_id_field_id_day_subject_id";
-- reverse: create "custom_values" table
DROP TABLE "custom_values";
-- reverse: create index "idempotencykey_tenant_id_expires_at" to table: "idempotency_keys"
DROP INDEX "idempotencykey_tenant_id_expires_at";
-- reverse: create "idempotency_keys" table
DROP TABLE "idempotency_keys";
-- reverse: create index "customfield_tenant_id_noun_key" to table: "custom_fields"
DROP INDEX "customfield_tenant_id_noun_key";
-- reverse: create "custom_fields" table
DROP TABLE "custom_fields";
-- reverse: modify "service_records" table
ALTER TABLE "service_records" DROP COLUMN "custom";
-- reverse: modify "customers" table
ALTER TABLE "customers" DROP COLUMN "custom";
-- reverse: modify "contracts" table
ALTER TABLE "contracts" DROP COLUMN "custom";
-- reverse: modify "contacts" table
ALTER TABLE "contacts" DROP COLUMN "custom";
