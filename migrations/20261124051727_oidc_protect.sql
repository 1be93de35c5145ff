-- +goose Up
-- Row security of what oidc made.
SELECT protect_tenant_table('oidc_providers');
SELECT protect_tenant_table('external_identities');
SELECT protect_tenant_table('oidc_attempts');

-- The system role sees which tenants have attempts to forget, and nothing of them.
CREATE POLICY system_finds_work ON oidc_attempts FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, expires_at) ON oidc_attempts TO heyue_system;

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
