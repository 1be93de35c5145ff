package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"heyue/platform/secret"
)

func TestFirstStartMakesOneKeyForAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := make([]secret.Master, 16)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			m, err := secret.Load("", dir)
			if err != nil {
				t.Error(err)
			}
			got[i] = m
		})
	}
	wg.Wait()
	for i := range got {
		if got[i] != got[0] || got[i] == (secret.Master{}) {
			t.Fatalf("process %d got another key", i)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != secret.FileName {
		t.Fatalf("the folder holds %v, %v; want the key file alone", files, err)
	}
	if info, _ := files[0].Info(); info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %04o, want 0600", info.Mode().Perm())
	}
}

func TestTextComesBeforeFile(t *testing.T) {
	t.Parallel()
	want, text := key(t, 9)
	dir := t.TempDir()
	if got, err := secret.Load(text, dir); err != nil || got != want {
		t.Fatalf("Load = another key, %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, secret.FileName)); !os.IsNotExist(err) {
		t.Fatalf("a key file was made though the key was given: %v", err)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, text := key(t, 5)
	tests := map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"open to others": {text, 0o640, "chmod 600"},
		"damaged":        {text[:20], 0o600, "is damaged"},
		"empty":          {"", 0o600, "is damaged"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, secret.FileName)
			if err := os.WriteFile(path, []byte(tt.content), tt.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil { // the umask may have taken bits away
				t.Fatal(err)
			}
			_, err := secret.Load("", dir)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("Load = %v; want one line with %q and the path", err, tt.want)
			}
			if b, _ := os.ReadFile(path); string(b) != tt.content {
				t.Fatal("Load changed the file")
			}
		})
	}
	if _, err := secret.Load("", filepath.Join(t.TempDir(), "absent")); err == nil || !strings.Contains(err.Error(), "create the key file") {
		t.Errorf("missing folder: %v", err)
	}
}
