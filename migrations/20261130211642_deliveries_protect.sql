-- +goose Up
-- An endpoint that was disabled is something that falls due, too.
ALTER TABLE "obligations" DROP CONSTRAINT "obligations_kind_values", ADD CONSTRAINT "obligations_kind_values" CHECK ((kind)::text = ANY ((ARRAY['CONTRACT_END'::character varying, 'PAYMENT_DUE'::character varying, 'MILESTONE_DUE'::character varying, 'APPROVAL_TASK'::character varying, 'APPROVAL_RESULT'::character varying, 'CONTRACT_START'::character varying, 'RENEWAL_DECISION'::character varying, 'OPT_OUT_NOTICE'::character varying, 'SUSPENSION_END'::character varying, 'INCIDENT_NOTICE'::character varying, 'INCIDENT_SOLUTION'::character varying, 'DELIVERY_DUE'::character varying, 'SERVICE_DUE'::character varying, 'ACCEPTANCE_DUE'::character varying, 'ENDPOINT_DISABLED'::character varying])::text[]));
ALTER TABLE "alerts" DROP CONSTRAINT "alerts_kind_values", ADD CONSTRAINT "alerts_kind_values" CHECK ((kind)::text = ANY ((ARRAY['CONTRACT_END'::character varying, 'PAYMENT_DUE'::character varying, 'MILESTONE_DUE'::character varying, 'APPROVAL_TASK'::character varying, 'APPROVAL_RESULT'::character varying, 'CONTRACT_START'::character varying, 'RENEWAL_DECISION'::character varying, 'OPT_OUT_NOTICE'::character varying, 'SUSPENSION_END'::character varying, 'INCIDENT_NOTICE'::character varying, 'INCIDENT_SOLUTION'::character varying, 'DELIVERY_DUE'::character varying, 'SERVICE_DUE'::character varying, 'ACCEPTANCE_DUE'::character varying, 'ENDPOINT_DISABLED'::character varying])::text[]));

-- Row security of what deliveries made.
SELECT protect_tenant_table('endpoints');
SELECT protect_tenant_table('deliveries');
SELECT protect_tenant_table('delivery_attempts');
SELECT protect_tenant_table('message_templates');

-- The system role sees which tenants have messages to send, endpoints to feed and alerts to bring back, and nothing of them.
CREATE POLICY system_finds_work ON deliveries FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, next_at, created_at) ON deliveries TO heyue_system;
CREATE POLICY system_finds_work ON endpoints FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, enabled, archived_at, events, cursor) ON endpoints TO heyue_system;
CREATE POLICY system_finds_work ON alert_recipients FOR SELECT TO heyue_system USING (true);
GRANT SELECT (tenant_id, snoozed_until) ON alert_recipients TO heyue_system;

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
