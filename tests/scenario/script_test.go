package scenario

import "testing"

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want, got string
		equal     bool
	}{
		"equal":                   {`{"a": 1}`, `{"a": 1}`, true},
		"another value":           {`{"a": 1}`, `{"a": 2}`, false},
		"a field too many":        {`{"a": 1}`, `{"a": 1, "b": 2}`, false},
		"a field too few":         {`{"a": 1, "b": 2}`, `{"a": 1}`, false},
		"anything":                {`{"a": "<>"}`, `{"a": [1]}`, true},
		"anything is not nothing": {`{"a": "<>"}`, `{"a": null}`, false},
		"anything must be there":  {`{"a": "<>"}`, `{}`, false},
		"remembered":              {`{"a": "<x>", "b": [1]}`, `{"a": "7", "b": [1]}`, true},
		"a longer list":           {`[1]`, `[1, 2]`, false},
		"an open list":            {`[1, "..."]`, `[1, 2]`, true},
		"an open list too short":  {`[1, 2, "..."]`, `[1]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diff, err := memory{}.compare(c.want, c.got)
			if err != nil || (diff == "") != c.equal {
				t.Errorf("diff %q, %v", diff, err)
			}
		})
	}
	m := memory{}
	if _, err := m.compare(`{"a": "<x>"}`, `{"a": "cus_1"}`); err != nil || m["x"] != "cus_1" {
		t.Errorf("remembered %v, %v", m, err)
	}
	if _, err := m.fill("${y}"); err == nil {
		t.Error("an unknown name was filled in")
	}
}
