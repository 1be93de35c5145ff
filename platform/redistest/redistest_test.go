//go:build unix

package redistest_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"heyue/platform/redistest"
)

func client(t *testing.T, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries = -1
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	a, b := client(t, redistest.URL(t)), client(t, redistest.URL(t))
	if err := a.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("another test's key is seen: %v", err)
	}
	if got, err := a.Get(t.Context(), "k").Result(); err != nil || got != "v" {
		t.Errorf("own key: %q %v", got, err)
	}
}

func TestStopAndRestart(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := client(t, s.URL())
	if err := c.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a stopped server answers")
	}
	s.Restart(t)
	if err := c.Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("after a restart: %v, want an empty server", err)
	}
}

func TestPausedServerAnswersAfterItIsResumed(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := client(t, s.URL())
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Pause(t)
	options := *c.Options()
	options.ReadTimeout = -1
	patient := redis.NewClient(&options)
	defer func() { _ = patient.Close() }()
	waiting := make(chan error, 1)
	go func() { waiting <- patient.Ping(t.Context()).Err() }()
	err := c.WithTimeout(50 * time.Millisecond).Ping(t.Context()).Err()
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a paused server: got %v, want a time-out", err)
	}
	s.Resume(t)
	if err := <-waiting; err != nil {
		t.Errorf("a command that waited through the pause: %v", err)
	}
}

// helper makes this test binary start a server, freeze it and wait to be killed.
const helper = "HEYUE_TEST_REDIS_HELPER"

// The frozen server of a killed test process must not stay behind.
func TestFrozenServerDiesWithItsProcess(t *testing.T) {
	if os.Getenv(helper) != "" {
		s := redistest.Start(t)
		s.Pause(t)
		fmt.Println("at " + s.URL())
		select {}
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFrozenServerDiesWithItsProcess$")
	cmd.Env = append(os.Environ(), helper+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "at redis://"), "/0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if _, err := conn.Read(make([]byte, 1)); err == nil { // ends when the kernel closes the dead server's side
		t.Error("the frozen server spoke")
	}
	_ = conn.Close()
}
