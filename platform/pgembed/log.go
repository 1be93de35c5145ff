//go:build unix

package pgembed

import (
	"fmt"
	"os"
	"strings"
)

// maxLog is the size in bytes past which the log starts afresh, keeping one old file, at the next start.
const maxLog = 16 << 20

// openLog opens the server's log. The server writes to the file itself rather than through us, so that its
// last words are kept when we are killed.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("rotate the server's log: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	return file, nil
}

// tail is the end of what the server logged since offset, to go behind an error's text.
func tail(path string, offset int64) string {
	const most = 2 << 10
	text, err := os.ReadFile(path)
	if err != nil || int64(len(text)) <= offset {
		return ""
	}
	text = text[offset:]
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return "; its log " + path + " says: " + strings.TrimSpace(string(text))
}
