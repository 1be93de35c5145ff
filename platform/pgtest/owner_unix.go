//go:build unix

package pgtest

import (
	"os"
	"syscall"
)

func ours(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
