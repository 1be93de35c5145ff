package main

import (
	"fmt"

	"heyue/platform/app"
	"heyue/platform/config"
)

// serveCommand runs the product until it is told to stop.
type serveCommand struct {
	Roles []string `default:"api,worker" enum:"api,worker" help:"What this process does: api answers callers, worker numbers events, raises alerts and cleans up."`
}

// Run returns after a stop in order, or when the process may not serve.
func (cmd serveCommand) Run(c *call) error {
	same := func(cfg config.Config) config.Config { return cfg }
	return c.with(same, true, func(r *app.Resources) error {
		return r.Serve(c.ctx, app.ServeOptions{
			Roles: cmd.roles(), Version: version(), Hurry: c.hurry,
			Listening: func(api, internal string) {
				if api != "" {
					fmt.Fprintf(c.out, "heyue answers at http://%s/graphql\n", api)
				}
				fmt.Fprintf(c.out, "health and metrics are at http://%s\n", internal)
			},
		})
	})
}

func (cmd serveCommand) roles() (roles app.Roles) {
	for _, role := range cmd.Roles {
		roles.API = roles.API || role == "api"
		roles.Worker = roles.Worker || role == "worker"
	}
	return roles
}
