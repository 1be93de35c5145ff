-- +goose Up
-- create "change_orders" table
CREATE TABLE "change_orders" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "number" bigint NOT NULL, "state" character varying NOT NULL DEFAULT 'DRAFT', "reason" text NOT NULL, "impact" text NOT NULL DEFAULT '', "effective_on" date NULL, "until" date NULL, "delta" jsonb NOT NULL, "submitted_at" timestamptz NULL, "decided_at" timestamptz NULL, "opinion" text NOT NULL DEFAULT '', "contract_id" uuid NOT NULL, "requested_by_id" uuid NOT NULL, "submitted_by_id" uuid NULL, "decided_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "change_orders_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "change_orders_users_decided_by" FOREIGN KEY ("tenant_id", "decided_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "change_orders_users_requested_by" FOREIGN KEY ("tenant_id", "requested_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "change_orders_users_submitted_by" FOREIGN KEY ("tenant_id", "submitted_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "change_decided" CHECK ((decided_at IS NULL) = ((state)::text <> ALL ((ARRAY['APPROVED'::character varying, 'REJECTED'::character varying])::text[]))), CONSTRAINT "change_in_order" CHECK (until >= effective_on), CONSTRAINT "change_orders_state_values" CHECK ((state)::text = ANY ((ARRAY['DRAFT'::character varying, 'IN_REVIEW'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying])::text[])), CONSTRAINT "change_second_person" CHECK (decided_by_id <> submitted_by_id));
-- create index "changeorder_tenant_id_contract_id_number" to table: "change_orders"
CREATE UNIQUE INDEX "changeorder_tenant_id_contract_id_number" ON "change_orders" ("tenant_id", "contract_id", "number");
-- create index "changeorder_tenant_id_decided_by_id" to table: "change_orders"
CREATE INDEX "changeorder_tenant_id_decided_by_id" ON "change_orders" ("tenant_id", "decided_by_id");
-- create index "changeorder_tenant_id_requested_by_id" to table: "change_orders"
CREATE INDEX "changeorder_tenant_id_requested_by_id" ON "change_orders" ("tenant_id", "requested_by_id");
-- create index "changeorder_tenant_id_submitted_by_id" to table: "change_orders"
CREATE INDEX "changeorder_tenant_id_submitted_by_id" ON "change_orders" ("tenant_id", "submitted_by_id");
-- create "change_evidences" table
CREATE TABLE "change_evidences" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "change_order_id" uuid NOT NULL, "document_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "change_evidences_change_orders_change_order" FOREIGN KEY ("tenant_id", "change_order_id") REFERENCES "change_orders" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "change_evidences_document_references_document" FOREIGN KEY ("tenant_id", "document_id") REFERENCES "document_references" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "changeevidence_tenant_id_change_order_id_document_id" to table: "change_evidences"
CREATE UNIQUE INDEX "changeevidence_tenant_id_change_order_id_document_id" ON "change_evidences" ("tenant_id", "change_order_id", "document_id");
-- create index "changeevidence_tenant_id_document_id" to table: "change_evidences"
CREATE INDEX "changeevidence_tenant_id_document_id" ON "change_evidences" ("tenant_id", "document_id");
-- create "contract_versions" table
CREATE TABLE "contract_versions" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "number" bigint NOT NULL, "source" character varying NOT NULL, "effective_on" date NULL, "until" date NULL, "recorded_at" timestamptz NOT NULL, "delta" jsonb NOT NULL, "content" jsonb NOT NULL, "digest" character varying NOT NULL, "contract_id" uuid NOT NULL, "change_order_id" uuid NULL, "record_id" uuid NULL, "recorded_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "contract_versions_change_orders_change_order" FOREIGN KEY ("tenant_id", "change_order_id") REFERENCES "change_orders" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_versions_contract_changes_record" FOREIGN KEY ("tenant_id", "record_id") REFERENCES "contract_changes" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_versions_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_versions_users_recorded_by" FOREIGN KEY ("tenant_id", "recorded_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_versions_source_values" CHECK ((source)::text = ANY ((ARRAY['CONTRACT'::character varying, 'CHANGE'::character varying, 'CORRECTION'::character varying])::text[])), CONSTRAINT "version_first" CHECK ((((source)::text = 'CONTRACT'::text) = (number = 1)) AND (((source)::text = 'CONTRACT'::text) = (effective_on IS NULL))), CONSTRAINT "version_in_order" CHECK (until >= effective_on), CONSTRAINT "version_order" CHECK (((source)::text = 'CHANGE'::text) = (change_order_id IS NOT NULL)));
-- create index "contractversion_tenant_id_change_order_id" to table: "contract_versions"
CREATE UNIQUE INDEX "contractversion_tenant_id_change_order_id" ON "contract_versions" ("tenant_id", "change_order_id");
-- create index "contractversion_tenant_id_contract_id_number" to table: "contract_versions"
CREATE UNIQUE INDEX "contractversion_tenant_id_contract_id_number" ON "contract_versions" ("tenant_id", "contract_id", "number");
-- create index "contractversion_tenant_id_record_id" to table: "contract_versions"
CREATE INDEX "contractversion_tenant_id_record_id" ON "contract_versions" ("tenant_id", "record_id");
-- create index "contractversion_tenant_id_recorded_by_id" to table: "contract_versions"
CREATE INDEX "contractversion_tenant_id_recorded_by_id" ON "contract_versions" ("tenant_id", "recorded_by_id");
-- create "terms_schedules" table
CREATE TABLE "terms_schedules" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "applied_on" date NOT NULL, "next_on" date NULL, "contract_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "terms_schedules_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "termsschedule_tenant_id_contract_id" to table: "terms_schedules"
CREATE UNIQUE INDEX "termsschedule_tenant_id_contract_id" ON "terms_schedules" ("tenant_id", "contract_id");
-- create index "termsschedule_tenant_id_next_on" to table: "terms_schedules"
CREATE INDEX "termsschedule_tenant_id_next_on" ON "terms_schedules" ("tenant_id", "next_on");

-- +goose Down
-- reverse: create index "termsschedule_tenant_id_next_on" to table: "terms_schedules"
DROP INDEX "termsschedule_tenant_id_next_on";
-- reverse: create index "termsschedule_tenant_id_contract_id" to table: "terms_schedules"
DROP INDEX "termsschedule_tenant_id_contract_id";
-- reverse: create "terms_schedules" table
DROP TABLE "terms_schedules";
-- reverse: create index "contractversion_tenant_id_recorded_by_id" to table: "contract_versions"
DROP INDEX "contractversion_tenant_id_recorded_by_id";
-- reverse: create index "contractversion_tenant_id_record_id" to table: "contract_versions"
DROP INDEX "contractversion_tenant_id_record_id";
-- reverse: create index "contractversion_tenant_id_contract_id_number" to table: "contract_versions"
DROP INDEX "contractversion_tenant_id_contract_id_number";
-- reverse: create index "contractversion_tenant_id_change_order_id" to table: "contract_versions"
DROP INDEX "contractversion_tenant_id_change_order_id";
-- reverse: create "contract_versions" table
DROP TABLE "contract_versions";
-- reverse: create index "changeevidence_tenant_id_document_id" to table: "change_evidences"
DROP INDEX "changeevidence_tenant_id_document_id";
-- reverse: create index "changeevidence_tenant_id_change_order_id_document_id" to table: "change_evidences"
DROP INDEX "changeevidence_tenant_id_change_order_id_document_id";
-- reverse: create "change_evidences" table
DROP TABLE "change_evidences";
-- reverse: create index "changeorder_tenant_id_submitted_by_id" to table: "change_orders"
DROP INDEX "changeorder_tenant_id_submitted_by_id";
-- reverse: create index "changeorder_tenant_id_requested_by_id" to table: "change_orders"
DROP INDEX "changeorder_tenant_id_requested_by_id";
-- reverse: create index "changeorder_tenant_id_decided_by_id" to table: "change_orders"
DROP INDEX "changeorder_tenant_id_decided_by_id";
-- reverse: create index "changeorder_tenant_id_contract_id_number" to table: "change_orders"
DROP INDEX "changeorder_tenant_id_contract_id_number";
-- reverse: create "change_orders" table
DROP TABLE "change_orders";
