package imports

import (
	"errors"
	"io/fs"
	"os"

	"heyue/domain/ocds"
	"heyue/platform/fault"
)

// ErrorFile lists the problems of an import as JSON Lines, one problem a line, beside the imported file. There is a
// file only when there is a problem; that of an earlier run does not outlive a run without any.
type ErrorFile struct {
	path string
	file *os.File
}

// ErrorsOf returns the error file of an input: FILE.errors.jsonl. It fails with INTERNAL when an old one cannot be
// removed.
func ErrorsOf(input string) (*ErrorFile, error) {
	e := &ErrorFile{path: input + ".errors.jsonl"}
	if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, "remove the old list of problems")
	}
	return e, nil
}

// Path is where the problems are, or would be.
func (e *ErrorFile) Path() string { return e.path }

// Write appends problems; it serves as Watch.Problems. It fails with INTERNAL.
func (e *ErrorFile) Write(problems []ocds.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	if e.file == nil {
		file, err := os.Create(e.path)
		if err != nil {
			return fault.Wrap(err, "make the list of problems")
		}
		e.file = file
	}
	return fault.Wrap(ocds.WriteProblems(e.file, problems), "write the list of problems")
}

// Close ends the file. It reports whether there is one, and fails with INTERNAL.
func (e *ErrorFile) Close() (written bool, err error) {
	if e.file == nil {
		return false, nil
	}
	return true, fault.Wrap(e.file.Close(), "close the list of problems")
}
