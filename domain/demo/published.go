package demo

import (
	"context"
	"embed"

	"heyue/domain/imports"
	"heyue/domain/ocds"
	"heyue/domain/tenants/settings"
	"heyue/platform/fault"
)

// openData holds open contracting data, one publisher a file: colombia-compra.jsonl (services; many documents) and
// jalisco.jsonl (goods; many lines, and payments). testdata/README.md says whose it is.
//
//go:embed testdata/*.jsonl
var openData embed.FS

func jalisco() show {
	return show{
		slug: "jalisco", name: "Gobierno de Jalisco (open data)", admin: "Administrator",
		settings: func(s *settings.Settings) { s.Locale, s.Currency, s.TimeZone = "en", "MXN", "America/Mexico_City" },
		units:    []unit{{"PROCUREMENT", "Procurement", ""}, {"FINANCE", "Finance", ""}},
		people: []person{
			{"manager", "Lucía Ejemplo", "Head of procurement", "PROCUREMENT", "manager"},
			{"buyer", "Mateo Ejemplo", "Buyer", "PROCUREMENT", "sales"},
			{"finance", "Elena Ejemplo", "Accountant", "FINANCE", "finance"},
			{"auditor", "Bruno Ejemplo", "Auditor", "", "auditor"},
		},
		fill: published("jalisco.jsonl"),
	}
}

func colombia() show {
	return show{
		slug: "colombia", name: "Colombia Compra (open data)", admin: "Administrator",
		settings: func(s *settings.Settings) { s.Locale, s.Currency, s.TimeZone = "en", "COP", "America/Bogota" },
		units:    []unit{{"PROCUREMENT", "Procurement", ""}, {"LEGAL", "Legal", ""}},
		people: []person{
			{"manager", "Sofía Muestra", "Head of procurement", "PROCUREMENT", "manager"},
			{"buyer", "Andrés Muestra", "Buyer", "PROCUREMENT", "sales"},
			{"legal", "Paula Muestra", "Lawyer", "LEGAL", "legal"},
			{"auditor", "Diego Muestra", "Auditor", "", "auditor"},
		},
		fill: published("colombia-compra.jsonl"),
	}
}

// published fills a tenant with a file of open contracting data, through the importer that any file goes through. It
// may be done again: an import of the same file changes nothing.
func published(file string) func(context.Context, Loader, place) error {
	return func(ctx context.Context, l Loader, p place) error {
		f, err := openData.Open("testdata/" + file)
		if err != nil {
			return fault.Wrap(err, "open the demo's data")
		}
		defer func() { _ = f.Close() }() // it was only read
		zone, err := p.Zone()
		if err != nil {
			return err
		}
		r, err := ocds.New(f, ocds.Options{Zone: zone})
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }() // temporary files of a reader that is done
		buyer := p.users[p.mail("buyer")]
		imp := l.Import
		imp.Owner, imp.Department = &buyer.id, &buyer.home
		_, err = imp.Run(ctx, r, imports.Watch{})
		return err
	}
}
