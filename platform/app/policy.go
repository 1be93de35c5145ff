package app

import (
	"context"
	"time"

	"heyue/platform/clock"
	"heyue/platform/date"
	"heyue/policies"
	"heyue/policies/trial"
	"heyue/tenancy"
)

// PolicyResult is how one test of permissions came out.
type PolicyResult struct {
	Name     string
	Passed   bool
	Problems []string
}

// TryPolicy tries a test of permissions on a tenant's roles as they are. Faults as of policies.Administration.Tried, and
// NOT_FOUND for a tenant that there is not.
func (s *Services) TryPolicy(ctx context.Context, slug, text string) ([]PolicyResult, error) {
	listed, err := s.directory.Find(ctx, slug)
	if err != nil {
		return nil, err
	}
	return results(s.Roles.Tried(tenancy.With(ctx, listed.TenantID), text))
}

// TryTemplates tries a test of permissions on the shipped roles, as they are today.
func TryTemplates(text string) ([]PolicyResult, error) {
	return results(policies.TryTemplates(text, date.In(clock.System{}.Now(), time.UTC)))
}

func results(r *trial.Report, err error) ([]PolicyResult, error) {
	if err != nil {
		return nil, err
	}
	out := make([]PolicyResult, len(r.Results))
	for i, t := range r.Results {
		out[i] = PolicyResult{t.Name, t.Passed, t.Problems}
	}
	return out, nil
}
