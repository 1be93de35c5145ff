package templates_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates"
	"heyue/domain/templates/shipped"
	"heyue/domain/templates/text"
	"heyue/ent"
	"heyue/ent/template"
	"heyue/ent/templateversion"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/tests/fixture"
)

type world struct {
	*fixture.World
	acme    *fixture.Tenant
	legal   context.Context
	service *templates.Service
}

func open(t *testing.T) world {
	t.Helper()
	w := fixture.New(t)
	acme := w.Tenant(t, "acme")
	return world{w, acme, w.User(t, acme, "legal"), &templates.Service{
		Client: w.Client, Policies: w.Policies, Audit: w.Audit, Lister: w.Lister, Clock: w.Clock, Limits: templates.DefaultLimits(),
	}}
}

func content(said string) *text.Content {
	return &text.Content{
		Languages: []text.Language{text.ZH}, Title: text.Words{ZH: "合同"},
		Clauses: []*text.Clause{{Key: "only", Text: text.Words{ZH: said}}},
	}
}

func (w world) draft(t *testing.T, code string) *ent.TemplateVersion {
	t.Helper()
	made, err := w.service.Create(w.legal, templates.Draft{Code: code, Name: "模板", Kind: lifecycle.Sales, Content: content("一")})
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.Client.TemplateVersion.Query().Where(templateversion.TemplateID(made.ID)).Only(w.acme.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (w world) published(t *testing.T, code string) *ent.TemplateVersion {
	t.Helper()
	d := w.draft(t, code)
	v, err := w.service.Publish(w.legal, templates.VersionTarget{ID: d.ID, ExpectedVersion: d.Version})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func code(err error) fault.Code {
	if all := fault.All(err); len(all) > 0 {
		return all[0].Code
	}
	return ""
}

// TestSeedInstallsWhatIsMissing: shipped templates come published and once; what a tenant has made of its own stays.
func TestSeedInstallsWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error {
		return tx.Template.Create().SetCode("VEHICLE").SetName("自己的").SetKind(lifecycle.Vehicle).Exec(w.acme.Ctx)
	})
	for range 2 {
		w.Write(t, w.acme.Ctx, func(tx *ent.Tx) error { return templates.Seed{Clock: w.Clock}.Run(w.acme.Ctx, tx, "en") })
	}
	rows, err := w.Client.Template.Query().WithVersions().Order(ent.Asc(template.FieldCode)).All(w.acme.Ctx)
	if err != nil || len(rows) != 2 || rows[0].Name != "Service contract" || rows[1].Name != "自己的" {
		t.Fatalf("%v, %v", rows, err)
	}
	all, err := shipped.All()
	if err != nil {
		t.Fatal(err)
	}
	want := all[0].Content.Hash()
	v := rows[0].Edges.Versions
	if len(v) != 1 || v[0].Status != text.Published || v[0].ContentHash != hex.EncodeToString(want[:]) || v[0].Content.Hash() != want {
		t.Errorf("the shipped version is %+v", v)
	}
	if len(rows[1].Edges.Versions) != 0 {
		t.Error("a tenant's own template got the shipped words")
	}
}

// TestPublishedContentStaysInTheDatabase goes past the service, as a bug in the application would: with the app's role,
// the content of no row changes, nothing that was published becomes a draft again or goes, and what was said of an
// exception stays.
func TestPublishedContentStaysInTheDatabase(t *testing.T) {
	t.Parallel()
	w := open(t)
	v := w.published(t, "A")
	for name, sql := range map[string]string{
		"content":           `UPDATE template_versions SET content = '{}' WHERE id = $1`,
		"hash":              `UPDATE template_versions SET content_hash = '' WHERE id = $1`,
		"number":            `UPDATE template_versions SET number = 9 WHERE id = $1`,
		"a draft again":     `UPDATE template_versions SET status = 'DRAFT' WHERE id = $1`,
		"another template":  `UPDATE template_versions SET template_id = id WHERE id = $1`,
		"an exception said": `UPDATE clause_exceptions SET new_text = '' WHERE contract_id = $1`,
		"an exception gone": `DELETE FROM clause_exceptions WHERE contract_id = $1`,
	} {
		if err := w.exec(w.acme.Ctx, sql, v.ID); err == nil {
			t.Errorf("%s: the app's role may change it", name)
		}
	}
	if err := w.exec(w.acme.Ctx, `DELETE FROM template_versions WHERE id = $1`, v.ID); err != nil {
		t.Fatal(err) // row security hides the row from DELETE: nothing goes and nothing fails
	}
	now, err := w.Client.TemplateVersion.Query().Where(templateversion.ID(v.ID)).Only(w.acme.Ctx)
	if err != nil || now.ContentHash != v.ContentHash || now.Status != text.Published {
		t.Errorf("the version is %v, %v", now, err)
	}
	d := w.draft(t, "B")
	if err := w.exec(w.acme.Ctx, `UPDATE template_versions SET content = '{}' WHERE id = $1`, d.ID); err == nil {
		t.Error("the content of a draft can be changed in place, so that of what it becomes can be too")
	}
}

func (w world) exec(ctx context.Context, sql string, args ...any) error {
	_, err := w.Pool.ExecContext(ctx, sql, args...)
	return err
}

// TestADraftKeepsItsID although the database lets nobody change its content.
func TestADraftKeepsItsID(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.draft(t, "A")
	now, err := w.service.UpdateVersion(w.legal, templates.VersionChange{ID: d.ID, ExpectedVersion: 1, Content: content("二")})
	if err != nil || now.ID != d.ID || now.Version != 2 || now.Number != 1 || !now.CreatedAt.Equal(d.CreatedAt) || now.Content.Clauses[0].Text.ZH != "二" || now.ContentHash == d.ContentHash {
		t.Fatalf("%+v, %v", now, err)
	}
	now, err = w.service.UpdateVersion(w.legal, templates.VersionChange{ID: d.ID, ExpectedVersion: 1, Content: content("三")})
	if code(err) != fault.VersionConflict || now == nil || now.Version != 2 {
		t.Errorf("a stale change: %+v, %v", now, err)
	}
}

// TestOneOfManyPublishesWins: of many who publish, change and retire at once, each step happens once, and one version is
// published in the end.
func TestOneOfManyPublishesWins(t *testing.T) {
	t.Parallel()
	w := open(t)
	d := w.draft(t, "A")
	var g errgroup.Group
	won := make(chan string, 32)
	for range 8 {
		g.Go(func() error {
			_, err := w.service.Publish(w.legal, templates.VersionTarget{ID: d.ID, ExpectedVersion: 1})
			if err == nil {
				won <- "publish"
			}
			return unexpected(err)
		})
		g.Go(func() error {
			_, err := w.service.UpdateVersion(w.legal, templates.VersionChange{ID: d.ID, ExpectedVersion: 1, Content: content("二")})
			if err == nil {
				won <- "update"
			}
			return unexpected(err)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(won) != 1 {
		t.Errorf("%d of them won", len(won))
	}
	v, err := w.Client.TemplateVersion.Query().Where(templateversion.ID(d.ID)).Only(w.acme.Ctx)
	if err != nil || v.Version != 2 {
		t.Errorf("the version is %v, %v", v, err)
	}
}

func unexpected(err error) error {
	if c := code(err); c == fault.VersionConflict || c == fault.WrongState || c == fault.Missing {
		return nil
	}
	return err
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.service.Limits.Templates, w.service.Limits.Versions, w.service.Limits.Clauses = 1, 1, 1
	w.service.Limits.Text.ClauseText = 2
	v := w.published(t, "A")
	_, err := w.service.Create(w.legal, templates.Draft{Code: "B", Name: "x", Kind: lifecycle.Sales})
	if code(err) != fault.LimitReached {
		t.Errorf("a template too many: %v", err)
	}
	_, err = w.service.CreateVersion(w.legal, templates.VersionDraft{TemplateID: v.TemplateID})
	if code(err) != fault.LimitReached {
		t.Errorf("a version too many: %v", err)
	}
	_, err = w.service.CreateVersion(w.legal, templates.VersionDraft{TemplateID: v.TemplateID, Content: content("一二三")})
	if code(err) != fault.TooLong {
		t.Errorf("a long clause: %v", err)
	}
	if _, err = w.service.CreateClause(w.legal, templates.ClauseDraft{Code: "A", Text: text.Words{ZH: "一"}}); err != nil {
		t.Fatal(err)
	}
	_, err = w.service.CreateClause(w.legal, templates.ClauseDraft{Code: "B", Text: text.Words{ZH: "一"}})
	if code(err) != fault.LimitReached {
		t.Errorf("a clause too many: %v", err)
	}
	long := strings.Repeat("字", templates.MaxNote+1)
	if err := (templates.VersionDraft{Note: &long}).Validate(text.DefaultLimits()); code(err) != fault.TooLong {
		t.Errorf("a long note: %v", err)
	}
	if err := (templates.Draft{Code: strings.Repeat("A", templates.MaxCode+1), Name: long, Kind: "X"}).Validate(text.DefaultLimits()); len(fault.All(err)) != 3 {
		t.Errorf("a bad draft: %v", err)
	}
}

// TestOthersSeeNothing: another tenant's ids are not found by any use case.
func TestOthersSeeNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	v := w.published(t, "A")
	other := w.Tenant(t, "other").Admin
	target := templates.VersionTarget{ID: v.ID, ExpectedVersion: v.Version}
	for name, do := range map[string]func() error{
		"retire": func() error { _, err := w.service.Retire(other, target); return err },
		"update": func() error { _, err := w.service.UpdateVersion(other, templates.VersionChange{ID: v.ID}); return err },
		"archive": func() error {
			_, err := w.service.Archive(other, templates.Target{ID: v.TemplateID, ExpectedVersion: 1})
			return err
		},
		"version": func() error {
			_, err := w.service.CreateVersion(other, templates.VersionDraft{TemplateID: v.TemplateID})
			return err
		},
	} {
		if err := do(); code(err) != fault.Missing {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows, err := w.service.ByIDs(other, []publicid.TemplateID{v.TemplateID}); err != nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
}
