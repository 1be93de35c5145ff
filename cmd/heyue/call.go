package main

import (
	"errors"
	"strings"

	"heyue/platform/app"
	"heyue/platform/config"
	"heyue/platform/logging"
)

// withResources reads the settings and runs use with the resources of a short command, which are closed afterwards.
func (c *call) withResources(use func(*app.Resources) error) error {
	return c.with(config.Config.ForCommand, false, use)
}

// with reads the settings, lets adapt change the defaults, and runs use with the resources, which are closed
// afterwards. Sole is for a process that stays.
func (c *call) with(adapt func(config.Config) config.Config, sole bool, use func(*app.Resources) error) (err error) {
	cfg, err := config.Read(c.machine)
	if err != nil {
		return err
	}
	cfg = adapt(cfg)
	log, err := logging.New(c.err, logging.Options{Level: cfg.Log.Level, Format: cfg.Log.Format})
	if err != nil {
		return err
	}
	for _, name := range cfg.Unknown() {
		log.Warn("a variable is set but is not a setting; is it misspelt?", "variable", name)
	}
	r := app.NewResources(app.Options{Config: cfg, Log: log, Sole: sole})
	defer func() { err = errors.Join(err, r.Close()) }()
	return use(r)
}

// operate runs use with the services of a short command.
func (c *call) operate(use func(*app.Services) error) error {
	return c.withResources(func(r *app.Resources) error {
		s, err := r.Operate(c.ctx)
		if err != nil {
			return err
		}
		return use(s)
	})
}

// oneLine makes a text fit for a line of a terminal or a log.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", "; ")), " ")
}
