// Package ocds reads Open Contracting Data Standard files, versions 1.0 and 1.1, and turns each contracting
// process into a Process: a validated value that knows nothing of databases and is ready to be imported.
//
// It reads a release package, a record package, a bare release or record, an array of any of these, and any
// sequence of them, one a line (JSON Lines) or one after the other; plain or gzipped; UTF-8 or UTF-16.
//
// Memory does not grow with the input. A first pass over the bytes notes where each release lies and which
// process it belongs to; those notes are sorted outside memory when there are many. The second pass reads the
// releases of one process at a time, merges them by the rules of the standard
// (https://standard.open-contracting.org/1.1/en/schema/merging/), and maps the result. Processes come out in
// the order of their ocid, whatever the order of the input.
//
// Whatever cannot be mapped is reported as a Problem with its place; bad input is never an error and never
// stops what follows it.
package ocds

import (
	"time"

	"heyue/platform/fault"
)

// Perspective says on which side of a contract the importing tenant stands.
type Perspective uint8

// The tenant is the Buyer unless told otherwise: open contracting data is published by buyers.
const (
	Buyer    Perspective = iota // suppliers become the tenant's customers; contracts are Payable
	Supplier                    // buyers become the tenant's customers; contracts are Receivable
)

// Format says how values are laid out in the input.
type Format uint8

// Auto looks at the file name and the first lines. In JSONLines a value never spans two lines, so a broken
// line cannot swallow the next one; in JSON a line break is white space.
const (
	Auto Format = iota
	JSON
	JSONLines
)

// Options are the settings of a Reader. The zero value is usable; every limit has the default named with it.
type Options struct {
	Perspective Perspective
	Format      Format
	// Zone is where an instant becomes a civil date. Nil takes the date as it is written. Midnight UTC is
	// taken as written in any case, because publishers write it when they know only the day.
	Zone *time.Location
	// Languages are tried in order after the release's own language when a text comes only in variants such
	// as title_en. Default: en.
	Languages []string
	// TempDir is where notes and streamed input are spilled. Default: the system's.
	TempDir string

	MaxElement  int64 // bytes of one release or record; default 64 MiB
	MaxProcess  int64 // bytes of all releases of one process; default 256 MiB
	IndexMemory int64 // bytes of notes kept in memory before they are spilled; default 32 MiB
	MaxDepth    int   // nesting of one release; default 64
	MaxTitle    int   // characters of names and titles; default 500
	MaxText     int   // characters of descriptions and addresses; default 20,000
	MaxID       int   // characters of a publisher's identifier; default 300
}

func (o Options) withDefaults() Options {
	set := func(p *int64, v int64) {
		if *p == 0 {
			*p = v
		}
	}
	setInt := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&o.MaxElement, 64<<20)
	set(&o.MaxProcess, 256<<20)
	set(&o.IndexMemory, 32<<20)
	setInt(&o.MaxDepth, 64)
	setInt(&o.MaxTitle, 500)
	setInt(&o.MaxText, 20_000)
	setInt(&o.MaxID, 300)
	if len(o.Languages) == 0 {
		o.Languages = []string{"en"}
	}
	return o
}

// validate returns an Invalid fault.List naming each setting that cannot be used.
func (o Options) validate() error {
	var c fault.Check
	c.That(o.Perspective <= Supplier, fault.UnknownValue, "perspective", "perspective is neither buyer nor supplier")
	c.That(o.Format <= JSONLines, fault.UnknownValue, "format", "format is none of auto, JSON, JSON Lines")
	for name, v := range map[string]int64{
		"maxElement": o.MaxElement, "maxProcess": o.MaxProcess, "indexMemory": o.IndexMemory, "maxDepth": int64(o.MaxDepth),
		"maxTitle": int64(o.MaxTitle), "maxText": int64(o.MaxText), "maxID": int64(o.MaxID),
	} {
		c.That(v > 0, fault.OutOfRange, name, "%s must be positive", name)
	}
	c.That(o.MaxID >= 32, fault.OutOfRange, "maxID", "maxID must leave room for 32 characters")
	c.That(o.MaxDepth <= 1000, fault.OutOfRange, "maxDepth", "maxDepth may be at most 1000")
	return c.Err()
}
