-- +goose Up
-- Row security and grants of approvals. What a flow said and what anybody answered stays as it was: the app's role may
-- only add to it.
SELECT protect_tenant_table('approval_flows', rights => 'SELECT, INSERT, UPDATE');
SELECT protect_tenant_table('approval_flow_versions', rights => 'SELECT, INSERT');
SELECT protect_tenant_table('approvals', rights => 'SELECT, INSERT, UPDATE');
SELECT protect_tenant_table('approval_nodes', rights => 'SELECT, INSERT, UPDATE');
SELECT protect_tenant_table('approval_tasks', rights => 'SELECT, INSERT, UPDATE');
SELECT protect_tenant_table('approval_opinions', rights => 'SELECT, INSERT');
SELECT protect_tenant_table('approval_delegations', rights => 'SELECT, INSERT, UPDATE');

-- The escalation finds which tenants have tasks that waited too long, and nothing else of them.
CREATE POLICY system_finds_work ON approval_tasks FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, escalate_at) ON approval_tasks TO heyue_system;

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
