package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"heyue/platform/app"
	"heyue/platform/config"
)

// serveCommand runs the product until it is told to stop.
type serveCommand struct {
	Demo  bool     `help:"Fill an empty installation with demo tenants, let everybody read the schema, and print how to sign in."`
	Roles []string `default:"api,worker" enum:"api,worker" help:"What this process does: api answers callers, worker numbers events, raises alerts and cleans up."`
}

// Run returns after a stop in order, or when the process may not serve.
func (cmd serveCommand) Run(c *call) error {
	adapt := func(cfg config.Config) config.Config { return cfg }
	if cmd.Demo {
		adapt = config.Config.ForDemo
	}
	return c.with(adapt, true, func(r *app.Resources) error {
		err := r.Serve(c.ctx, cmd.options(c))
		if c.ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // told to stop while it was starting
		}
		return err
	})
}

func (cmd serveCommand) options(c *call) app.ServeOptions {
	o := app.ServeOptions{
		Roles:   app.Roles{API: slices.Contains(cmd.Roles, "api"), Worker: slices.Contains(cmd.Roles, "worker")},
		Version: version(), Hurry: c.hurry,
		Listening: func(api, internal string) {
			if api != "" {
				fmt.Fprintf(c.out, "heyue answers at http://%s/graphql\n", api)
			}
			fmt.Fprintf(c.out, "health and metrics are at http://%s\n", internal)
		},
	}
	if !cmd.Demo || !o.Roles.API {
		return o
	}
	var logins []app.DemoLogin
	o.Before = func(ctx context.Context, s *app.Services) (err error) {
		logins, err = s.LoadDemo(ctx, c.progress())
		return err
	}
	o.Listening = func(api, _ string) { welcome(c.out, api, logins) }
	return o
}
