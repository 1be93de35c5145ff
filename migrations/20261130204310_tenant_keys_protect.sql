-- +goose Up
-- Row security of what tenant_keys made. Only the owner deletes a key: that erases every text that it has sealed.
SELECT protect_tenant_table('tenant_keys', rights => 'SELECT, INSERT, UPDATE');

-- The system role sees which tenants have rows to seal, and nothing of their keys.
CREATE POLICY system_finds_work ON tenant_keys FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, stale, scheme) ON tenant_keys TO heyue_system;

-- A tenant that was erased leaves its number, its slug and the certificate: neither is ever given away again, and an
-- erasure that was cut off after its commit can still be proven.
ALTER TABLE tenant_directory ADD COLUMN erased_at timestamptz, ADD COLUMN certificate text,
  ADD CONSTRAINT tenant_directory_erased CHECK ((erased_at IS NULL) = (certificate IS NULL));

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
