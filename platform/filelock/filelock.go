// Package filelock locks files between processes. The system gives a lock back when its holder dies, however
// it dies, so a lock can never be stale; that is what a pid file cannot promise.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrHeld says that another process, or another Lock of this one, holds the lock.
var ErrHeld = errors.New("lock is held")

// retry is how often Wait tries again: short against a test's patience, long against a processor's.
const retry = 10 * time.Millisecond

// Lock is a lock that is held. Copies of its file in child processes hold it too (see File).
type Lock struct{ file *os.File }

// Try takes the exclusive lock on path, creating the file with mode 0600, or returns ErrHeld at once.
// Any other error is about the file itself and names it.
func Try(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := lock(file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return &Lock{file: file}, nil
}

// Wait takes the lock as Try does, trying until ctx is done; it then returns ErrHeld joined with ctx's error.
func Wait(ctx context.Context, path string) (*Lock, error) {
	tick := time.NewTicker(retry)
	defer tick.Stop()
	for {
		l, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-tick.C:
		}
	}
}

// File is the open lock file. A child process that inherits it holds the lock until it, and whatever it
// passed the file on to, has exited.
func (l *Lock) File() *os.File { return l.file }

// Release closes this process's copy. The lock is free once no child holds a copy either.
func (l *Lock) Release() error { return l.file.Close() }
