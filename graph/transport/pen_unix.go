//go:build unix

package transport

import (
	"errors"
	"syscall"
)

// pen writes what a connection takes without waiting. One worker uses it for one connection after another.
type pen struct {
	buffer []byte
	data   []byte
	n      int
	err    error
	stroke func(fd uintptr) bool
}

func newPen() *pen {
	p := &pen{}
	p.stroke = func(fd uintptr) bool {
		p.n, p.err = syscall.Write(int(fd), p.data)
		return true // whatever came of it: nobody waits here
	}
	return p
}

// write returns how much was taken. A nil connection takes nothing.
func (p *pen) write(to syscall.RawConn, data []byte) (int, error) {
	if to == nil {
		return 0, nil
	}
	p.data = data
	defer func() { p.data = nil }()
	if err := to.Write(p.stroke); err != nil {
		return 0, err
	}
	if errors.Is(p.err, syscall.EAGAIN) || errors.Is(p.err, syscall.EINTR) {
		return 0, nil
	}
	return max(p.n, 0), p.err
}
