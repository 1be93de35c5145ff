//go:build unix

package pgembed_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"heyue/platform/pgembed"
)

// orphanDir makes this test binary start a server there and wait to be killed.
const orphanDir = "HEYUE_TEST_ORPHAN_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(orphanDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := pgembed.Start(context.Background(), pgembed.Options{DataDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.Info); err != nil {
		os.Exit(1)
	}
	select {}
}

func TestServerShutsDownCleanlyWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphanDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var orphan pgembed.Info
	if err := json.Unmarshal(line, &orphan); err != nil {
		t.Fatalf("the helper said %q", line)
	}
	_ = query[int](t, orphan.OwnerDSN(), "CREATE TABLE kept AS SELECT 42 AS n; SELECT n FROM kept")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()

	s := start(t, pgembed.Options{DataDir: dir}) // waits until the orphan has finished
	if s.PostgresPID == orphan.PostgresPID {
		t.Error("the orphan's server was taken for a new one")
	}
	if got := query[int](t, s.AppDSN(), "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'"); got != 1 {
		t.Error("the orphan's table is lost")
	}
	log, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "received fast shutdown request") {
		t.Error("the server was not told to shut down")
	}
	for _, bad := range []string{"not properly shut down", "automatic recovery", "was interrupted"} {
		if strings.Contains(string(log), bad) {
			t.Errorf("the next start had to recover: its log says %q", bad)
		}
	}
}
