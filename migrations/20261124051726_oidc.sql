-- +goose Up
-- The new reference is checked under row security, which would look at no tenant's rows: lift it for the owner meanwhile.
ALTER TABLE "api_keys" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "sessions" NO FORCE ROW LEVEL SECURITY;
-- modify "api_keys" table
ALTER TABLE "api_keys" ADD COLUMN "previous_session_id" uuid NULL, ADD CONSTRAINT "api_keys_sessions_previous_session" FOREIGN KEY ("tenant_id", "previous_session_id") REFERENCES "sessions" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION;
ALTER TABLE "api_keys" FORCE ROW LEVEL SECURITY;
ALTER TABLE "sessions" FORCE ROW LEVEL SECURITY;
-- create "oidc_providers" table
CREATE TABLE "oidc_providers" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "name" character varying NOT NULL, "issuer" character varying NOT NULL, "client_id" character varying NOT NULL, "client_secret" bytea NULL, "domains" jsonb NOT NULL, "enabled" boolean NOT NULL DEFAULT true, PRIMARY KEY ("tenant_id", "id"));
-- create index "oidcprovider_tenant_id_issuer" to table: "oidc_providers"
CREATE UNIQUE INDEX "oidcprovider_tenant_id_issuer" ON "oidc_providers" ("tenant_id", "issuer");
-- create "external_identities" table
CREATE TABLE "external_identities" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "subject" character varying NOT NULL, "last_used_at" timestamptz NULL, "user_id" uuid NOT NULL, "provider_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "external_identities_oidc_providers_provider" FOREIGN KEY ("tenant_id", "provider_id") REFERENCES "oidc_providers" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "external_identities_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "externalidentity_tenant_id_provider_id_subject" to table: "external_identities"
CREATE UNIQUE INDEX "externalidentity_tenant_id_provider_id_subject" ON "external_identities" ("tenant_id", "provider_id", "subject");
-- create index "externalidentity_tenant_id_user_id" to table: "external_identities"
CREATE INDEX "externalidentity_tenant_id_user_id" ON "external_identities" ("tenant_id", "user_id");
-- create "oidc_attempts" table
CREATE TABLE "oidc_attempts" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "state_hash" character varying NOT NULL, "browser_hash" character varying NOT NULL DEFAULT '', "challenge" character varying NOT NULL, "sealed" bytea NOT NULL, "code_hash" character varying NOT NULL DEFAULT '', "subject" character varying NOT NULL DEFAULT '', "expires_at" timestamptz NOT NULL, "answered_at" timestamptz NULL, "exchanged_at" timestamptz NULL, "provider_id" uuid NOT NULL, "user_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "oidc_attempts_oidc_providers_provider" FOREIGN KEY ("tenant_id", "provider_id") REFERENCES "oidc_providers" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "oidc_attempts_users_user" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "oidcattempt_tenant_id_code_hash" to table: "oidc_attempts"
CREATE UNIQUE INDEX "oidcattempt_tenant_id_code_hash" ON "oidc_attempts" ("tenant_id", "code_hash") WHERE ((code_hash)::text <> ''::text);
-- create index "oidcattempt_tenant_id_expires_at" to table: "oidc_attempts"
CREATE INDEX "oidcattempt_tenant_id_expires_at" ON "oidc_attempts" ("tenant_id", "expires_at");
-- create index "oidcattempt_tenant_id_state_hash" to table: "oidc_attempts"
CREATE UNIQUE INDEX "oidcattempt_tenant_id_state_hash" ON "oidc_attempts" ("tenant_id", "state_hash");

-- +goose Down
-- reverse: create index "oidcattempt_tenant_id_state_hash" to table: "oidc_attempts"
DROP INDEX "oidcattempt_tenant_id_state_hash";
-- reverse: create index "oidcattempt_tenant_id_expires_at" to table: "oidc_attempts"
DROP INDEX "oidcattempt_tenant_id_expires_at";
-- reverse: create index "oidcattempt_tenant_id_code_hash" to table: "oidc_attempts"
DROP INDEX "oidcattempt_tenant_id_code_hash";
-- reverse: create "oidc_attempts" table
DROP TABLE "oidc_attempts";
-- reverse: create index "externalidentity_tenant_id_user_id" to table: "external_identities"
DROP INDEX "externalidentity_tenant_id_user_id";
-- reverse: create index "externalidentity_tenant_id_provider_id_subject" to table: "external_identities"
DROP INDEX "externalidentity_tenant_id_provider_id_subject";
-- reverse: create "external_identities" table
DROP TABLE "external_identities";
-- reverse: create index "oidcprovider_tenant_id_issuer" to table: "oidc_providers"
DROP INDEX "oidcprovider_tenant_id_issuer";
-- reverse: create "oidc_providers" table
DROP TABLE "oidc_providers";
-- reverse: modify "api_keys" table
ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_sessions_previous_session", DROP COLUMN "previous_session_id";
