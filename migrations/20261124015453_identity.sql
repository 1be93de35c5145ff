-- +goose Up
-- modify "audit_entries" table
ALTER TABLE "audit_entries" ADD COLUMN "api_key_id" uuid NULL;
-- modify "sessions" table
ALTER TABLE "sessions" ADD COLUMN "second_factor" boolean NOT NULL DEFAULT false;
-- modify "tenants" table
ALTER TABLE "tenants" ADD COLUMN "second_factor_required" boolean NOT NULL DEFAULT false;
-- create "api_keys" table
CREATE TABLE "api_keys" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "prefix" character varying NOT NULL, "secret_hash" character varying NOT NULL, "previous_hash" character varying NOT NULL DEFAULT '', "previous_until" timestamptz NULL, "permissions" jsonb NOT NULL, "networks" jsonb NOT NULL, "expires_at" timestamptz NOT NULL, "last_used_at" timestamptz NULL, "revoked_at" timestamptz NULL, "user_id" uuid NOT NULL, "session_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "api_keys_sessions_session" FOREIGN KEY ("tenant_id", "session_id") REFERENCES "sessions" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "api_keys_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "apikey_tenant_id_prefix" to table: "api_keys"
CREATE UNIQUE INDEX "apikey_tenant_id_prefix" ON "api_keys" ("tenant_id", "prefix");
-- create index "apikey_tenant_id_session_id" to table: "api_keys"
CREATE INDEX "apikey_tenant_id_session_id" ON "api_keys" ("tenant_id", "session_id");
-- create index "apikey_tenant_id_user_id" to table: "api_keys"
CREATE INDEX "apikey_tenant_id_user_id" ON "api_keys" ("tenant_id", "user_id");
-- create "authenticators" table
CREATE TABLE "authenticators" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "secret" bytea NOT NULL, "last_step" bigint NOT NULL DEFAULT 0, "confirmed_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "authenticators_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "authenticator_tenant_id_user_id" to table: "authenticators"
CREATE UNIQUE INDEX "authenticator_tenant_id_user_id" ON "authenticators" ("tenant_id", "user_id");
-- create "mails" table
CREATE TABLE "mails" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "sealed" bytea NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "tries" bigint NOT NULL DEFAULT 0, "next_at" timestamptz NULL, "sent_at" timestamptz NULL, "trouble" text NOT NULL DEFAULT '', "user_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "mails_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "mails_state_values" CHECK ((state)::text = ANY ((ARRAY['WAITING'::character varying, 'SENT'::character varying, 'DEAD'::character varying])::text[])));
-- create index "mail_next_at_tenant_id" to table: "mails"
CREATE INDEX "mail_next_at_tenant_id" ON "mails" ("next_at", "tenant_id") WHERE (next_at IS NOT NULL);
-- create index "mail_tenant_id_user_id_created_at" to table: "mails"
CREATE INDEX "mail_tenant_id_user_id_created_at" ON "mails" ("tenant_id", "user_id", "created_at");
-- create "one_time_tokens" table
CREATE TABLE "one_time_tokens" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "purpose" character varying NOT NULL, "token_hash" character varying NOT NULL, "tries" bigint NOT NULL DEFAULT 0, "expires_at" timestamptz NOT NULL, "used_at" timestamptz NULL, "revoked_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "one_time_tokens_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "one_time_tokens_purpose_values" CHECK ((purpose)::text = ANY ((ARRAY['INVITATION'::character varying, 'PASSWORD_RESET'::character varying, 'SECOND_FACTOR'::character varying])::text[])));
-- create index "onetimetoken_tenant_id_expires_at" to table: "one_time_tokens"
CREATE INDEX "onetimetoken_tenant_id_expires_at" ON "one_time_tokens" ("tenant_id", "expires_at");
-- create index "onetimetoken_tenant_id_token_hash" to table: "one_time_tokens"
CREATE UNIQUE INDEX "onetimetoken_tenant_id_token_hash" ON "one_time_tokens" ("tenant_id", "token_hash");
-- create index "onetimetoken_tenant_id_user_id_purpose" to table: "one_time_tokens"
CREATE INDEX "onetimetoken_tenant_id_user_id_purpose" ON "one_time_tokens" ("tenant_id", "user_id", "purpose");
-- create "recovery_codes" table
CREATE TABLE "recovery_codes" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "code_hash" character varying NOT NULL, "used_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "recovery_codes_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "recoverycode_tenant_id_user_id_code_hash" to table: "recovery_codes"
CREATE UNIQUE INDEX "recoverycode_tenant_id_user_id_code_hash" ON "recovery_codes" ("tenant_id", "user_id", "code_hash");

-- +goose Down
-- reverse: create index "recoverycode_tenant_id_user_id_code_hash" to table: "recovery_codes"
DROP INDEX "recoverycode_tenant_id_user_id_code_hash";
-- reverse: create "recovery_codes" table
DROP TABLE "recovery_codes";
-- reverse: create index "onetimetoken_tenant_id_user_id_purpose" to table: "one_time_tokens"
DROP INDEX "onetimetoken_tenant_id_user_id_purpose";
-- reverse: create index "onetimetoken_tenant_id_token_hash" to table: "one_time_tokens"
DROP INDEX "onetimetoken_tenant_id_token_hash";
-- reverse: create index "onetimetoken_tenant_id_expires_at" to table: "one_time_tokens"
DROP INDEX "onetimetoken_tenant_id_expires_at";
-- reverse: create "one_time_tokens" table
DROP TABLE "one_time_tokens";
-- reverse: create index "mail_tenant_id_user_id_created_at" to table: "mails"
DROP INDEX "mail_tenant_id_user_id_created_at";
-- reverse: create index "mail_next_at_tenant_id" to table: "mails"
DROP INDEX "mail_next_at_tenant_id";
-- reverse: create "mails" table
DROP TABLE "mails";
-- reverse: create index "authenticator_tenant_id_user_id" to table: "authenticators"
DROP INDEX "authenticator_tenant_id_user_id";
-- reverse: create "authenticators" table
DROP TABLE "authenticators";
-- reverse: create index "apikey_tenant_id_user_id" to table: "api_keys"
DROP INDEX "apikey_tenant_id_user_id";
-- reverse: create index "apikey_tenant_id_session_id" to table: "api_keys"
DROP INDEX "apikey_tenant_id_session_id";
-- reverse: create index "apikey_tenant_id_prefix" to table: "api_keys"
DROP INDEX "apikey_tenant_id_prefix";
-- reverse: create "api_keys" table
DROP TABLE "api_keys";
-- reverse: modify "tenants" table
ALTER TABLE "tenants" DROP COLUMN "second_factor_required";
-- reverse: modify "sessions" table
ALTER TABLE "sessions" DROP COLUMN "second_factor";
-- reverse: modify "audit_entries" table
ALTER TABLE "audit_entries" DROP COLUMN "api_key_id";
