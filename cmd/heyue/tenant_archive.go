package main

import (
	"fmt"
	"os"
	"path/filepath"

	"heyue/platform/app"
)

type tenantExport struct {
	Slug string `arg:"" help:"The tenant."`
	File string `arg:"" help:"The archive to write; it holds personal data in the clear, and nobody but you may read it."`
}

// Run says what the archive holds.
func (cmd tenantExport) Run(c *call) error {
	file, err := filepath.Abs(cmd.File)
	if err != nil {
		return err
	}
	return c.custody(func(k *app.Custodian) error {
		m, err := k.Export(c.ctx, cmd.Slug, file)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s: %d rows of %d tables\n", cmd.File, m.Rows, m.Tables)
		return err
	})
}

type tenantImport struct {
	File string `arg:"" type:"existingfile" help:"The archive."`
	Slug string `required:"" help:"Short name of the new tenant."`
	Name string `help:"Name of the company; the one in the archive when left out."`
}

// Run says what was brought in.
func (cmd tenantImport) Run(c *call) error {
	return c.custody(func(k *app.Custodian) error {
		m, err := k.Import(c.ctx, cmd.File, cmd.Slug, cmd.Name)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s: %d rows of %d tables\n", cmd.Slug, m.Rows, m.Tables)
		return err
	})
}

type tenantErase struct {
	Slug    string `arg:"" help:"The tenant; it must be suspended."`
	Confirm string `required:"" help:"The short name once more."`
	By      string `required:"" help:"Who answers for it, as the certificate is to say."`
}

// Run prints the certificate.
func (cmd tenantErase) Run(c *call) error {
	return c.custody(func(k *app.Custodian) error {
		certificate, err := k.Erase(c.ctx, cmd.Slug, cmd.Confirm, cmd.By)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(c.out, certificate)
		return err
	})
}

type tenantCertificate struct {
	Slug  string `arg:"" optional:"" help:"The erased tenant, whose certificate is printed again."`
	Check string `type:"existingfile" help:"A certificate to check instead: unchanged, and of this installation."`
}

// Run prints a certificate, or that one holds.
func (cmd tenantCertificate) Run(c *call) error {
	if (cmd.Slug == "") == (cmd.Check == "") {
		return fmt.Errorf("name a tenant or --check a file")
	}
	return c.custody(func(k *app.Custodian) error {
		if cmd.Check == "" {
			text, err := k.Certificate(c.ctx, cmd.Slug)
			if err == nil {
				_, err = fmt.Fprint(c.out, text)
			}
			return err
		}
		text, err := os.ReadFile(cmd.Check)
		if err != nil {
			return err
		}
		slug, err := k.CheckCertificate(text)
		if err == nil {
			_, err = fmt.Fprintf(c.out, "the certificate of %s holds\n", slug)
		}
		return err
	})
}

type tenantRekey struct {
	Slug     []string `arg:"" optional:"" help:"The tenants."`
	All      bool     `help:"All tenants."`
	Wrapping bool     `help:"Wrap the keys that there are under the newest HEYUE_TENANT_KEY, and make no new ones."`
}

// Run says of each tenant how many rows were sealed anew.
func (cmd tenantRekey) Run(c *call) error {
	if (len(cmd.Slug) == 0) != cmd.All {
		return fmt.Errorf("name tenants or say --all")
	}
	return c.operate(func(s *app.Services) error {
		return s.Rekey(c.ctx, cmd.Slug, cmd.Wrapping, func(slug string, rows int) {
			fmt.Fprintf(c.out, "%s: %d rows sealed anew\n", slug, rows)
		})
	})
}

// custody runs use with what needs the address of the tables' owner.
func (c *call) custody(use func(*app.Custodian) error) error {
	return c.withResources(func(r *app.Resources) error {
		k, err := r.Custodian(c.ctx)
		if err != nil {
			return err
		}
		return use(k)
	})
}
