package tenancy_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/tenants/standing"
	"heyue/platform/clock"
	"heyue/platform/fault"
	"heyue/platform/pgtest"
	"heyue/tenancy"
)

func directory(t *testing.T) tenancy.Directory {
	t.Helper()
	pool, err := tenancy.OpenSystem(tenancy.Defaults(pgtest.New(t).SystemDSN))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return tenancy.Directory{System: pool, Clock: clock.At(time.Date(2026, 6, 15, 1, 0, 0, 0, time.UTC))}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	d := directory(t)
	if _, err := d.Find(t.Context(), "acme"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a tenant that is not there: %v", err)
	}
	made, err := d.Create(t.Context(), "globex")
	want := tenancy.Listing{TenantID: 1, Slug: "globex", Cell: tenancy.DefaultCell, Standing: standing.Suspended, Epoch: 1, CreatedAt: d.Clock.Now()}
	if diff := cmp.Diff(want, made); diff != "" || err != nil {
		t.Fatalf("%v\n%s", err, diff)
	}
	if _, err := d.Create(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if made, err = d.SetStanding(t.Context(), "globex", standing.Active); err != nil || made.Standing != standing.Active {
		t.Errorf("%+v, %v", made, err)
	}
	if found, err := d.Find(t.Context(), "globex"); err != nil || found != made {
		t.Errorf("found %+v, %v; want %+v", found, err, made)
	}
	all, err := d.List(t.Context())
	if err != nil || len(all) != 2 || all[0].Slug != "acme" || all[1] != made {
		t.Errorf("list %+v, %v", all, err)
	}
	if _, err := d.SetStanding(t.Context(), "initech", standing.Active); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the standing of a tenant that is not there: %v", err)
	}
	if _, err := d.Find(tenancy.With(t.Context(), 1), "acme"); !errors.Is(err, tenancy.ErrSystemPool) {
		t.Errorf("a tenant reads the directory: %v", err)
	}
}

func TestASlugIsTakenOnce(t *testing.T) {
	t.Parallel()
	d := directory(t)
	const many = 8
	faults := make([]error, many)
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() { _, faults[i] = d.Create(t.Context(), "acme") })
	}
	group.Wait()
	won := 0
	for _, err := range faults {
		switch all := fault.All(err); {
		case err == nil:
			won++
		case len(all) != 1 || all[0].Code != fault.Duplicate || len(all[0].Field) != 1 || all[0].Field[0] != "slug":
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d tenants got the slug", won)
	}
}

func TestSlugs(t *testing.T) {
	t.Parallel()
	for slug, want := range map[string]fault.Code{
		"acme": "", "a1": "", "42": "", "a-b": "", "acme--east": "", strings.Repeat("a", tenancy.MaxSlug): "",
		"": fault.Required, "a": fault.TooShort, strings.Repeat("a", tenancy.MaxSlug+1): fault.TooLong,
		"Acme": fault.Malformed, "a_b": fault.Malformed, "a.b": fault.Malformed, "合约": fault.Malformed, "a b": fault.Malformed,
		"acme\n": fault.Malformed, "-acme": fault.Malformed, "acme-": fault.Malformed, "xn--acme": fault.Malformed,
		"api": fault.NotAllowed, "www": fault.NotAllowed,
	} {
		var c fault.Check
		tenancy.CheckSlug(&c, "slug", slug)
		var got fault.Code
		if all := fault.All(c.Err()); len(all) > 0 {
			got = all[0].Code
		}
		if got != want {
			t.Errorf("%q: %s, want %s", slug, got, want)
		}
	}
	if _, err := (tenancy.Directory{}).Create(t.Context(), "Not a slug"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a bad slug went to the database: %v", err)
	}
}
