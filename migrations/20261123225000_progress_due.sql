-- +goose Up
-- The kinds of obligations have grown; planning does not compare the text of a CHECK.
ALTER TABLE "obligations" DROP CONSTRAINT "obligations_kind_values", ADD CONSTRAINT "obligations_kind_values" CHECK ((kind)::text = ANY ((ARRAY['CONTRACT_END'::character varying, 'PAYMENT_DUE'::character varying, 'MILESTONE_DUE'::character varying, 'APPROVAL_TASK'::character varying, 'APPROVAL_RESULT'::character varying, 'CONTRACT_START'::character varying, 'RENEWAL_DECISION'::character varying, 'OPT_OUT_NOTICE'::character varying, 'SUSPENSION_END'::character varying, 'INCIDENT_NOTICE'::character varying, 'INCIDENT_SOLUTION'::character varying, 'DELIVERY_DUE'::character varying, 'SERVICE_DUE'::character varying, 'ACCEPTANCE_DUE'::character varying])::text[]));
ALTER TABLE "alerts" DROP CONSTRAINT "alerts_kind_values", ADD CONSTRAINT "alerts_kind_values" CHECK ((kind)::text = ANY ((ARRAY['CONTRACT_END'::character varying, 'PAYMENT_DUE'::character varying, 'MILESTONE_DUE'::character varying, 'APPROVAL_TASK'::character varying, 'APPROVAL_RESULT'::character varying, 'CONTRACT_START'::character varying, 'RENEWAL_DECISION'::character varying, 'OPT_OUT_NOTICE'::character varying, 'SUSPENSION_END'::character varying, 'INCIDENT_NOTICE'::character varying, 'INCIDENT_SOLUTION'::character varying, 'DELIVERY_DUE'::character varying, 'SERVICE_DUE'::character varying, 'ACCEPTANCE_DUE'::character varying])::text[]));

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
