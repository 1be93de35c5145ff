-- +goose Up
-- create "message_templates" table
CREATE TABLE "message_templates" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "channel" character varying NOT NULL, "locale" character varying NOT NULL, "subject" text NOT NULL DEFAULT '', "body" text NOT NULL DEFAULT '', PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "message_templates_channel_values" CHECK ((channel)::text = ANY ((ARRAY['IN_APP'::character varying, 'EMAIL'::character varying, 'WEBHOOK'::character varying, 'SMS'::character varying, 'WECOM'::character varying, 'DINGTALK'::character varying, 'FEISHU'::character varying])::text[])), CONSTRAINT "message_templates_kind_values" CHECK ((kind)::text = ANY ((ARRAY['ALERT'::character varying, 'DIGEST'::character varying, 'DIGEST_ITEM'::character varying])::text[])));
-- create index "messagetemplate_tenant_id_kind_channel_locale" to table: "message_templates"
CREATE UNIQUE INDEX "messagetemplate_tenant_id_kind_channel_locale" ON "message_templates" ("tenant_id", "kind", "channel", "locale");
-- modify "alert_recipients" table
-- the key is checked under row security, and no tenant is set here
ALTER TABLE "users" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "alert_recipients" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "alert_recipients" ADD COLUMN "snoozed_until" timestamptz NULL, ADD COLUMN "assigned_by_id" uuid NULL, ADD COLUMN "assigned_to_id" uuid NULL, ADD CONSTRAINT "alert_recipients_users_assigned_by" FOREIGN KEY ("tenant_id", "assigned_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, ADD CONSTRAINT "alert_recipients_users_assigned_to" FOREIGN KEY ("tenant_id", "assigned_to_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION;
ALTER TABLE "alert_recipients" FORCE ROW LEVEL SECURITY;
ALTER TABLE "users" FORCE ROW LEVEL SECURITY;
-- create index "alertrecipient_snoozed_until_tenant_id" to table: "alert_recipients"
CREATE INDEX "alertrecipient_snoozed_until_tenant_id" ON "alert_recipients" ("snoozed_until", "tenant_id") WHERE (snoozed_until IS NOT NULL);
-- create "endpoints" table
CREATE TABLE "endpoints" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "archived_at" timestamptz NULL, "channel" character varying NOT NULL, "provider" character varying NOT NULL DEFAULT 'PLAIN', "name" character varying NOT NULL, "url" text NOT NULL DEFAULT '', "credentials" bytea NOT NULL, "options" jsonb NOT NULL, "events" jsonb NOT NULL, "shown_fields" jsonb NOT NULL, "previous_until" timestamptz NULL, "enabled" boolean NOT NULL DEFAULT true, "disabled_reason" character varying NOT NULL DEFAULT 'NONE', "cursor" bigint NOT NULL DEFAULT 0, "failures" bigint NOT NULL DEFAULT 0, "failing_since" timestamptz NULL, "open_until" timestamptz NULL, "free_at" timestamptz NULL, "user_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "endpoints_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "endpoints_channel_values" CHECK ((channel)::text = ANY ((ARRAY['IN_APP'::character varying, 'EMAIL'::character varying, 'WEBHOOK'::character varying, 'SMS'::character varying, 'WECOM'::character varying, 'DINGTALK'::character varying, 'FEISHU'::character varying])::text[])), CONSTRAINT "endpoints_disabled_reason_values" CHECK ((disabled_reason)::text = ANY ((ARRAY['NONE'::character varying, 'EXPIRED'::character varying, 'REFUSED'::character varying, 'GONE'::character varying, 'NO_WAY'::character varying, 'WITHDRAWN'::character varying, 'NOT_ALLOWED'::character varying, 'NOT_WANTED'::character varying, 'FAILING'::character varying, 'BY_HAND'::character varying])::text[])), CONSTRAINT "endpoints_provider_values" CHECK ((provider)::text = ANY ((ARRAY['PLAIN'::character varying, 'ALIYUN'::character varying, 'TENCENT'::character varying])::text[])));
-- create index "endpoint_tenant_id_user_id" to table: "endpoints"
CREATE INDEX "endpoint_tenant_id_user_id" ON "endpoints" ("tenant_id", "user_id");
-- create "deliveries" table
CREATE TABLE "deliveries" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "source_id" uuid NOT NULL, "kind" character varying NOT NULL, "payload" jsonb NULL, "occurred_at" timestamptz NOT NULL, "channel" character varying NOT NULL, "target" text NOT NULL, "address" text NOT NULL DEFAULT '', "name" text NOT NULL DEFAULT '', "subject_id" uuid NOT NULL, "position" bigint NOT NULL, "digest_key" character varying NOT NULL DEFAULT '', "locale" character varying NOT NULL DEFAULT '', "state" character varying NOT NULL DEFAULT 'WAITING', "attempt" bigint NOT NULL DEFAULT 0, "next_at" timestamptz NULL, "leased_until" timestamptz NULL, "expires_at" timestamptz NOT NULL, "delivered_at" timestamptz NULL, "reason" character varying NOT NULL DEFAULT 'NONE', "provider_id" text NOT NULL DEFAULT '', "alert_id" uuid NULL, "user_id" uuid NULL, "endpoint_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "deliveries_alerts_alert" FOREIGN KEY ("tenant_id", "alert_id") REFERENCES "alerts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "deliveries_endpoints_endpoint" FOREIGN KEY ("tenant_id", "endpoint_id") REFERENCES "endpoints" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "deliveries_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "deliveries_channel_values" CHECK ((channel)::text = ANY ((ARRAY['IN_APP'::character varying, 'EMAIL'::character varying, 'WEBHOOK'::character varying, 'SMS'::character varying, 'WECOM'::character varying, 'DINGTALK'::character varying, 'FEISHU'::character varying])::text[])), CONSTRAINT "deliveries_reason_values" CHECK ((reason)::text = ANY ((ARRAY['NONE'::character varying, 'EXPIRED'::character varying, 'REFUSED'::character varying, 'GONE'::character varying, 'NO_WAY'::character varying, 'WITHDRAWN'::character varying, 'NOT_ALLOWED'::character varying, 'NOT_WANTED'::character varying, 'FAILING'::character varying, 'BY_HAND'::character varying])::text[])), CONSTRAINT "deliveries_state_values" CHECK ((state)::text = ANY ((ARRAY['WAITING'::character varying, 'DELIVERED'::character varying, 'DEAD'::character varying, 'CANCELLED'::character varying])::text[])));
-- create index "delivery_next_at_tenant_id" to table: "deliveries"
CREATE INDEX "delivery_next_at_tenant_id" ON "deliveries" ("next_at", "tenant_id") WHERE (next_at IS NOT NULL);
-- create index "delivery_tenant_id_alert_id" to table: "deliveries"
CREATE INDEX "delivery_tenant_id_alert_id" ON "deliveries" ("tenant_id", "alert_id");
-- create index "delivery_tenant_id_channel_target_subject_id_position" to table: "deliveries"
CREATE INDEX "delivery_tenant_id_channel_target_subject_id_position" ON "deliveries" ("tenant_id", "channel", "target", "subject_id", "position") WHERE ((state)::text = 'WAITING'::text);
-- create index "delivery_tenant_id_created_at" to table: "deliveries"
CREATE INDEX "delivery_tenant_id_created_at" ON "deliveries" ("tenant_id", "created_at");
-- create index "delivery_tenant_id_endpoint_id_next_at" to table: "deliveries"
CREATE INDEX "delivery_tenant_id_endpoint_id_next_at" ON "deliveries" ("tenant_id", "endpoint_id", "next_at") WHERE (next_at IS NOT NULL);
-- create index "delivery_tenant_id_leased_until" to table: "deliveries"
CREATE INDEX "delivery_tenant_id_leased_until" ON "deliveries" ("tenant_id", "leased_until") WHERE (leased_until IS NOT NULL);
-- create index "delivery_tenant_id_source_id_kind_channel_target" to table: "deliveries"
CREATE UNIQUE INDEX "delivery_tenant_id_source_id_kind_channel_target" ON "deliveries" ("tenant_id", "source_id", "kind", "channel", "target");
-- create index "delivery_tenant_id_user_id" to table: "deliveries"
CREATE INDEX "delivery_tenant_id_user_id" ON "deliveries" ("tenant_id", "user_id");
-- create "delivery_attempts" table
CREATE TABLE "delivery_attempts" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "number" bigint NOT NULL, "began_at" timestamptz NOT NULL, "latency_ms" bigint NOT NULL, "result" character varying NOT NULL, "status" bigint NOT NULL DEFAULT 0, "trouble" text NOT NULL DEFAULT '', "response_head" text NOT NULL DEFAULT '', "delivery_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "delivery_attempts_deliveries_delivery" FOREIGN KEY ("tenant_id", "delivery_id") REFERENCES "deliveries" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "delivery_attempts_result_values" CHECK ((result)::text = ANY ((ARRAY['ACCEPTED'::character varying, 'LATER'::character varying, 'REJECTED'::character varying])::text[])));
-- create index "deliveryattempt_tenant_id_began_at" to table: "delivery_attempts"
CREATE INDEX "deliveryattempt_tenant_id_began_at" ON "delivery_attempts" ("tenant_id", "began_at");
-- create index "deliveryattempt_tenant_id_delivery_id_number" to table: "delivery_attempts"
CREATE UNIQUE INDEX "deliveryattempt_tenant_id_delivery_id_number" ON "delivery_attempts" ("tenant_id", "delivery_id", "number");

