-- +goose Up
-- create "clauses" table
CREATE TABLE "clauses" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "archived_at" timestamptz NULL, "code" character varying NOT NULL, "tags" jsonb NOT NULL, "heading_zh" text NOT NULL DEFAULT '', "heading_en" text NOT NULL DEFAULT '', "text_zh" text NOT NULL DEFAULT '', "text_en" text NOT NULL DEFAULT '', PRIMARY KEY ("tenant_id", "id"));
-- create index "clause_tenant_id_code" to table: "clauses"
CREATE UNIQUE INDEX "clause_tenant_id_code" ON "clauses" ("tenant_id", "code");
-- create index "clause_tenant_id_created_at" to table: "clauses"
CREATE INDEX "clause_tenant_id_created_at" ON "clauses" ("tenant_id", "created_at");
-- create "clause_exceptions" table
CREATE TABLE "clause_exceptions" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "clause_key" character varying NOT NULL, "old_text" text NOT NULL, "new_text" text NOT NULL, "reason" text NOT NULL, "status" character varying NOT NULL DEFAULT 'PROPOSED', "decided_at" timestamptz NULL, "opinion" text NOT NULL DEFAULT '', "contract_id" uuid NOT NULL, "proposed_by_id" uuid NOT NULL, "decided_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "clause_exceptions_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "clause_exceptions_users_decided_by" FOREIGN KEY ("tenant_id", "decided_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "clause_exceptions_users_proposed_by" FOREIGN KEY ("tenant_id", "proposed_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "clause_exceptions_status_values" CHECK ((status)::text = ANY ((ARRAY['PROPOSED'::character varying, 'ACCEPTED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying])::text[])), CONSTRAINT "decided_by_another" CHECK (decided_by_id <> proposed_by_id), CONSTRAINT "decided_when_said" CHECK ((decided_at IS NULL) = ((status)::text = ANY ((ARRAY['PROPOSED'::character varying, 'WITHDRAWN'::character varying])::text[]))));
-- create index "clause_exceptions_one_open" to table: "clause_exceptions"
CREATE UNIQUE INDEX "clause_exceptions_one_open" ON "clause_exceptions" ("tenant_id", "contract_id", "clause_key") WHERE ((status)::text = 'PROPOSED'::text);
-- create index "clauseexception_tenant_id_contract_id_id" to table: "clause_exceptions"
CREATE INDEX "clauseexception_tenant_id_contract_id_id" ON "clause_exceptions" ("tenant_id", "contract_id", "id");
-- create "templates" table
CREATE TABLE "templates" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "archived_at" timestamptz NULL, "code" character varying NOT NULL, "name" character varying NOT NULL, "kind" character varying NOT NULL, "description" text NOT NULL DEFAULT '', "contract_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "templates_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "templates_kind_values" CHECK ((kind)::text = ANY ((ARRAY['SALES'::character varying, 'PURCHASE'::character varying, 'SERVICE'::character varying, 'VEHICLE'::character varying, 'LEASE'::character varying, 'ENGINEERING'::character varying, 'CONFIDENTIALITY'::character varying, 'FRAMEWORK'::character varying, 'OTHER'::character varying])::text[])));
-- create index "template_tenant_id_code" to table: "templates"
CREATE UNIQUE INDEX "template_tenant_id_code" ON "templates" ("tenant_id", "code");
-- create index "template_tenant_id_contract_id" to table: "templates"
CREATE UNIQUE INDEX "template_tenant_id_contract_id" ON "templates" ("tenant_id", "contract_id");
-- create index "template_tenant_id_created_at" to table: "templates"
CREATE INDEX "template_tenant_id_created_at" ON "templates" ("tenant_id", "created_at");
-- create "template_versions" table
CREATE TABLE "template_versions" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "number" bigint NOT NULL, "status" character varying NOT NULL DEFAULT 'DRAFT', "content" jsonb NOT NULL, "content_hash" character varying NOT NULL, "note" text NOT NULL DEFAULT '', "published_at" timestamptz NULL, "retired_at" timestamptz NULL, "template_id" uuid NOT NULL, "published_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "template_versions_templates_template" FOREIGN KEY ("tenant_id", "template_id") REFERENCES "templates" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "template_versions_users_published_by" FOREIGN KEY ("tenant_id", "published_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "template_versions_status_values" CHECK ((status)::text = ANY ((ARRAY['DRAFT'::character varying, 'PUBLISHED'::character varying, 'RETIRED'::character varying])::text[])));
-- create index "template_versions_one_draft" to table: "template_versions"
CREATE UNIQUE INDEX "template_versions_one_draft" ON "template_versions" ("tenant_id", "template_id") WHERE ((status)::text = 'DRAFT'::text);
-- create index "template_versions_one_published" to table: "template_versions"
CREATE UNIQUE INDEX "template_versions_one_published" ON "template_versions" ("tenant_id", "template_id", "status") WHERE ((status)::text = 'PUBLISHED'::text);
-- create index "templateversion_tenant_id_template_id_number" to table: "template_versions"
CREATE UNIQUE INDEX "templateversion_tenant_id_template_id_number" ON "template_versions" ("tenant_id", "template_id", "number");
-- create "contract_texts" table
CREATE TABLE "contract_texts" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "language" character varying NOT NULL, "slots" jsonb NOT NULL, "optional" jsonb NOT NULL, "contract_id" uuid NOT NULL, "template_version_id" uuid NOT NULL, "contact_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "contract_texts_contacts_contact" FOREIGN KEY ("tenant_id", "contact_id") REFERENCES "contacts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_texts_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_texts_template_versions_template_version" FOREIGN KEY ("tenant_id", "template_version_id") REFERENCES "template_versions" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_texts_language_values" CHECK ((language)::text = ANY ((ARRAY['ZH'::character varying, 'EN'::character varying])::text[])));
-- create index "contracttext_tenant_id_contact_id" to table: "contract_texts"
CREATE INDEX "contracttext_tenant_id_contact_id" ON "contract_texts" ("tenant_id", "contact_id");
-- create index "contracttext_tenant_id_contract_id" to table: "contract_texts"
CREATE UNIQUE INDEX "contracttext_tenant_id_contract_id" ON "contract_texts" ("tenant_id", "contract_id");
-- create index "contracttext_tenant_id_template_version_id" to table: "contract_texts"
CREATE INDEX "contracttext_tenant_id_template_version_id" ON "contract_texts" ("tenant_id", "template_version_id");

-- +goose Down
-- reverse: create index "contracttext_tenant_id_template_version_id" to table: "contract_texts"
DROP INDEX "contracttext_tenant_id_template_version_id";
-- reverse: create index "contracttext_tenant_id_contract_id" to table: "contract_texts"
DROP INDEX "contracttext_tenant_id_contract_id";
-- reverse: create index "contracttext_tenant_id_contact_id" to table: "contract_texts"
DROP INDEX "contracttext_tenant_id_contact_id";
-- reverse: create "contract_texts" table
DROP TABLE "contract_texts";
-- reverse: create index "templateversion_tenant_id_template_id_number" to table: "template_versions"
DROP INDEX "templateversion_tenant_id_template_id_number";
-- reverse: create index "template_versions_one_published" to table: "template_versions"
DROP INDEX "template_versions_one_published";
-- reverse: create index "template_versions_one_draft" to table: "template_versions"
DROP INDEX "template_versions_one_draft";
-- reverse: create "template_versions" table
DROP TABLE "template_versions";
-- reverse: create index "template_tenant_id_created_at" to table: "templates"
DROP INDEX "template_tenant_id_created_at";
-- reverse: create index "template_tenant_id_contract_id" to table: "templates"
DROP INDEX "template_tenant_id_contract_id";
-- reverse: create index "template_tenant_id_code" to table: "templates"
DROP INDEX "template_tenant_id_code";
-- reverse: create "templates" table
DROP TABLE "templates";
-- reverse: create index "clauseexception_tenant_id_contract_id_id" to table: "clause_exceptions"
DROP INDEX "clauseexception_tenant_id_contract_id_id";
-- reverse: create index "clause_exceptions_one_open" to table: "clause_exceptions"
DROP INDEX "clause_exceptions_one_open";
-- reverse: create "clause_exceptions" table
DROP TABLE "clause_exceptions";
-- reverse: create index "clause_tenant_id_created_at" to table: "clauses"
DROP INDEX "clause_tenant_id_created_at";
-- reverse: create index "clause_tenant_id_code" to table: "clauses"
DROP INDEX "clause_tenant_id_code";
-- reverse: create "clauses" table
DROP TABLE "clauses";
