package app

import (
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Schemes of REDIS_URL for more than one server, behind redis or rediss.
const (
	clusterScheme  = "+cluster://"
	sentinelScheme = "+sentinel://"
)

// dial makes the clients for a URL: redis:// for one server; redis+cluster:// for a cluster, of which addr may name more nodes;
// redis+sentinel:// for the master of the name master_name, of whose sentinels addr may name more. Each has rediss, for TLS.
func (r *Resources) dial(url string) (Redis, error) {
	switch {
	case strings.Contains(url, clusterScheme):
		return r.cluster(strings.Replace(url, clusterScheme, "://", 1))
	case strings.Contains(url, sentinelScheme):
		return r.sentinels(strings.Replace(url, sentinelScheme, "://", 1))
	}
	commands, err := redis.ParseURL(url)
	if err != nil {
		return Redis{}, err
	}
	messages := *commands
	for o, t := range map[*redis.Options]times{commands: r.forCommands(), &messages: r.forMessages()} {
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.ContextTimeoutEnabled = t.dial, t.read, t.write, t.pool, t.bound
		o.PoolSize = r.cfg.Redis.Pool
		o.MaxRetries, o.DialerRetries, o.PipelinePoolSize, o.DisableIdentity, o.MaintNotificationsConfig = none, 1, none, true, noNotices()
	}
	return Redis{Commands: redis.NewClient(commands), Messages: redis.NewClient(&messages)}, nil
}

// cluster follows moved slots, three times at most for one command, and tries nothing twice otherwise.
func (r *Resources) cluster(url string) (Redis, error) {
	commands, err := redis.ParseClusterURL(url)
	if err != nil {
		return Redis{}, err
	}
	messages := *commands
	for o, t := range map[*redis.ClusterOptions]times{commands: r.forCommands(), &messages: r.forMessages()} {
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.ContextTimeoutEnabled = t.dial, t.read, t.write, t.pool, t.bound
		o.PoolSize = r.cfg.Redis.Pool
		o.MaxRetries, o.DialerRetries, o.PipelinePoolSize, o.DisableIdentity, o.MaintNotificationsConfig = none, 1, none, true, noNotices()
	}
	return Redis{Commands: redis.NewClusterClient(commands), Messages: redis.NewClusterClient(&messages)}, nil
}

// sentinels follows the master when the sentinels name another one.
func (r *Resources) sentinels(url string) (Redis, error) {
	commands, err := redis.ParseFailoverURL(url)
	if err != nil {
		return Redis{}, err
	}
	messages := *commands
	for o, t := range map[*redis.FailoverOptions]times{commands: r.forCommands(), &messages: r.forMessages()} {
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.ContextTimeoutEnabled = t.dial, t.read, t.write, t.pool, t.bound
		o.PoolSize = r.cfg.Redis.Pool
		o.MaxRetries, o.DialerRetries, o.PipelinePoolSize, o.DisableIdentity = none, 1, none, true
	}
	return Redis{Commands: redis.NewFailoverClient(commands), Messages: redis.NewFailoverClient(&messages)}, nil
}

// none is the library's word for what there should be none of: tries, timeouts, a second pool.
const none = -1

// noNotices leaves out what the library does beside the commands it is given.
func noNotices() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// times bound what a client does.
type times struct {
	dial, read, write, pool time.Duration
	bound                   bool // by the caller's context too
}

// forCommands bounds everything by one timeout: with the library's own settings a hung server stalls one command for
// ten seconds (realtime.md 8).
func (r *Resources) forCommands() times {
	t := r.cfg.Redis.Timeout
	return times{t, t, t, t, true}
}

// forMessages lets a subscription wait. Its reader has its own checks of whether the connection lives; a lost subscription is
// made again by its owner.
func (r *Resources) forMessages() times {
	t := max(r.cfg.Redis.Timeout, time.Second)
	return times{dial: t, read: none, write: t}
}
