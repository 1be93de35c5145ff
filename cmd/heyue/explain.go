package main

import (
	"fmt"
	"io"
	"strings"

	"heyue/platform/app"
)

// explainCommand tells how a query is read.
type explainCommand struct {
	Query     string `arg:"" help:"The query, or - to read it from standard input."`
	Tenant    string `required:"" help:"The tenant's short name."`
	User      string `help:"The e-mail address of who asks; the tenant's first administrator unless given."`
	Variables string `help:"The variables, a JSON object."`
}

// Run prints, for each root field, the statement it is compiled into with PostgreSQL's plan, or why the resolvers are left to it.
func (cmd explainCommand) Run(c *call) error {
	if cmd.Query == "-" {
		text, err := io.ReadAll(c.in)
		if err != nil {
			return err
		}
		cmd.Query = string(text)
	}
	return c.operate(func(s *app.Services) error {
		fields, err := s.Explain(c.ctx, app.Question{Tenant: cmd.Tenant, User: cmd.User, Query: cmd.Query, Variables: cmd.Variables})
		for _, f := range fields {
			if f.Why != "" {
				fmt.Fprintf(c.out, "%s is left to the resolvers: %s\n\n", f.Field, oneLine(f.Why))
				continue
			}
			fmt.Fprintf(c.out, "%s is compiled:\n%s\n", f.Field, f.Statement)
			for i, a := range f.Args {
				fmt.Fprintf(c.out, "  $%d = %v\n", i+1, a)
			}
			fmt.Fprintf(c.out, "%s\n\n", strings.Join(f.Plan, "\n"))
		}
		return err
	})
}
