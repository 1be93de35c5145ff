package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"heyue/platform/filelock"
	"heyue/platform/pgembed"
)

// private starts a server on the first slot that no other process holds. The lock and the server are given
// up by the kernel when this process ends.
func private(ctx context.Context) (*server, error) {
	root, err := slotRoot()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		dir := filepath.Join(root, strconv.Itoa(n))
		lock, err := filelock.Try(dir + ".lock")
		if errors.Is(err, filelock.ErrHeld) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("take a slot for a test server: %w", err)
		}
		s, err := open(ctx, dir)
		if err == nil {
			s.slot = lock
			return s, nil
		}
		if err := errors.Join(err, lock.Release()); !occupied(err) {
			return nil, err
		}
		// A server is at work there, or one of a killed process is still shutting down: leave it alone.
	}
}

// slotRoot is a folder that only we may write to but that the server's account may enter.
func slotRoot() (string, error) {
	root := filepath.Join(os.TempDir(), "heyue-pgtest-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(root, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make a folder for test servers: %w", err)
	}
	info, err := os.Lstat(root)
	if err != nil {
		return "", fmt.Errorf("look at the folder for test servers: %w", err)
	}
	if !info.IsDir() || !ours(info) {
		return "", fmt.Errorf("%s must be a folder of this user; remove it or set TMPDIR", root)
	}
	return root, nil
}

// open starts the server of a slot. A slot whose machine was restarted, or whose cluster does not start any
// more, is made afresh: its server ran without syncing, so nothing in it can be trusted.
func open(ctx context.Context, dir string) (*server, error) {
	boot := []byte(bootID(ctx))
	marker := filepath.Join(dir, "boot")
	if last, err := os.ReadFile(marker); err != nil || string(last) != string(boot) {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("empty a slot: %w", err)
		}
	}
	running, err := start(ctx, dir)
	if err != nil && !errors.Is(err, pgembed.ErrNoBinaries) && !occupied(err) {
		if removeErr := os.RemoveAll(dir); removeErr != nil {
			return nil, errors.Join(err, removeErr)
		}
		running, err = start(ctx, dir)
	}
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(marker, boot, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("mark a slot: %w", err), running.Stop())
	}
	s := &server{dsn: func(role, database string) string {
		if role == "" {
			return running.SuperDSN(database)
		}
		return running.DSN(role, database)
	}}
	if err := s.sweep(ctx); err != nil {
		return nil, errors.Join(err, running.Stop())
	}
	return s, nil
}

// occupied reports whether a start failed because of a server that runs or ends in the folder. Its files are in use.
func occupied(err error) bool {
	return errors.Is(err, filelock.ErrHeld) || errors.Is(err, pgembed.ErrRunning)
}

func start(ctx context.Context, dir string) (*pgembed.Server, error) {
	return pgembed.Start(ctx, pgembed.Options{
		DataDir: dir,
		BinDir:  os.Getenv(pgembed.BinDirVariable),
		NoSync:  true,
		Settings: map[string]string{
			"max_connections":           "300",
			"max_locks_per_transaction": "256",
			"shared_buffers":            "64MB",
			"autovacuum":                "off", // statistics change when a test says so
		},
	})
}

// sweep drops what tests of a process that was killed left in the slot.
func (s *server) sweep(ctx context.Context) error {
	return s.admin(func(db *sql.DB) error {
		left, err := names(ctx, db, testPrefix, 0)
		if err != nil {
			return err
		}
		for _, name := range left {
			if err := dropDatabase(ctx, db, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// bootID changes when the machine starts anew; it is empty where the system does not tell.
func bootID(ctx context.Context) string {
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		return strings.TrimSpace(string(id))
	}
	if out, err := exec.CommandContext(ctx, "sysctl", "-n", "kern.boottime").Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	return ""
}
