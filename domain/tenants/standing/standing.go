// Package standing names how a tenant stands with the service. It is a leaf shared by the table and its users.
package standing

// Standing of a tenant.
type Standing string

// A suspended tenant keeps its data; nobody of it can log in and its sessions end.
const (
	Active    Standing = "ACTIVE"
	Suspended Standing = "SUSPENDED"
)

// Values lists the standings for the table's CHECK.
func (Standing) Values() []string { return []string{string(Active), string(Suspended)} }
