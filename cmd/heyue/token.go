package main

import (
	"fmt"
	"time"

	"heyue/platform/app"
)

// tokenCommand signs a user in for a script or a look around.
type tokenCommand struct {
	Tenant string        `required:"" help:"The tenant's short name."`
	User   string        `required:"" help:"The user's e-mail address."`
	TTL    time.Duration `default:"10m" name:"ttl" help:"How long the token lives, 1m to 24h."`
}

// Run prints the token and nothing else.
func (cmd tokenCommand) Run(c *call) error {
	return c.operate(func(s *app.Services) error {
		token, err := s.AccessToken(c.ctx, cmd.Tenant, cmd.User, cmd.TTL)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, token)
		return err
	})
}
