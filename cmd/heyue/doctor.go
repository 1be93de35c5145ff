package main

import (
	"fmt"

	"heyue/platform/app"
)

// doctorCommand examines an installation.
type doctorCommand struct{}

// Run prints a line for each thing it looked at and one for each finding, and fails when there are any.
func (doctorCommand) Run(c *call) error {
	return c.withResources(func(r *app.Resources) error {
		looks, err := r.Examine(c.ctx)
		if err != nil {
			return err
		}
		wrong := 0
		for _, d := range looks {
			if len(d.Findings) == 0 {
				fmt.Fprintf(c.out, "ok     %s: %s\n", d.Name, d.Note)
			}
			for _, f := range d.Findings {
				fmt.Fprintf(c.out, "FAULT  %s: %s\n", d.Name, oneLine(f))
				wrong++
			}
		}
		if wrong > 0 {
			return fmt.Errorf("%d to mend", wrong)
		}
		return nil
	})
}
