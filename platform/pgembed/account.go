//go:build unix

package pgembed

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who PostgreSQL runs as when that is not ourselves.
type account struct {
	name     string
	uid, gid int
}

// accounts are tried in order when this process is root: PostgreSQL's own on Debian and on a Mac, else nobody.
var accounts = [...]string{"postgres", "_postgres", "nobody"}

// chooseAccount finds who is to run the server on cluster, a folder that may not exist yet. Nil means
// ourselves. Only root can become somebody else; a cluster that has an owner keeps it.
func chooseAccount(cluster, wanted string) (*account, error) {
	owner, exists := ownerOf(cluster)
	if os.Geteuid() != 0 {
		if exists && owner != os.Geteuid() {
			return nil, fmt.Errorf("the data folder %s belongs to user id %d; run as that user or choose another folder", cluster, owner)
		}
		return nil, nil // ourselves
	}
	if exists && owner != 0 {
		u, err := user.LookupId(strconv.Itoa(owner))
		if err != nil {
			return nil, fmt.Errorf("the data folder %s belongs to user id %d, which has no account: %w", cluster, owner, err)
		}
		return asAccount(u)
	}
	names := accounts[:]
	if wanted != "" {
		names = []string{wanted}
	}
	for _, name := range names {
		if u, err := user.Lookup(name); err == nil {
			return asAccount(u)
		}
	}
	return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no account %q to run it as", names[0])
}

func ownerOf(path string) (uid int, exists bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

func asAccount(u *user.User) (*account, error) {
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("account %s: %w", u.Username, err)
	}
	if uid == 0 {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, so it cannot run as the account %q", u.Username)
	}
	return &account{name: u.Username, uid: uid, gid: gid}, nil
}

// attributes make a command run as the account.
func (a *account) attributes() *syscall.SysProcAttr {
	if a == nil {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}}
}

// own makes a folder that the account, and nobody else but root, may enter.
func (a *account) own(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the folder of the database server: %w", err)
	}
	if a == nil {
		return nil
	}
	if err := os.Chown(dir, a.uid, a.gid); err != nil {
		return fmt.Errorf("give the folder to the account %s: %w", a.name, err)
	}
	return nil
}

// reach checks that the account may pass through every folder above and including dir. Only mode bits are
// read: an access list that says otherwise makes PostgreSQL's own message appear instead of this one.
func (a *account) reach(dir string) error {
	if a == nil {
		return nil
	}
	for p := dir; ; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("look at the folder: %w", err)
		}
		if !a.mayEnter(info) {
			return fmt.Errorf("PostgreSQL runs as the account %q, which may not enter %s on the way to %s; choose another folder or run `chmod o+x %s`",
				a.name, p, dir, p)
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

func (a *account) mayEnter(info os.FileInfo) bool {
	const owner, group, other = 0o100, 0o010, 0o001
	mode := info.Mode().Perm()
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int(stat.Uid) == a.uid:
		return mode&owner != 0
	case ok && int(stat.Gid) == a.gid:
		return mode&group != 0
	default:
		return mode&other != 0
	}
}
