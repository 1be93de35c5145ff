package ratelimit

import "context"

// Fallback asks First and, when that cannot be reached, Second, which should be a Local: a limit that is kept by each
// process alone is better than none, and than no service.
type Fallback struct{ First, Second Limiter }

var _ Limiter = Fallback{}

// Take is as Limiter says. It fails when neither answers.
func (f Fallback) Take(ctx context.Context, points int, buckets ...Bucket) (Verdict, error) {
	v, err := f.First.Take(ctx, points, buckets...)
	if err != nil {
		return f.Second.Take(ctx, points, buckets...)
	}
	return v, nil
}

// Adjust is as Limiter says. What First does not take back is given to Second, where it was taken when First was away;
// where it was not, it finds a full bucket.
func (f Fallback) Adjust(ctx context.Context, points int, buckets ...Bucket) (Verdict, error) {
	v, err := f.First.Adjust(ctx, points, buckets...)
	if err != nil {
		return f.Second.Adjust(ctx, points, buckets...)
	}
	return v, nil
}
