package main

import "heyue/platform/app"

// userCommand looks after users.
type userCommand struct {
	Create userCreate `cmd:"" help:"Make a user, in the name of an administrator of the tenant."`
}

type userCreate struct {
	Tenant     string   `required:"" help:"The tenant's short name."`
	Email      string   `required:"" help:"Address that the user signs in with."`
	Name       string   `required:"" help:"The user's name."`
	Role       []string `help:"Code of a role, such as sales; may be given several times."`
	Department string   `help:"Code of the department the user works in."`
	As         string   `help:"Address of the administrator to act for; the tenant's first when left out."`
	secretSource
}

// Run prints how to sign in.
func (cmd userCreate) Run(c *call) error {
	password, made, err := cmd.password(c)
	if err != nil {
		return err
	}
	return c.operate(func(s *app.Services) error {
		err := s.CreateUser(c.ctx, app.NewUser{
			Tenant: cmd.Tenant, Email: cmd.Email, Name: cmd.Name, Password: password,
			Department: cmd.Department, Roles: cmd.Role, As: cmd.As,
		})
		if err != nil {
			return err
		}
		return c.credentials(cmd.Tenant, cmd.Email, password, made)
	})
}
