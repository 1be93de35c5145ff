// Package document is how the product refers to files that are kept elsewhere (L1). Contracts have them as documents, and
// whatever is put on record about a contract has one as evidence.
package document

import (
	"strings"

	"heyue/platform/date"
	"heyue/platform/fault"
)

// Reference says where a file is and what it is.
type Reference struct {
	Title        string
	URL          *string
	DocumentType *string
	Format       *string
	Language     *string
	PublishedOn  *date.Date
}

// Check reports everything wrong with the reference: REQUIRED, TOO_LONG and MALFORMED at its fields.
func (r *Reference) Check(c *fault.Check) {
	c.Text("title", r.Title, 1, 300)
	c.OptText("url", r.URL, 2000)
	c.OptText("documentType", r.DocumentType, 100)
	c.OptText("format", r.Format, 100)
	c.OptText("language", r.Language, 40)
}

// Evidence is Check for what an input calls its evidence; nil is none and never wrong.
func Evidence(c *fault.Check, r *Reference) {
	if r == nil {
		return
	}
	var below fault.Check
	r.Check(&below)
	for _, f := range fault.All(below.Err()) {
		c.Add(f.Code, "evidence."+strings.Join(f.Field, "."), "%s", f.Message)
	}
}
