//go:build unix

package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"heyue/platform/child"
	"heyue/platform/filelock"
)

// Patience of a stop: first with clients' transactions (they are rolled back), then with the server itself.
const (
	fastStop      = 30 * time.Second
	immediateStop = 10 * time.Second
)

// poll is how often we look whether the server is up. PostgreSQL tells it through a file only.
const poll = 5 * time.Millisecond

// Server is a running PostgreSQL that ends with this process at the latest.
type Server struct {
	Info

	dir     folder
	process *child.Process
	ours    *filelock.Lock
	log     *slog.Logger
	stop    sync.Once
	stopErr error
}

// Start runs the server on options.DataDir and returns when it accepts connections and has the roles and
// the database of heyue. ctx bounds the start only: when it ends early, nothing is left behind. Call Stop at
// the end.
//
// It returns a *RunningError (errors.Is ErrRunning) when another process runs a server on the folder, so
// that the caller can use that one, and ErrNoBinaries with a sentence that says what to install.
func Start(ctx context.Context, options Options) (*Server, error) {
	dir, err := filepath.Abs(options.DataDir)
	if err != nil || options.DataDir == "" {
		return nil, errors.Join(errors.New("the database server needs a data folder"), err)
	}
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{dir: folder(dir), log: log}
	if err := s.dir.make(); err != nil {
		return nil, err
	}
	if s.ours, err = claim(ctx, s.dir); err != nil {
		return nil, err
	}
	if err := s.start(ctx, options); err != nil {
		s.abandon()
		return nil, err
	}
	log.InfoContext(ctx, "PostgreSQL is running", "version", s.Version, "data", dir, "pid", s.PostgresPID)
	return s, nil
}

// claim takes the folder's lock. If another process holds it, that one is starting, running or stopping: wait
// until it is clear which.
func claim(ctx context.Context, dir folder) (*filelock.Lock, error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		lock, err := filelock.Try(dir.ourLock())
		if !errors.Is(err, filelock.ErrHeld) {
			return lock, err
		}
		if i, ok := Find(ctx, string(dir)); ok {
			return nil, &RunningError{Info: i}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another process is starting a server on %s: %w", dir, ctx.Err())
		case <-tick.C:
		}
	}
}

func (s *Server) start(ctx context.Context, options Options) error {
	l, err := s.prepare(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = l.lock.Release() }() // the server holds a copy from here on
	if err := s.launch(ctx, l); err != nil {
		return err
	}
	if err := bootstrap(ctx, s.Info); err != nil {
		return err
	}
	return s.dir.write(s.Info)
}

// Done is closed when the server has ended, asked for or not.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Stop shuts the server down: clients are cut off, their open transactions rolled back, everything is
// written. Later calls return the first one's answer.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		s.stopErr = s.shutdown()
		s.abandon()
		s.log.Info("PostgreSQL has stopped", "data", string(s.dir))
	})
	return s.stopErr
}

func (s *Server) shutdown() error {
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, fastStop}, {syscall.SIGQUIT, immediateStop}} {
		_ = s.process.Signal(step.signal)
		timer := time.NewTimer(step.patience)
		select {
		case <-s.process.Done():
			timer.Stop()
			if err := s.process.Err(); err != nil {
				return fmt.Errorf("PostgreSQL did not end well: %w", err)
			}
			return nil
		case <-timer.C:
		}
	}
	s.process.Kill()
	return errors.New("PostgreSQL did not stop and was killed; it will recover at its next start")
}

// abandon ends whatever runs, at once, and lets go of the folder.
func (s *Server) abandon() {
	if s.process != nil {
		_ = s.process.Signal(syscall.SIGQUIT)
		select {
		case <-s.process.Done():
		case <-time.After(immediateStop):
			s.process.Kill()
		}
	}
	s.dir.forget(s.SocketDir)
	_ = s.ours.Release()
}
