-- +goose Up
-- create index "contacts_one_primary" to table: "contacts"
CREATE UNIQUE INDEX "contacts_one_primary" ON "contacts" ("tenant_id", "customer_id") WHERE (is_primary AND (archived_at IS NULL));

-- +goose Down
-- reverse: create index "contacts_one_primary" to table: "contacts"
DROP INDEX "contacts_one_primary";
