//go:build !unix

package pgembed

import (
	"context"
	"errors"
	"fmt"
)

// Server cannot exist on this system.
type Server struct{ Info }

// Start says that this system is not supported; heyue then needs DATABASE_URL.
func Start(context.Context, Options) (*Server, error) {
	return nil, fmt.Errorf("a private PostgreSQL can be run on Linux and macOS only, set DATABASE_URL here: %w", errors.ErrUnsupported)
}

// Done returns a closed channel.
func (*Server) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// Stop does nothing.
func (*Server) Stop() error { return nil }
