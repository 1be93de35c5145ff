package app

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"

	"heyue/platform/tracing"
)

// Tracer follows work when the settings name a collector; nil when they do not.
func (r *Resources) Tracer(ctx context.Context) (*tracing.Tracer, error) {
	c := r.cfg.Trace
	if r.tracer != nil || c.Collector == "" && r.spans == nil {
		return r.tracer, nil
	}
	o := tracing.Options{URL: string(c.Collector), PerMille: c.PerMille, Queue: c.Queue, Timeout: c.Timeout, Exporter: r.spans}
	if a := c.Authorization.Reveal(); a != "" {
		o.Headers = map[string]string{"Authorization": a}
	}
	var err error
	if r.tracer, err = tracing.New(ctx, o); err != nil {
		return nil, err
	}
	r.onClose(func() error {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Timeout)
		defer cancel()
		if err := r.tracer.Close(last); err != nil { // a collector that is away does not make an end a failure
			r.log.Warn("the last spans were not sent", "error", err)
		}
		return nil
	})
	return r.tracer, nil
}

// followed gives root fields spans of their own.
type followed struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.RootFieldInterceptor
} = followed{}

// ExtensionName is asked for by gqlgen.
func (followed) ExtensionName() string { return "Spans" }

// Validate has nothing to object to.
func (followed) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField names the span by the schema's names; an alias is a caller's word.
func (followed) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	kind := string(graphql.GetOperationContext(ctx).Operation.Operation)
	ctx, span := tracing.Start(ctx, kind+" "+root.Field.Name)
	defer span.End(nil)
	return next(ctx)
}

// redisSpans follows what is asked of Redis: which command, not of which key.
type redisSpans struct{}

var _ redis.Hook = redisSpans{}

// DialHook leaves dialling alone.
func (redisSpans) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook follows one command. What is not there is no failure.
func (redisSpans) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, span := tracing.Call(ctx, cmd.Name(), attribute.String("db.system.name", "redis"))
		err := next(ctx, cmd)
		if err == redis.Nil { //nolint:errorlint // the library returns it as it is
			span.End(nil)
			return err
		}
		span.End(err)
		return err
	}
}

// ProcessPipelineHook follows several that go together.
func (redisSpans) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, span := tracing.Call(ctx, "pipeline", attribute.String("db.system.name", "redis"), attribute.Int("db.operation.batch.size", len(cmds)))
		err := next(ctx, cmds)
		span.End(err)
		return err
	}
}

// job gives one run of a worker's work a trace of its own.
func (s *Services) job(name string, do func(context.Context) (int, error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		ctx, span := tracing.Start(ctx, name)
		n, err := do(ctx)
		span.Set(attribute.Int("heyue.rows", n))
		span.End(err)
		return n, err
	}
}

// Follow gives requests on a route spans, when anything is followed.
func (s *Services) Follow(route string, next http.Handler) http.Handler {
	return s.tracer.HTTP(route, next)
}

// Flush hands on the spans that wait.
func (s *Services) Flush(ctx context.Context) error { return s.tracer.Flush(ctx) }
