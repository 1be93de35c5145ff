package main

import "heyue/platform/config"

// configCommand prints the settings as every other command would read them.
type configCommand struct{}

// Run fails with config.Faults when a setting is wrong.
func (configCommand) Run(c *call) error {
	cfg, err := config.Read(c.machine)
	if err != nil {
		return err
	}
	return cfg.Print(c.out)
}
