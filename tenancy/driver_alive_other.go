//go:build !unix

package tenancy

import "net"

// alive cannot look at a socket without waiting here, so a dead connection is found by its first statement.
func alive(net.Conn, bool) bool { return true }
