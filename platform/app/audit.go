package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"heyue/audit"
	"heyue/platform/fault"
	"heyue/tenancy"
)

// Trail is the audit trail of a tenant and what it was found to be.
type Trail struct {
	Slug string
	audit.Proof
}

// Anchors are places of audit trails, by tenant, that were kept outside the database.
type Anchors map[string][]audit.Anchor

// Read adds what an earlier check of the trails printed: lines with a tenant, a number of entries and a hash. Lines about
// faults are no anchors. It fails with the number of the first line that is something else.
func (a Anchors) Read(text string) error {
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "FAULT" {
			continue
		}
		anchor, err := anchorOf(words)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		a[words[0]] = append(a[words[0]], anchor)
	}
	return nil
}

func anchorOf(words []string) (a audit.Anchor, err error) {
	if len(words) != 3 {
		return a, errors.New("a line has a tenant, a number and a hash")
	}
	if a.Seq, err = strconv.ParseInt(words[1], 10, 64); err != nil || a.Seq < 0 {
		return a, fmt.Errorf("%.20q is not a number of entries", words[1])
	}
	if a.Hash, err = hex.DecodeString(words[2]); err != nil || len(a.Hash) != audit.HashSize {
		return a, fmt.Errorf("%.80q is not a hash", words[2])
	}
	return a, nil
}

// VerifyAudit checks the audit trails of the named tenants, or of all of them, by slug, against their seals and the anchors
// that are known of them. NOT_FOUND for a tenant or an anchor of one that there is not.
func (s *Services) VerifyAudit(ctx context.Context, slugs []string, anchors Anchors) ([]Trail, error) {
	tenants, err := s.Tenants.List(ctx)
	if err != nil {
		return nil, err
	}
	ids := map[string]int64{}
	var all []string
	for _, t := range tenants {
		ids[t.Slug] = t.TenantID
		all = append(all, t.Slug)
	}
	if len(slugs) == 0 {
		slugs = all
	}
	for slug := range anchors {
		if _, ok := ids[slug]; !ok {
			return nil, fault.New(fault.NotFound, fault.Missing, "there is no tenant %.40q, of whose trail there is an anchor", slug)
		}
	}
	var out []Trail
	for _, slug := range slices.Sorted(slices.Values(slugs)) {
		id, ok := ids[slug]
		if !ok {
			return nil, fault.New(fault.NotFound, fault.Missing, "there is no tenant %.40q", slug)
		}
		proof, err := audit.Verify(tenancy.With(ctx, id), s.client, anchors[slug]...)
		if err != nil {
			return nil, err
		}
		out = append(out, Trail{slug, proof})
	}
	return out, nil
}
