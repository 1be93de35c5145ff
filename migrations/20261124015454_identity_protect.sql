-- +goose Up
-- Row security of what identity made.
SELECT protect_tenant_table('one_time_tokens');
SELECT protect_tenant_table('mails');
SELECT protect_tenant_table('authenticators');
SELECT protect_tenant_table('recovery_codes');
SELECT protect_tenant_table('api_keys', rights => 'SELECT, INSERT, UPDATE');

-- The system role sees which tenants have mails to send or tokens to forget, and nothing of them.
CREATE POLICY system_finds_work ON mails FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, next_at) ON mails TO heyue_system;
CREATE POLICY system_finds_work ON one_time_tokens FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, expires_at) ON one_time_tokens TO heyue_system;

-- Who tries to sign in is no tenant's: the tenant that is named may not exist. Keys are MACs of accounts and addresses, so
-- the table names nobody.
CREATE TABLE sign_in_attempts (
  key bytea PRIMARY KEY CHECK (length(key) = 32),
  tries bigint NOT NULL CHECK (tries >= 0),
  free_at timestamptz NOT NULL,
  proved_until timestamptz,
  forget_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_forget_at ON sign_in_attempts (forget_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts TO heyue_system;

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
