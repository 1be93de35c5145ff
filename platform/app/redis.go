package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"heyue/platform/breaker"
	"heyue/platform/redisembed"
)

// Redis is how this process reaches Redis: two clients, because what is right for a command, giving up at once, would
// end a subscription that waits for its next message. Behind them is one server, a cluster, or the master that sentinels name.
type Redis struct {
	Commands redis.UniversalClient // gives up after HEYUE_REDIS_TIMEOUT and never tries twice; whoever uses it goes on without
	Messages redis.UniversalClient // for Subscribe only: waits for ever
}

// Redis returns the clients of the Redis in the settings, or of one inside this process that ends with Close. It does
// not connect: Redis may be down, now as later. It fails when REDIS_URL holds an option that is unknown.
func (r *Resources) Redis(ctx context.Context) (Redis, error) {
	if r.redis != nil {
		return *r.redis, nil
	}
	url := r.cfg.Redis.URL.Reveal()
	if url == "" {
		server, err := redisembed.Start(ctx, r.log)
		if err != nil {
			return Redis{}, fmt.Errorf("the built-in Redis: %w", err)
		}
		r.onClose(func() error { server.Close(); return nil })
		url = server.URL()
	}
	redis.SetLogger(redisLog{r.log}) // the library has one logger for the process
	clients, err := r.dial(url)
	if err != nil {
		return Redis{}, fmt.Errorf("REDIS_URL: %w", err)
	}
	r.redis = &clients
	if r.tracer != nil {
		clients.Commands.AddHook(redisSpans{}) // around the breaker: what it refuses shows too
	}
	r.onClose(r.protect(clients.Commands))
	r.onClose(clients.Commands.Close)
	r.onClose(clients.Messages.Close)
	return clients, nil
}

// protect puts a breaker before a client: while Redis does not answer, nobody waits for it. It returns what ends it.
func (r *Resources) protect(client redis.UniversalClient) func() error {
	b := breaker.New(breaker.Options{
		Name: "Redis", Failures: r.cfg.Redis.Failures, Every: r.cfg.Redis.Probe, Log: r.log,
		Probe: func(ctx context.Context) error { return client.Ping(context.WithValue(ctx, probing{}, true)).Err() },
	})
	client.AddHook(breaking{b})
	return func() error { b.Close(); return nil }
}

// probing marks the context of the breaker's own look at Redis.
type probing struct{}

// breaking is the breaker as the library sees it.
type breaking struct{ *breaker.Breaker }

var _ redis.Hook = breaking{}

// DialHook leaves dialling alone: a command that had to dial reports how that went.
func (breaking) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook stands before each command.
func (b breaking) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return b.do(ctx, cmd.SetErr, func() error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook stands before several that go together.
func (b breaking) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		fail := func(err error) {
			for _, c := range cmds {
				c.SetErr(err)
			}
		}
		return b.do(ctx, fail, func() error { return next(ctx, cmds) })
	}
}

func (b breaking) do(ctx context.Context, fail func(error), try func() error) error {
	if ctx.Value(probing{}) != nil {
		return try()
	}
	if err := b.Allow(); err != nil {
		fail(err)
		return err
	}
	err := try()
	var reply redis.Error
	switch {
	case err == nil:
		b.Done(true)
	case errors.As(err, &reply): // nil is one too
		b.Done(!redis.HasErrorPrefix(err, "LOADING"))
	case ctx.Err() == nil: // a caller who gave up says nothing about Redis
		b.Done(false)
	}
	return err
}

// redisLog hands the library's lines to our log. All of them tell that Redis cannot be reached, which its users say
// too, each in his own words; so they are for debugging.
type redisLog struct{ log *slog.Logger }

// Printf is called by the library.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, fmt.Sprintf(format, args...), "part", "go-redis")
	}
}
