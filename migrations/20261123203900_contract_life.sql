-- +goose Up
-- modify "contracts" table
ALTER TABLE "contracts" ADD CONSTRAINT "contracts_renewal_values" CHECK ((renewal)::text = ANY ((ARRAY['FIXED'::character varying, 'AUTO'::character varying, 'EVERGREEN'::character varying])::text[])), ADD COLUMN "renewal" character varying NOT NULL DEFAULT 'FIXED', ADD COLUMN "renewal_months" bigint NOT NULL DEFAULT 0, ADD COLUMN "notice_days" bigint NOT NULL DEFAULT 0, ADD COLUMN "opted_out_on" date NULL, ADD COLUMN "suspended_until" date NULL, ADD COLUMN "ended_on" date NULL, ADD COLUMN "approved_print" bytea NULL;
-- create index "contract_tenant_id_status_id" to table: "contracts"
CREATE INDEX "contract_tenant_id_status_id" ON "contracts" ("tenant_id", "status", "id");
-- modify "document_references" table
ALTER TABLE "document_references" ADD COLUMN "evidence" boolean NOT NULL DEFAULT false;
-- create "contract_steps" table
CREATE TABLE "contract_steps" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "event" character varying NOT NULL, "from_status" character varying NOT NULL, "to_status" character varying NOT NULL, "happened_on" date NOT NULL, "until" date NULL, "reason" text NOT NULL DEFAULT '', "declared_by" text NOT NULL DEFAULT '', "print" bytea NULL, "occurred_at" timestamptz NOT NULL, "contract_id" uuid NOT NULL, "document_id" uuid NULL, "actor_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "contract_steps_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_steps_document_references_document" FOREIGN KEY ("tenant_id", "document_id") REFERENCES "document_references" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_steps_users_actor" FOREIGN KEY ("tenant_id", "actor_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "contract_steps_event_values" CHECK ((event)::text = ANY ((ARRAY['SUBMIT'::character varying, 'SEND_BACK'::character varying, 'WITHDRAW'::character varying, 'APPROVE'::character varying, 'REJECT'::character varying, 'REVISE'::character varying, 'SIGN'::character varying, 'SIGN_LAST'::character varying, 'ACTIVATE'::character varying, 'SUSPEND'::character varying, 'RESUME'::character varying, 'COMPLETE'::character varying, 'EXPIRE'::character varying, 'REINSTATE'::character varying, 'TERMINATE'::character varying, 'RENEW'::character varying, 'NO_OBJECTION'::character varying, 'AGREE_RENEWAL'::character varying, 'OPT_OUT'::character varying, 'EXTEND'::character varying, 'VOID'::character varying, 'VOID_ONLY'::character varying])::text[])), CONSTRAINT "contract_steps_from_status_values" CHECK ((from_status)::text = ANY ((ARRAY['DRAFT'::character varying, 'IN_REVIEW'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying, 'PARTLY_SIGNED'::character varying, 'SIGNED'::character varying, 'ACTIVE'::character varying, 'SUSPENDED'::character varying, 'COMPLETED'::character varying, 'EXPIRED'::character varying, 'TERMINATED'::character varying, 'RENEWED'::character varying])::text[])), CONSTRAINT "contract_steps_to_status_values" CHECK ((to_status)::text = ANY ((ARRAY['DRAFT'::character varying, 'IN_REVIEW'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying, 'PARTLY_SIGNED'::character varying, 'SIGNED'::character varying, 'ACTIVE'::character varying, 'SUSPENDED'::character varying, 'COMPLETED'::character varying, 'EXPIRED'::character varying, 'TERMINATED'::character varying, 'RENEWED'::character varying])::text[])));
-- create index "contractstep_tenant_id_contract_id_event" to table: "contract_steps"
CREATE INDEX "contractstep_tenant_id_contract_id_event" ON "contract_steps" ("tenant_id", "contract_id", "event");
-- create "incidents" table
CREATE TABLE "incidents" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "side" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'OPEN', "title" character varying NOT NULL, "description" text NOT NULL DEFAULT '', "happened_on" date NOT NULL, "notice_by" date NULL, "notified_on" date NULL, "settle_by" date NULL, "resolved_on" date NULL, "contract_id" uuid NOT NULL, "reported_by_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "incidents_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "incidents_users_reported_by" FOREIGN KEY ("tenant_id", "reported_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "incidents_kind_values" CHECK ((kind)::text = ANY ((ARRAY['BREACH'::character varying, 'FORCE_MAJEURE'::character varying])::text[])), CONSTRAINT "incidents_side_values" CHECK ((side)::text = ANY ((ARRAY['OURS'::character varying, 'THEIRS'::character varying])::text[])), CONSTRAINT "incidents_state_values" CHECK ((state)::text = ANY ((ARRAY['OPEN'::character varying, 'NOTIFIED'::character varying, 'RESOLVED'::character varying])::text[])));
-- create index "incident_tenant_id_contract_id" to table: "incidents"
CREATE INDEX "incident_tenant_id_contract_id" ON "incidents" ("tenant_id", "contract_id");
-- create index "incident_tenant_id_created_at" to table: "incidents"
CREATE INDEX "incident_tenant_id_created_at" ON "incidents" ("tenant_id", "created_at");
-- create index "incident_tenant_id_happened_on" to table: "incidents"
CREATE INDEX "incident_tenant_id_happened_on" ON "incidents" ("tenant_id", "happened_on");
-- create "incident_entries" table
CREATE TABLE "incident_entries" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "kind" character varying NOT NULL, "happened_on" date NOT NULL, "told" text NOT NULL DEFAULT '', "channel" text NOT NULL DEFAULT '', "content" text NOT NULL DEFAULT '', "recorded_at" timestamptz NOT NULL, "incident_id" uuid NOT NULL, "document_id" uuid NULL, "recorded_by_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "incident_entries_document_references_document" FOREIGN KEY ("tenant_id", "document_id") REFERENCES "document_references" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "incident_entries_incidents_incident" FOREIGN KEY ("tenant_id", "incident_id") REFERENCES "incidents" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "incident_entries_users_recorded_by" FOREIGN KEY ("tenant_id", "recorded_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "incident_entries_kind_values" CHECK ((kind)::text = ANY ((ARRAY['NOTICE'::character varying, 'PROOF'::character varying, 'TALK'::character varying, 'RESOLUTION'::character varying])::text[])));
-- create index "incidententry_tenant_id_incident_id_recorded_at" to table: "incident_entries"
CREATE INDEX "incidententry_tenant_id_incident_id_recorded_at" ON "incident_entries" ("tenant_id", "incident_id", "recorded_at");
-- create "signatures" table
CREATE TABLE "signatures" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "party_name" character varying NOT NULL, "signatory" character varying NOT NULL, "capacity" text NOT NULL DEFAULT '', "method" character varying NOT NULL, "seal" text NOT NULL DEFAULT '', "signed_on" date NOT NULL, "originals" bigint NOT NULL DEFAULT 0, "understood" boolean NOT NULL, "print" bytea NOT NULL, "recorded_at" timestamptz NOT NULL, "contract_id" uuid NOT NULL, "party_id" uuid NOT NULL, "document_id" uuid NULL, "recorded_by_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "signatures_contract_parties_party" FOREIGN KEY ("tenant_id", "party_id") REFERENCES "contract_parties" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "signatures_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "signatures_document_references_document" FOREIGN KEY ("tenant_id", "document_id") REFERENCES "document_references" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "signatures_users_recorded_by" FOREIGN KEY ("tenant_id", "recorded_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "signatures_method_values" CHECK ((method)::text = ANY ((ARRAY['SEAL'::character varying, 'HANDWRITING'::character varying, 'SEAL_AND_HANDWRITING'::character varying, 'ELECTRONIC'::character varying])::text[])));
-- create index "signature_tenant_id_contract_id" to table: "signatures"
CREATE INDEX "signature_tenant_id_contract_id" ON "signatures" ("tenant_id", "contract_id");
-- create index "signature_tenant_id_party_id" to table: "signatures"
CREATE INDEX "signature_tenant_id_party_id" ON "signatures" ("tenant_id", "party_id");
-- create "signature_voids" table
CREATE TABLE "signature_voids" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "reason" text NOT NULL, "voided_at" timestamptz NOT NULL, "signature_id" uuid NOT NULL, "voided_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "signature_voids_signatures_signature" FOREIGN KEY ("tenant_id", "signature_id") REFERENCES "signatures" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "signature_voids_users_voided_by" FOREIGN KEY ("tenant_id", "voided_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "signaturevoid_tenant_id_signature_id" to table: "signature_voids"
CREATE UNIQUE INDEX "signaturevoid_tenant_id_signature_id" ON "signature_voids" ("tenant_id", "signature_id");

-- +goose Down
-- reverse: create index "signaturevoid_tenant_id_signature_id" to table: "signature_voids"
DROP INDEX "signaturevoid_tenant_id_signature_id";
-- reverse: create "signature_voids" table
DROP TABLE "signature_voids";
-- reverse: create index "signature_tenant_id_party_id" to table: "signatures"
DROP INDEX "signature_tenant_id_party_id";
-- reverse: create index "signature_tenant_id_contract_id" to table: "signatures"
DROP INDEX "signature_tenant_id_contract_id";
-- reverse: create "signatures" table
DROP TABLE "signatures";
-- reverse: create index "incidententry_tenant_id_incident_id_recorded_at" to table: "incident_entries"
DROP INDEX "incidententry_tenant_id_incident_id_recorded_at";
-- reverse: create "incident_entries" table
DROP TABLE "incident_entries";
-- reverse: create index "incident_tenant_id_happened_on" to table: "incidents"
DROP INDEX "incident_tenant_id_happened_on";
-- reverse: create index "incident_tenant_id_created_at" to table: "incidents"
DROP INDEX "incident_tenant_id_created_at";
-- reverse: create index "incident_tenant_id_contract_id" to table: "incidents"
DROP INDEX "incident_tenant_id_contract_id";
-- reverse: create "incidents" table
DROP TABLE "incidents";
-- reverse: create index "contractstep_tenant_id_contract_id_event" to table: "contract_steps"
DROP INDEX "contractstep_tenant_id_contract_id_event";
-- reverse: create "contract_steps" table
DROP TABLE "contract_steps";
-- reverse: modify "document_references" table
ALTER TABLE "document_references" DROP COLUMN "evidence";
-- reverse: create index "contract_tenant_id_status_id" to table: "contracts"
DROP INDEX "contract_tenant_id_status_id";
-- reverse: modify "contracts" table
ALTER TABLE "contracts" DROP COLUMN "approved_print", DROP COLUMN "ended_on", DROP COLUMN "suspended_until", DROP COLUMN "opted_out_on", DROP COLUMN "notice_days", DROP COLUMN "renewal_months", DROP COLUMN "renewal", DROP CONSTRAINT "contracts_renewal_values";
