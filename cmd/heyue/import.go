package main

import (
	"fmt"
	"os"

	"heyue/platform/app"
	"heyue/platform/clock"
	"heyue/platform/progress"
)

// importCommand takes data over from elsewhere.
type importCommand struct {
	OCDS importOCDS `cmd:"" name:"ocds" help:"Import Open Contracting files: releases, records or JSON Lines, plain or gzip."`
}

type importOCDS struct {
	Tenant string   `required:"" help:"The tenant's short name."`
	Files  []string `arg:"" name:"file" help:"Files to import, one after the other. Problems of each go to FILE.errors.jsonl."`
}

// Run prints one line a file. The first file that cannot be imported ends it; those before it stay imported.
func (cmd importOCDS) Run(c *call) error {
	return c.operate(func(s *app.Services) error {
		for _, file := range cmd.Files {
			line, err := s.ImportOCDS(c.ctx, cmd.Tenant, file, c.progress())
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(c.out, line); err != nil {
				return err
			}
		}
		return nil
	})
}

// progress is where long work shows how far it is: on standard error, so that it never mixes with what is printed.
func (p *process) progress() progress.Output {
	if p.err == os.Stderr {
		return progress.Stderr(clock.System{})
	}
	return progress.Output{W: p.err, Clock: clock.System{}}
}
