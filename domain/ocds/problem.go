package ocds

import (
	"bufio"
	"encoding/json"
	"io"
)

// Severity says what became of the value a problem is about.
type Severity string

// Skipped: an object or a whole release was not imported. Field: a field was left out and its object
// imported without it. Altered: a value was imported, but not as it stands in the source.
const (
	Skipped Severity = "skipped"
	Field   Severity = "field"
	Altered Severity = "altered"
)

// Problem is one thing that could not be taken over as it is.
type Problem struct {
	Line    int64  `json:"line"`    // 1-based line where the release begins
	Element int64  `json:"element"` // 0-based number of the release or record in the input
	Offset  int64  `json:"offset"`  // byte where the release begins, after decompression
	OCID    string `json:"ocid,omitempty"`
	// Path is a place in the merged process, such as contracts[0].value.amount; Line names the release that
	// wrote last there. A path with [] stands for Count values. It is $ for a whole release.
	Path     string   `json:"path"`
	Reason   string   `json:"reason"`
	Severity Severity `json:"severity"`
	Count    int      `json:"count"` // how many values it is about, at least 1
}

// WriteProblems writes problems as JSON Lines, the form of FILE.errors.jsonl. It returns the writer's error.
func WriteProblems(w io.Writer, problems []Problem) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	for _, p := range problems {
		if err := enc.Encode(p); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
