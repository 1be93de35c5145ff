//go:build unix

package redistest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster is a Redis Cluster of a test's own, without replicas: a node that is stopped takes its slots along.
type Cluster struct{ Nodes []*Server }

// nodeTimeout is after how many milliseconds of silence nodes give each other up.
const nodeTimeout = "500"

// StartCluster runs a cluster of so many nodes until the test ends.
func StartCluster(t testing.TB, nodes int) *Cluster {
	t.Helper()
	c := &Cluster{}
	for range nodes {
		dir := t.TempDir()
		c.Nodes = append(c.Nodes, startWith(t, "--cluster-enabled", "yes", "--cluster-node-timeout", nodeTimeout,
			"--cluster-require-full-coverage", "no", "--cluster-config-file", filepath.Join(dir, "nodes.conf")))
	}
	args := []string{"--cluster", "create"}
	for _, n := range c.Nodes {
		args = append(args, n.Addr())
	}
	cli(t, append(args, "--cluster-replicas", "0", "--cluster-yes")...)
	c.Settle(t)
	return c
}

// URL names all nodes, as REDIS_URL takes it.
func (c *Cluster) URL() string {
	url := "redis+cluster://" + c.Nodes[0].Addr()
	for i, n := range c.Nodes[1:] {
		url += []string{"?", "&"}[min(i, 1)] + "addr=" + n.Addr()
	}
	return url
}

// Settle returns when all nodes agree that all is well.
func (c *Cluster) Settle(t testing.TB) {
	t.Helper()
	for _, n := range c.Nodes {
		client := redis.NewClient(&redis.Options{Addr: n.Addr()})
		await(t, "a cluster that is well", func(ctx context.Context) bool {
			info, err := client.ClusterInfo(ctx).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384")
		})
		_ = client.Close() // it only asked
	}
}

// Reshard moves so many slots, with the keys in them, from one node to another.
func (c *Cluster) Reshard(t testing.TB, from, to, slots int) {
	t.Helper()
	cli(t, "--cluster", "reshard", c.Nodes[from].Addr(), "--cluster-from", c.id(t, from), "--cluster-to", c.id(t, to),
		"--cluster-slots", fmt.Sprint(slots), "--cluster-yes")
}

func (c *Cluster) id(t testing.TB, node int) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: c.Nodes[node].Addr()})
	defer func() { _ = client.Close() }()
	id, err := client.Do(t.Context(), "CLUSTER", "MYID").Text()
	if err != nil {
		t.Fatal("ask a node of a cluster for its name: ", err)
	}
	return id
}

// cli runs redis-cli, which comes with redis-server.
func cli(t testing.TB, args ...string) {
	t.Helper()
	path, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Fatal("redis-cli is not installed; it is in the package of redis-server, or in `redis-tools` beside it: ", err)
	}
	if said, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Fatalf("redis-cli %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

// patience is how long a test waits for Redis to do what it must.
const patience = time.Minute

func await(t testing.TB, what string, done func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// Sentinels is a master, a replica and three that watch them.
type Sentinels struct {
	Master, Replica *Server
	watchers        []*Server
}

// masterName is what the sentinels know the master by.
const masterName = "heyue"

// StartSentinels runs them until the test ends.
func StartSentinels(t testing.TB) *Sentinels {
	t.Helper()
	s := &Sentinels{Master: startWith(t)}
	host, port, _ := strings.Cut(s.Master.Addr(), ":")
	s.Replica = startWith(t, "--replicaof", host, port, "--repl-diskless-sync-delay", "0")
	for range 3 {
		conf := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s 500\nsentinel failover-timeout %[1]s 2000\n", masterName, host, port)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal("what a sentinel watches: ", err)
		}
		s.watchers = append(s.watchers, startWith(t, conf, "--sentinel"))
	}
	for _, w := range s.watchers {
		client := redis.NewSentinelClient(&redis.Options{Addr: w.Addr()})
		await(t, "a sentinel that knows the others and the replica", func(ctx context.Context) bool {
			others, err := client.Sentinels(ctx, masterName).Result()
			replicas, also := client.Replicas(ctx, masterName).Result()
			return err == nil && also == nil && len(others) == 2 && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
		})
		_ = client.Close() // as above
	}
	return s
}

// URL is what REDIS_URL takes.
func (s *Sentinels) URL() string {
	url := "redis+sentinel://" + s.watchers[0].Addr() + "/0?master_name=" + masterName
	for _, w := range s.watchers[1:] {
		url += "&addr=" + w.Addr()
	}
	return url
}

// Promoted returns when the sentinels have made the replica the master.
func (s *Sentinels) Promoted(t testing.TB) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Replica.Addr()})
	defer func() { _ = client.Close() }()
	await(t, "a replica that is made the master", func(ctx context.Context) bool {
		info, err := client.Info(ctx, "replication").Result()
		return err == nil && strings.Contains(info, "role:master")
	})
}
