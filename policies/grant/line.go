package grant

// Line is a permission and how far it reaches, as it is stored with whatever is limited to a list of them.
type Line struct {
	Object string `json:"object"`
	Action string `json:"action"`
	Scope  Scope  `json:"scope"`
}
