package main

import (
	"cmp"
	"fmt"
	"text/tabwriter"

	"heyue/platform/app"
)

// tenantCommand looks after tenants.
type tenantCommand struct {
	Create  tenantCreate  `cmd:"" help:"Open a tenant with its administrator."`
	List    tenantList    `cmd:"" help:"List all tenants."`
	Suspend tenantSuspend `cmd:"" help:"Shut a tenant out; its data stays."`
	Resume  tenantResume  `cmd:"" help:"Let a suspended tenant in again."`

	Export      tenantExport      `cmd:"" help:"Write a tenant into an archive."`
	Import      tenantImport      `cmd:"" help:"Make a new tenant of an archive."`
	Erase       tenantErase       `cmd:"" help:"Delete a suspended tenant for good, and print the certificate."`
	Certificate tenantCertificate `cmd:"" help:"Print the certificate of an erased tenant, or check one."`
	Rekey       tenantRekey       `cmd:"" help:"Give tenants new keys and seal what is sealed by them."`
}

type tenantCreate struct {
	Slug       string `arg:"" help:"Short name that its users sign in with: small letters, digits, hyphens."`
	Name       string `required:"" help:"Name of the company."`
	AdminEmail string `help:"Address that the administrator signs in with; admin@SLUG.example when left out."`
	AdminName  string `default:"Administrator" help:"Name of the administrator."`
	secretSource
}

// Run prints how to sign in.
func (cmd tenantCreate) Run(c *call) error {
	password, made, err := cmd.password(c)
	if err != nil {
		return err
	}
	t := app.NewTenant{
		Slug: cmd.Slug, Name: cmd.Name, AdminEmail: cmp.Or(cmd.AdminEmail, "admin@"+cmd.Slug+".example"),
		AdminName: cmd.AdminName, AdminPassword: password,
	}
	return c.operate(func(s *app.Services) error {
		if err := s.CreateTenant(c.ctx, t); err != nil {
			return err
		}
		return c.credentials(t.Slug, t.AdminEmail, password, made)
	})
}

// credentials prints a new sign-in; the password only when nobody knows it yet.
func (c *call) credentials(tenant, email, password string, made bool) error {
	_, err := fmt.Fprintf(c.out, "tenant    %s\nemail     %s\n", tenant, email)
	if made && err == nil {
		_, err = fmt.Fprintf(c.out, "password  %s\n", password)
	}
	return err
}

type tenantList struct{}

// Run prints one line a tenant.
func (tenantList) Run(c *call) error {
	return c.operate(func(s *app.Services) error {
		lines, err := s.ListTenants(c.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, l := range lines {
			fmt.Fprintf(w, "%s\t%s\t%s\n", l.Slug, l.Standing, l.CreatedAt.Format("2006-01-02"))
		}
		return w.Flush()
	})
}

type tenantSuspend struct {
	Slug string `arg:"" help:"The tenant."`
}

// Run says that it is done.
func (cmd tenantSuspend) Run(c *call) error {
	return c.operate(func(s *app.Services) error {
		if err := s.SuspendTenant(c.ctx, cmd.Slug); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "%s is suspended\n", cmd.Slug)
		return err
	})
}

type tenantResume struct {
	Slug string `arg:"" help:"The tenant."`
}

// Run says that it is done.
func (cmd tenantResume) Run(c *call) error {
	return c.operate(func(s *app.Services) error {
		if err := s.ResumeTenant(c.ctx, cmd.Slug); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "%s is active\n", cmd.Slug)
		return err
	})
}
