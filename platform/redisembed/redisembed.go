// Package redisembed is a Redis inside this process, for an installation of one process that has no Redis:
// scripts, streams, publish and subscribe work, nothing is stored. It listens on the loopback interface
// behind a random password.
package redisembed

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"heyue/platform/clock"
)

// step is how exact times to live are. The imitation's own clock mode would be exact, but walks over all
// keys at every command; this walks over them four times a second.
const step = 250 * time.Millisecond

// Server is a running Redis.
type Server struct {
	redis *miniredis.Miniredis
	url   string
	log   *slog.Logger
	close sync.Once
	quit  chan struct{}
	done  chan struct{}
}

// Start runs a server until Close. A nil log is silence.
func Start(ctx context.Context, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ticker := time.NewTicker(step)
	s, err := start(log, clock.System{}, ticker.C, ticker.Stop)
	if err != nil {
		ticker.Stop()
		return nil, err
	}
	log.InfoContext(ctx, "Redis runs inside this process", "addr", s.redis.Addr())
	return s, nil
}

func start(log *slog.Logger, now clock.Clock, tick <-chan time.Time, stopTicks func()) (*Server, error) {
	redis := miniredis.NewMiniRedis()
	password := rand.Text()
	redis.RequireAuth(password)
	if err := redis.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for Redis clients on the loopback interface: %w", err)
	}
	address := url.URL{Scheme: "redis", User: url.UserPassword("default", password), Host: redis.Addr(), Path: "/0"}
	s := &Server{redis: redis, url: address.String(), log: log, quit: make(chan struct{}), done: make(chan struct{})}
	go s.age(now, tick, stopTicks)
	return s, nil
}

// age lets keys expire: the imitation's time stands still until it is told how much has passed.
func (s *Server) age(now clock.Clock, tick <-chan time.Time, stopTicks func()) {
	defer close(s.done)
	defer stopTicks()
	last := now.Now()
	for {
		select {
		case <-s.quit:
			return
		case <-tick:
		}
		current := now.Now()
		if passed := current.Sub(last); passed > 0 { // a clock that was set back makes keys live longer
			s.redis.FastForward(passed)
		}
		last = current
	}
}

// URL is the server's address, its password included, for go-redis.
func (s *Server) URL() string { return s.url }

// Close cuts clients off and forgets everything. It may be called more than once.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.quit)
		<-s.done
		s.redis.Close()
		s.log.Info("Redis inside this process has stopped")
	})
}
