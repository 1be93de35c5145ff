// Package shipped holds the templates that every tenant begins with: a service contract (E7) and a vehicle purchase
// contract (E12), each in Chinese and English. A tenant's copy is the tenant's own: it may be archived, and new versions
// of it are the tenant's to write.
package shipped

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"

	"heyue/domain/contracts/lifecycle"
	"heyue/domain/templates/text"
)

//go:embed *.json
var files embed.FS

// Template is a template as shipped.
type Template struct {
	Code        string         `json:"code"` // what a tenant's copy is known by
	Kind        lifecycle.Kind `json:"kind"`
	Name        text.Words     `json:"name"`
	Description text.Words     `json:"description"`
	Content     text.Content   `json:"content"`
}

// All returns the shipped templates. The error is a fault of the build: a file that cannot be read.
func All() ([]Template, error) {
	var all []Template
	for _, name := range []string{"service.json", "vehicle.json"} {
		src, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the shipped template %s: %w", name, err)
		}
		var t Template
		dec := json.NewDecoder(bytes.NewReader(src))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&t); err != nil {
			return nil, fmt.Errorf("read the shipped template %s: %w", name, err)
		}
		all = append(all, t)
	}
	return all, nil
}
