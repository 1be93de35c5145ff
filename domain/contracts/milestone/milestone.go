// Package milestone names the kinds and states of contract milestones. It is a leaf.
package milestone

// Kind says what a milestone is about; the first three are scanned node kinds of their own (J4, HR10).
type Kind string

// Kinds of milestones.
const (
	Delivery   Kind = "DELIVERY"
	Receipt    Kind = "GOODS_RECEIPT"
	Acceptance Kind = "ACCEPTANCE"
	Other      Kind = "OTHER"
)

// Values lists the kinds for the table's CHECK.
func (Kind) Values() []string {
	return []string{string(Delivery), string(Receipt), string(Acceptance), string(Other)}
}

// State of a milestone.
type State string

// States of a milestone.
const (
	Open      State = "OPEN"
	Done      State = "DONE"
	Cancelled State = "CANCELLED"
)

// Values lists the states for the table's CHECK.
func (State) Values() []string { return []string{string(Open), string(Done), string(Cancelled)} }
