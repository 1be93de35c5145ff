package main

import (
	"encoding/hex"
	"fmt"
	"os"

	"heyue/platform/app"
)

// auditCommand looks after the audit trail.
type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Check that no entry of the audit trail was edited, taken away, moved or slipped in."`
}

type auditVerify struct {
	Tenant  []string `arg:"" optional:"" help:"The tenants; all of them when left out."`
	Anchors []string `type:"existingfile" help:"What earlier runs printed, kept where the database's administrators cannot write; the trail must lead there."`
}

// Run prints a line for each tenant, which a later run takes as an anchor: the tenant, how many entries carry their seals,
// and the newest hash. What does not hold is told on lines of their own, and the command fails.
func (cmd auditVerify) Run(c *call) error {
	anchors, err := readAnchors(cmd.Anchors)
	if err != nil {
		return err
	}
	return c.operate(func(s *app.Services) error {
		trails, err := s.VerifyAudit(c.ctx, cmd.Tenant, anchors)
		if err != nil {
			return err
		}
		wrong := 0
		for _, t := range trails {
			if t.Break != nil {
				fmt.Fprintf(c.out, "FAULT %s %d %s\n", t.Slug, t.Break.Seq, oneLine(t.Break.Problem))
				wrong++
				continue
			}
			fmt.Fprintf(c.out, "%s %d %s\n", t.Slug, t.Sealed, hex.EncodeToString(t.Head))
		}
		if wrong > 0 {
			return fmt.Errorf("%d of %d audit trails do not hold", wrong, len(trails))
		}
		return nil
	})
}

// readAnchors reads what earlier runs printed.
func readAnchors(files []string) (app.Anchors, error) {
	out := app.Anchors{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := out.Read(string(text)); err != nil {
			return nil, fmt.Errorf("%s, %w", name, err)
		}
	}
	return out, nil
}
