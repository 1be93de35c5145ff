package text

// Limits bound what templates and values may be made of; every one has a setting of its own (docs/ops.md).
type Limits struct {
	Clauses     int // clauses of one content
	Slots       int // slots of one content
	ClauseText  int // characters of one clause in one language
	ContentText int // characters of all clauses in one language
	ValueText   int // characters of one text that fills a slot
	Rows        int // rows of one table
}

// Bounds that are the product's and have no setting: they keep names short.
const (
	MaxKey      = 40
	MaxHeading  = 200
	MaxLabel    = 200
	MaxHint     = 500
	MaxTitle    = 300
	MaxParties  = 20
	MaxChoices  = 50
	MaxColumns  = 20
	MaxTags     = 20
	MaxTag      = 40
	MaxCell     = 500
	MaxPerValue = 200 // places of slots in one clause
)

// DefaultLimits are in force unless the installation says otherwise.
func DefaultLimits() Limits {
	return Limits{Clauses: 200, Slots: 200, ClauseText: 20_000, ContentText: 200_000, ValueText: 5_000, Rows: 500}
}
