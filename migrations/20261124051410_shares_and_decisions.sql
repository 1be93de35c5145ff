-- +goose Up
-- modify "decisions" table
ALTER TABLE "decisions" ADD COLUMN "subject_id" uuid NULL;
-- modify "record_shares" table
ALTER TABLE "record_shares" ALTER COLUMN "ends_on" DROP NOT NULL, ADD COLUMN "version" bigint NOT NULL DEFAULT 1;

-- +goose Down
-- reverse: modify "record_shares" table
ALTER TABLE "record_shares" DROP COLUMN "version", ALTER COLUMN "ends_on" SET NOT NULL;
-- reverse: modify "decisions" table
ALTER TABLE "decisions" DROP COLUMN "subject_id";
