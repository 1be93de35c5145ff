-- +goose Up
SELECT protect_tenant_table('templates');
SELECT protect_tenant_table('clauses');
SELECT protect_tenant_table('contract_texts');

-- What a version of a template says never changes (E3, HR2). The app's role may set where a version stands, and no such
-- change ends in a draft; only a draft can be taken away. So a draft is edited by putting a new row in its place, and a
-- version that was published can neither be edited nor become a draft again, whatever the application does.
SELECT protect_tenant_table('template_versions', rights => 'SELECT, INSERT, DELETE');
GRANT UPDATE (status, published_at, published_by_id, retired_at, version, updated_at) ON template_versions TO heyue_app;
CREATE POLICY published_stays ON template_versions AS RESTRICTIVE FOR UPDATE TO heyue_app USING (true) WITH CHECK (status <> 'DRAFT');
CREATE POLICY only_drafts_go ON template_versions AS RESTRICTIVE FOR DELETE TO heyue_app USING (status = 'DRAFT');

-- An exception keeps what was proposed, why and by whom; only what became of it is added, once.
SELECT protect_tenant_table('clause_exceptions', rights => 'SELECT, INSERT');
GRANT UPDATE (status, decided_by_id, decided_at, opinion, version, updated_at) ON clause_exceptions TO heyue_app;
CREATE POLICY decided_once ON clause_exceptions AS RESTRICTIVE FOR UPDATE TO heyue_app USING (status = 'PROPOSED') WITH CHECK (status <> 'PROPOSED');

-- +goose Down
-- Migrations only go forwards: a mistake is mended by the next file (docs/ops.md).
SELECT 1;
