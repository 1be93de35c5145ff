package main

import (
	"fmt"
	"os"

	"heyue/platform/app"
)

// policyCommand looks after permissions.
type policyCommand struct {
	Test policyTest `cmd:"" help:"Try a test of permissions (docs/permissions.md) on a tenant's roles, or on the shipped ones."`
}

type policyTest struct {
	File   string `arg:"" type:"existingfile" help:"The test, in YAML."`
	Tenant string `help:"The tenant's short name; the shipped roles are tried when left out."`
}

// Run prints a line for each test, and what is otherwise than it wants; the command fails when one does not hold.
func (cmd policyTest) Run(c *call) error {
	text, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	if cmd.Tenant == "" {
		return c.report(app.TryTemplates(string(text)))
	}
	return c.operate(func(s *app.Services) error { return c.report(s.TryPolicy(c.ctx, cmd.Tenant, string(text))) })
}

func (c *call) report(results []app.PolicyResult, err error) error {
	if err != nil {
		return err
	}
	failed := 0
	for _, test := range results {
		if test.Passed {
			fmt.Fprintf(c.out, "ok    %s\n", oneLine(test.Name))
			continue
		}
		failed++
		fmt.Fprintf(c.out, "FAULT %s\n", oneLine(test.Name))
		for _, p := range test.Problems {
			fmt.Fprintf(c.out, "      %s\n", oneLine(p))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d tests do not hold", failed, len(results))
	}
	return nil
}
