-- +goose Up
-- Row security of what change_orders made. What is on record about a contract's terms is only ever added to.
SELECT protect_tenant_table('change_orders', rights => 'SELECT, INSERT, UPDATE');
SELECT protect_tenant_table('change_evidences', rights => 'SELECT, INSERT');
SELECT protect_tenant_table('contract_versions', rights => 'SELECT, INSERT');
SELECT protect_tenant_table('terms_schedules', rights => 'SELECT, INSERT, UPDATE');

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
