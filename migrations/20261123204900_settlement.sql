-- +goose Up
-- The owner of the tables rewrites rows of all tenants, and the foreign keys below are checked under row security.
ALTER TABLE "contracts" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "payments" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "payment_plan_lines" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "milestones" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "users" NO FORCE ROW LEVEL SECURITY;
-- add the columns
ALTER TABLE "contracts" ADD COLUMN "allocated_minor" bigint NOT NULL DEFAULT 0, ADD COLUMN "excess_minor" bigint NOT NULL DEFAULT 0, ADD COLUMN "payment_mode" character varying NULL;
ALTER TABLE "payments" ADD COLUMN "kind" character varying NOT NULL DEFAULT 'PAYMENT';
ALTER TABLE "payment_plan_lines" ADD COLUMN "excess_minor" bigint NOT NULL DEFAULT 0, ADD COLUMN "due_days" bigint NOT NULL DEFAULT 0, ADD COLUMN "awaiting" boolean NOT NULL DEFAULT false, ADD COLUMN "milestone_id" uuid NULL;
-- say what each entry is, and how far beyond its plan money has come
UPDATE "payments" SET "kind" = CASE WHEN reversal_of_id IS NOT NULL THEN 'REVERSAL' WHEN amount_minor < 0 THEN 'REFUND' ELSE 'PAYMENT' END;
UPDATE "payment_plan_lines" SET "excess_minor" = settled_minor - amount_minor WHERE settled_minor > amount_minor;
UPDATE "contracts" SET "excess_minor" = settled_minor - amount_minor WHERE settled_minor > amount_minor;
UPDATE "contracts" c SET "allocated_minor" = l.settled FROM (SELECT tenant_id, contract_id, sum(settled_minor) AS settled FROM "payment_plan_lines" GROUP BY 1, 2) l WHERE l.tenant_id = c.tenant_id AND l.contract_id = c.id;
-- modify "contracts" table
ALTER TABLE "contracts" ADD CONSTRAINT "contract_settled" CHECK ((settled_minor >= 0) AND (excess_minor >= 0) AND (allocated_minor >= 0) AND (allocated_minor <= settled_minor) AND ((amount_minor = 0) OR (settled_minor <= (amount_minor + excess_minor)))), ADD CONSTRAINT "contracts_payment_mode_values" CHECK ((payment_mode)::text = ANY ((ARRAY['DEPOSIT_BALANCE'::character varying, 'SINGLE'::character varying, 'LOAN'::character varying, 'INSTALMENTS'::character varying])::text[])), ADD CONSTRAINT "vehicle_modes" CHECK (((kind)::text <> 'VEHICLE'::text) OR ((payment_mode)::text = ANY ((ARRAY['DEPOSIT_BALANCE'::character varying, 'SINGLE'::character varying, 'LOAN'::character varying])::text[])));
-- modify "payments" table
ALTER TABLE "payments" ADD CONSTRAINT "payment_reversal" CHECK (((kind)::text = 'REVERSAL'::text) = (reversal_of_id IS NOT NULL)), ADD CONSTRAINT "payment_sign" CHECK (
CASE kind
    WHEN 'PAYMENT'::text THEN (amount_minor > 0)
    WHEN 'REFUND'::text THEN (amount_minor < 0)
    ELSE (amount_minor <> 0)
END), ADD CONSTRAINT "payments_kind_values" CHECK ((kind)::text = ANY ((ARRAY['PAYMENT'::character varying, 'REFUND'::character varying, 'REVERSAL'::character varying])::text[]));
-- create index "payment_tenant_id_contract_id_id" to table: "payments"
CREATE UNIQUE INDEX "payment_tenant_id_contract_id_id" ON "payments" ("tenant_id", "contract_id", "id");
-- create "bill_edits" table
CREATE TABLE "bill_edits" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'PENDING', "reason" text NOT NULL, "before" jsonb NOT NULL, "after" jsonb NOT NULL, "decided_at" timestamptz NULL, "opinion" text NOT NULL DEFAULT '', "contract_id" uuid NOT NULL, "payment_id" uuid NULL, "requested_by_id" uuid NOT NULL, "decided_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "bill_edits_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bill_edits_payments_payment" FOREIGN KEY ("tenant_id", "contract_id", "payment_id") REFERENCES "payments" ("tenant_id", "contract_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bill_edits_users_decided_by" FOREIGN KEY ("tenant_id", "decided_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bill_edits_users_requested_by" FOREIGN KEY ("tenant_id", "requested_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bill_edit_second_person" CHECK (((state)::text <> ALL ((ARRAY['APPROVED'::character varying, 'REJECTED'::character varying])::text[])) OR ((decided_by_id IS NOT NULL) AND (decided_by_id <> requested_by_id))), CONSTRAINT "bill_edits_state_values" CHECK ((state)::text = ANY ((ARRAY['PENDING'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying])::text[])));
-- create index "billedit_tenant_id_contract_id" to table: "bill_edits"
CREATE INDEX "billedit_tenant_id_contract_id" ON "bill_edits" ("tenant_id", "contract_id");
-- create index "billedit_tenant_id_created_at" to table: "bill_edits"
CREATE INDEX "billedit_tenant_id_created_at" ON "bill_edits" ("tenant_id", "created_at");
-- create index "billedit_tenant_id_decided_by_id" to table: "bill_edits"
CREATE INDEX "billedit_tenant_id_decided_by_id" ON "bill_edits" ("tenant_id", "decided_by_id");
-- create index "billedit_tenant_id_payment_id" to table: "bill_edits"
CREATE INDEX "billedit_tenant_id_payment_id" ON "bill_edits" ("tenant_id", "payment_id");
-- create index "billedit_tenant_id_requested_by_id" to table: "bill_edits"
CREATE INDEX "billedit_tenant_id_requested_by_id" ON "bill_edits" ("tenant_id", "requested_by_id");
-- drop index "milestone_tenant_id_contract_id" from table: "milestones"
DROP INDEX "milestone_tenant_id_contract_id";
-- create index "milestone_tenant_id_contract_id_id" to table: "milestones"
CREATE UNIQUE INDEX "milestone_tenant_id_contract_id_id" ON "milestones" ("tenant_id", "contract_id", "id");
-- modify "payment_plan_lines" table
ALTER TABLE "payment_plan_lines" ADD CONSTRAINT "plan_line_amount" CHECK ((amount_minor > 0) AND (excess_minor >= 0)), ADD CONSTRAINT "plan_line_milestone" CHECK ((due_days >= 0) AND ((milestone_id IS NOT NULL) OR (NOT awaiting))), ADD CONSTRAINT "plan_line_settled" CHECK ((settled_minor >= 0) AND (settled_minor <= (amount_minor + excess_minor))), ADD CONSTRAINT "plan_line_state" CHECK (
CASE state
    WHEN 'PAID'::text THEN (settled_minor >= amount_minor)
    WHEN 'PARTLY_PAID'::text THEN ((settled_minor > 0) AND (settled_minor < amount_minor))
    ELSE (settled_minor = 0)
END), ADD CONSTRAINT "payment_plan_lines_milestones_milestone" FOREIGN KEY ("tenant_id", "contract_id", "milestone_id") REFERENCES "milestones" ("tenant_id", "contract_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create index "paymentplanline_tenant_id_milestone_id" to table: "payment_plan_lines"
CREATE INDEX "paymentplanline_tenant_id_milestone_id" ON "payment_plan_lines" ("tenant_id", "milestone_id");
-- create "payment_allocations" table
CREATE TABLE "payment_allocations" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "contract_id" uuid NOT NULL, "amount_minor" bigint NOT NULL, "payment_id" uuid NOT NULL, "plan_line_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "payment_allocations_payment_plan_lines_plan_line" FOREIGN KEY ("tenant_id", "contract_id", "plan_line_id") REFERENCES "payment_plan_lines" ("tenant_id", "contract_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_allocations_payments_payment" FOREIGN KEY ("tenant_id", "contract_id", "payment_id") REFERENCES "payments" ("tenant_id", "contract_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "allocation_amount" CHECK (amount_minor <> 0));
-- create index "paymentallocation_tenant_id_payment_id_plan_line_id" to table: "payment_allocations"
CREATE UNIQUE INDEX "paymentallocation_tenant_id_payment_id_plan_line_id" ON "payment_allocations" ("tenant_id", "payment_id", "plan_line_id");
-- create index "paymentallocation_tenant_id_plan_line_id" to table: "payment_allocations"
CREATE INDEX "paymentallocation_tenant_id_plan_line_id" ON "payment_allocations" ("tenant_id", "plan_line_id");
-- a payment named one instalment; its allocation does now
INSERT INTO "payment_allocations" ("id", "tenant_id", "created_at", "updated_at", "contract_id", "amount_minor", "payment_id", "plan_line_id") SELECT gen_random_uuid(), tenant_id, created_at, created_at, contract_id, amount_minor, id, plan_line_id FROM "payments" WHERE plan_line_id IS NOT NULL;
ALTER TABLE "payments" DROP COLUMN "plan_line_id";
-- create "progress_lines" table
CREATE TABLE "progress_lines" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "title" character varying NOT NULL, "planned_on" date NOT NULL, "planned_quantity" numeric(24,4) NOT NULL, "actual_quantity" numeric(24,4) NOT NULL, "unit" text NOT NULL DEFAULT '', "weight" bigint NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'PLANNED', "done_on" date NULL, "contract_id" uuid NOT NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "progress_lines_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "progress_done" CHECK (((state)::text = 'DONE'::text) = (done_on IS NOT NULL)), CONSTRAINT "progress_lines_kind_values" CHECK ((kind)::text = ANY ((ARRAY['DELIVERY'::character varying, 'SERVICE'::character varying, 'ACCEPTANCE'::character varying])::text[])), CONSTRAINT "progress_lines_state_values" CHECK ((state)::text = ANY ((ARRAY['PLANNED'::character varying, 'STARTED'::character varying, 'DONE'::character varying, 'CANCELLED'::character varying])::text[])), CONSTRAINT "progress_quantity" CHECK ((planned_quantity > (0)::numeric) AND (actual_quantity >= (0)::numeric) AND (actual_quantity <= planned_quantity)), CONSTRAINT "progress_state" CHECK (
CASE state
    WHEN 'DONE'::text THEN (actual_quantity = planned_quantity)
    WHEN 'STARTED'::text THEN ((actual_quantity > (0)::numeric) AND (actual_quantity < planned_quantity))
    ELSE (actual_quantity = (0)::numeric)
