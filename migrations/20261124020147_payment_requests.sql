-- +goose Up
-- create "payment_requests" table
CREATE TABLE "payment_requests" ("id" uuid NOT NULL, "tenant_id" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL DEFAULT 1, "state" character varying NOT NULL DEFAULT 'PENDING', "content" jsonb NOT NULL, "decided_at" timestamptz NULL, "opinion" text NOT NULL DEFAULT '', "contract_id" uuid NOT NULL, "payment_id" uuid NULL, "requested_by_id" uuid NOT NULL, "decided_by_id" uuid NULL, PRIMARY KEY ("tenant_id", "id"), CONSTRAINT "payment_requests_contracts_contract" FOREIGN KEY ("tenant_id", "contract_id") REFERENCES "contracts" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_requests_payments_payment" FOREIGN KEY ("tenant_id", "contract_id", "payment_id") REFERENCES "payments" ("tenant_id", "contract_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_requests_users_decided_by" FOREIGN KEY ("tenant_id", "decided_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_requests_users_requested_by" FOREIGN KEY ("tenant_id", "requested_by_id") REFERENCES "users" ("tenant_id", "id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_request_paid" CHECK (((state)::text = 'PAID'::text) = (payment_id IS NOT NULL)), CONSTRAINT "payment_request_second_person" CHECK (((state)::text <> ALL ((ARRAY['APPROVED'::character varying, 'REJECTED'::character varying, 'PAID'::character varying])::text[])) OR ((decided_by_id IS NOT NULL) AND (decided_by_id <> requested_by_id))), CONSTRAINT "payment_requests_state_values" CHECK ((state)::text = ANY ((ARRAY['PENDING'::character varying, 'APPROVED'::character varying, 'REJECTED'::character varying, 'WITHDRAWN'::character varying, 'PAID'::character varying])::text[])));
-- create index "paymentrequest_tenant_id_contract_id_state" to table: "payment_requests"
CREATE INDEX "paymentrequest_tenant_id_contract_id_state" ON "payment_requests" ("tenant_id", "contract_id", "state");
-- create index "paymentrequest_tenant_id_created_at" to table: "payment_requests"
CREATE INDEX "paymentrequest_tenant_id_created_at" ON "payment_requests" ("tenant_id", "created_at");
-- create index "paymentrequest_tenant_id_decided_by_id" to table: "payment_requests"
CREATE INDEX "paymentrequest_tenant_id_decided_by_id" ON "payment_requests" ("tenant_id", "decided_by_id");
-- create index "paymentrequest_tenant_id_payment_id" to table: "payment_requests"
CREATE UNIQUE INDEX "paymentrequest_tenant_id_payment_id" ON "payment_requests" ("tenant_id", "payment_id");
-- create index "paymentrequest_tenant_id_requested_by_id" to table: "payment_requests"
CREATE INDEX "paymentrequest_tenant_id_requested_by_id" ON "payment_requests" ("tenant_id", "requested_by_id");

-- +goose Down
-- reverse: create index "paymentrequest_tenant_id_requested_by_id" to table: "payment_requests"
DROP INDEX "paymentrequest_tenant_id_requested_by_id";
-- reverse: create index "paymentrequest_tenant_id_payment_id" to table: "payment_requests"
DROP INDEX "paymentrequest_tenant_id_payment_id";
-- reverse: create index "paymentrequest_tenant_id_decided_by_id" to table: "payment_requests"
DROP INDEX "paymentrequest_tenant_id_decided_by_id";
-- reverse: create index "paymentrequest_tenant_id_created_at" to table: "payment_requests"
DROP INDEX "paymentrequest_tenant_id_created_at";
-- reverse: create index "paymentrequest_tenant_id_contract_id_state" to table: "payment_requests"
DROP INDEX "paymentrequest_tenant_id_contract_id_state";
-- reverse: create "payment_requests" table
DROP TABLE "payment_requests";
