-- +goose Up
-- modify "contacts" table
ALTER TABLE "contacts" ADD COLUMN "phone_blind" text NOT NULL DEFAULT '', ADD COLUMN "mobile_blind" text NOT NULL DEFAULT '', ADD COLUMN "email_blind" text NOT NULL DEFAULT '', ADD COLUMN "qq_blind" text NOT NULL DEFAULT '', ADD COLUMN "msn_blind" text NOT NULL DEFAULT '', ADD COLUMN "wechat_blind" text NOT NULL DEFAULT '';
-- create "tenant_keys" table
CREATE TABLE "tenant_keys" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "keyset" bytea NOT NULL, "blind" bytea NOT NULL, "wrapped_by" character varying NOT NULL, "newest" bigint NOT NULL, "stale" boolean NOT NULL DEFAULT true, "scheme" character varying NOT NULL DEFAULT '', PRIMARY KEY ("tenant_id", "id"));
-- create index "tenantkey_tenant_id" to table: "tenant_keys"
CREATE UNIQUE INDEX "tenantkey_tenant_id" ON "tenant_keys" ("tenant_id");

-- +goose Down
-- reverse: create index "tenantkey_tenant_id" to table: "tenant_keys"
DROP INDEX "tenantkey_tenant_id";
-- reverse: create "tenant_keys" table
DROP TABLE "tenant_keys";
-- reverse: modify "contacts" table
ALTER TABLE "contacts" DROP COLUMN "wechat_blind", DROP COLUMN "msn_blind", DROP COLUMN "qq_blind", DROP COLUMN "email_blind", DROP COLUMN "mobile_blind", DROP COLUMN "phone_blind";
