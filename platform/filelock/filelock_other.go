//go:build !unix

package filelock

import (
	"errors"
	"fmt"
	"os"
)

func lock(file *os.File) error {
	return fmt.Errorf("lock %s: %w", file.Name(), errors.ErrUnsupported)
}
