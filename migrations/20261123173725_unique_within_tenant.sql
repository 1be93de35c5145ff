-- +goose Up
-- drop index "payments_reversal_of_id_key" from table: "payments"
DROP INDEX "payments_reversal_of_id_key";

-- +goose Down
-- reverse: drop index "payments_reversal_of_id_key" from table: "payments"
CREATE UNIQUE INDEX "payments_reversal_of_id_key" ON "payments" ("reversal_of_id");