-- +goose Down
-- reverse: create index "deliveryattempt_tenant_id_delivery_id_number" to table: "delivery_attempts"
DROP INDEX "deliveryattempt_tenant_id_delivery_id_number";
-- reverse: create index "deliveryattempt_tenant_id_began_at" to table: "delivery_attempts"
DROP INDEX "deliveryattempt_tenant_id_began_at";
-- reverse: create "delivery_attempts" table
DROP TABLE "delivery_attempts";
-- reverse: create index "delivery_tenant_id_user_id" to table: "deliveries"
DROP INDEX "delivery_tenant_id_user_id";
-- reverse: create index "delivery_tenant_id_source_id_kind_channel_target" to table: "deliveries"
DROP INDEX "delivery_tenant_id_source_id_kind_channel_target";
-- reverse: create index "delivery_tenant_id_leased_until" to table: "deliveries"
DROP INDEX "delivery_tenant_id_leased_until";
-- reverse: create index "delivery_tenant_id_endpoint_id_next_at" to table: "deliveries"
DROP INDEX "delivery_tenant_id_endpoint_id_next_at";
-- reverse: create index "delivery_tenant_id_created_at" to table: "deliveries"
DROP INDEX "delivery_tenant_id_created_at";
-- reverse: create index "delivery_tenant_id_channel_target_subject_id_position" to table: "deliveries"
DROP INDEX "delivery_tenant_id_channel_target_subject_id_position";
-- reverse: create index "delivery_tenant_id_alert_id" to table: "deliveries"
DROP INDEX "delivery_tenant_id_alert_id";
-- reverse: create index "delivery_next_at_tenant_id" to table: "deliveries"
DROP INDEX "delivery_next_at_tenant_id";
-- reverse: create "deliveries" table
DROP TABLE "deliveries";
-- reverse: create index "endpoint_tenant_id_user_id" to table: "endpoints"
DROP INDEX "endpoint_tenant_id_user_id";
-- reverse: create "endpoints" table
DROP TABLE "endpoints";
-- reverse: create index "alertrecipient_snoozed_until_tenant_id" to table: "alert_recipients"
DROP INDEX "alertrecipient_snoozed_until_tenant_id";
-- reverse: modify "alert_recipients" table
ALTER TABLE "alert_recipients" DROP CONSTRAINT "alert_recipients_users_assigned_to", DROP CONSTRAINT "alert_recipients_users_assigned_by", DROP COLUMN "assigned_to_id", DROP COLUMN "assigned_by_id", DROP COLUMN "snoozed_until";
-- reverse: create index "messagetemplate_tenant_id_kind_channel_locale" to table: "message_templates"
DROP INDEX "messagetemplate_tenant_id_kind_channel_locale";
-- reverse: create "message_templates" table
DROP TABLE "message_templates";
