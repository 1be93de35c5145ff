-- +goose Up
SELECT protect_tenant_table('idempotency_keys');
SELECT protect_tenant_table('custom_fields');
SELECT protect_tenant_table('custom_values');

-- The system role sees which tenants have keys to forget, and nothing of what they are for.
CREATE POLICY system_finds_work ON idempotency_keys FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, expires_at) ON idempotency_keys TO heyue_system;

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
