package main

import (
	"errors"

	"heyue/platform/app"
	"heyue/platform/config"
	"heyue/platform/logging"
)

// withResources reads the settings and runs use with the resources of a short command, which are closed afterwards.
func (c *call) withResources(use func(*app.Resources) error) (err error) {
	cfg, err := config.Read(c.machine)
	if err != nil {
		return err
	}
	cfg = cfg.ForCommand()
	log, err := logging.New(c.err, logging.Options{Level: cfg.Log.Level, Format: cfg.Log.Format})
	if err != nil {
		return err
	}
	for _, name := range cfg.Unknown() {
		log.Warn("a variable is set but is not a setting; is it misspelt?", "variable", name)
	}
	r := app.NewResources(app.Options{Config: cfg, Log: log})
	defer func() { err = errors.Join(err, r.Close()) }()
	return use(r)
}
