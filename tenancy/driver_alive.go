//go:build unix

package tenancy

import (
	"net"
	"syscall"
)

// alive looks, without waiting, whether the server has closed the connection or said good-bye on it while
// it lay idle. Found here, before anything is sent, the statement can safely go to another connection;
// found later its outcome would be unknown.
func alive(sock net.Conn, encrypted bool) bool {
	sc, ok := sock.(syscall.Conn)
	if !ok {
		return true
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	up := false
	err = rc.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR:
			up = true
		case err != nil || n == 0:
		default:
			// Unasked for come notices and changed settings, which are harmless, and the error that ends a
			// session. Under TLS they look alike; a new connection is cheaper than to guess.
			up = !encrypted && b[0] != 'E'
		}
		return true
	})
	return err == nil && up
}
