package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileName is the name of the key file in the data folder.
const FileName = "secret.key"

// Load returns the key in text when text is not empty, else the one in dir/secret.key, which it creates with mode
// 0600 on the first start. dir must exist. Several processes may start at once on an empty folder: all get the
// same key. The errors are one line, name the file and say what to do; they never repeat a key.
func Load(text, dir string) (Master, error) {
	if text != "" {
		return Parse(text)
	}
	path := filepath.Join(dir, FileName)
	m, err := readFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if err := createFile(path, New()); err != nil {
		return Master{}, fmt.Errorf("create the key file: %w", err)
	}
	return readFile(path)
}

func readFile(path string) (Master, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Master{}, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return Master{}, fmt.Errorf("%s can be read by others (mode %04o): run chmod 600 on it", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Master{}, err
	}
	m, err := Parse(string(b))
	if err != nil {
		return Master{}, fmt.Errorf("%s is damaged (%w); restore it from a backup: a new key ends every session", path, err)
	}
	return m, nil
}

// createFile writes the key beside its place and links it there. The link either appears with the whole key in it
// or, when another process was first, not at all; then that process's key stays.
func createFile(path string, m Master) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.WriteString(m.encode())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err = os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the new name survive a power cut, like the file behind it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