END), CONSTRAINT "progress_weight" CHECK ((weight >= 1) AND (weight <= 10000)));
-- create index "progressline_tenant_id_contract_id_id" to table: "progress_lines"
CREATE UNIQUE INDEX "progressline_tenant_id_contract_id_id" ON "progress_lines" ("tenant_id", "contract_id", "id");
-- create index "progressline_tenant_id_planned_on" to table: "progress_lines"
CREATE INDEX "progressline_tenant_id_planned_on" ON "progress_lines" ("tenant_id", "planned_on");
-- create "progress_entries" table
CREATE TABLE "progress_entries" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "contract_id" uuid NOT NULL, "quantity" numeric(24,4) NOT NULL, "happened_on" date NOT NULL, "reference" character varying NOT NULL DEFAULT '', "note" text NOT NULL DEFAULT '', "line_id" uuid NOT NULL, "reversal_of_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "progress_entries_progress_entries_reversal" FOREIGN KEY ("tenant_id", "reversal_of_id") REFERENCES "progress_entries" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "progress_entries_progress_lines_line" FOREIGN KEY ("tenant_id", "contract_id", "line_id") REFERENCES "progress_lines" ("tenant_id", "contract_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "progress_entry_sign" CHECK (
CASE
    WHEN (reversal_of_id IS NULL) THEN (quantity > (0)::numeric)
    ELSE (quantity < (0)::numeric)
END));
-- create index "progressentry_tenant_id_line_id" to table: "progress_entries"
CREATE INDEX "progressentry_tenant_id_line_id" ON "progress_entries" ("tenant_id", "line_id");
-- create index "progressentry_tenant_id_reversal_of_id" to table: "progress_entries"
CREATE UNIQUE INDEX "progressentry_tenant_id_reversal_of_id" ON "progress_entries" ("tenant_id", "reversal_of_id");

-- row security
ALTER TABLE "contracts" FORCE ROW LEVEL SECURITY;
ALTER TABLE "payments" FORCE ROW LEVEL SECURITY;
ALTER TABLE "payment_plan_lines" FORCE ROW LEVEL SECURITY;
ALTER TABLE "milestones" FORCE ROW LEVEL SECURITY;
ALTER TABLE "users" FORCE ROW LEVEL SECURITY;
SELECT protect_tenant_table('payment_allocations', rights => 'SELECT, INSERT');
SELECT protect_tenant_table('bill_edits', rights => 'SELECT, INSERT, UPDATE');
SELECT protect_tenant_table('progress_lines');
SELECT protect_tenant_table('progress_entries', rights => 'SELECT, INSERT');

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
