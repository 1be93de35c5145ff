-- +goose Up
-- Row security of what payment_requests made. What was asked for stays on record.
SELECT protect_tenant_table('payment_requests', rights => 'SELECT, INSERT, UPDATE');

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
