-- +goose NO TRANSACTION
-- +goose Up
-- Contacts go on being written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "contact_tenant_id_phone_blind" ON "contacts" ("tenant_id", "phone_blind") WHERE (phone_blind <> ''::text);
CREATE INDEX CONCURRENTLY IF NOT EXISTS "contact_tenant_id_mobile_blind" ON "contacts" ("tenant_id", "mobile_blind") WHERE (mobile_blind <> ''::text);
CREATE INDEX CONCURRENTLY IF NOT EXISTS "contact_tenant_id_email_blind" ON "contacts" ("tenant_id", "email_blind") WHERE (email_blind <> ''::text);

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
