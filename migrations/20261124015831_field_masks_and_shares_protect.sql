-- +goose Up
-- Row security of what field_masks_and_shares made.
SELECT protect_tenant_table('role_field_rules', rights => 'SELECT, INSERT, DELETE');
SELECT protect_tenant_table('record_shares');

-- Decisions are only added to. What is older than a day may be removed, by whoever keeps the log short; the app's role
-- cannot make away with what has just happened.
SELECT protect_tenant_table('decisions', rights => 'SELECT, INSERT, DELETE');
CREATE POLICY decisions_stay ON decisions AS RESTRICTIVE FOR DELETE TO heyue_app USING (occurred_at < now() - interval '1 day');

-- The system role sees which tenants have decisions to forget, and nothing of what they are.
CREATE POLICY system_finds_work ON decisions FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, occurred_at) ON decisions TO heyue_system;

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
