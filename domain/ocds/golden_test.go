package ocds_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"heyue/domain/ocds"
)

// One process of each publisher, compared whole. UPDATE_GOLDEN=1 rewrites the files; read the difference.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, ocid := range map[string]string{
		"canada":   "ocds-34a6hz-01044-060931/001/USW",
		"airports": "10",
		"colombia": "ocds-k50g02-16-12-5280389",
		"jalisco":  "ocds-xs1qbl-SFIN-03-0001-00-2017",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []byte
			for _, p := range readFile(t, files[name], ocds.Options{}) {
				if p.OCID == ocid {
					var err error
					if got, err = json.MarshalIndent(p, "", "\t"); err != nil {
						t.Fatal(err)
					}
				}
			}
			path := filepath.Join("testdata", "golden", name+".json")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
		})
	}
}
