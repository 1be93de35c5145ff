package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"heyue/domain/imports"
	"heyue/domain/ocds"
	"heyue/platform/config"
	"heyue/platform/progress"
	"heyue/tenancy"
)

// progressEvery is how often a long reading shows how far it is.
const progressEvery = 200 * time.Millisecond

// ImportOCDS takes an Open Contracting file over into a tenant and shows on out how far it is. It returns one line that
// says what happened; problems of the data stand in FILE.errors.jsonl. Running it again with the same file changes
// nothing. Faults: NOT_FOUND at slug or file, and those of imports.OCDS.Run.
func (s *Services) ImportOCDS(ctx context.Context, slug, file string, out progress.Output) (line string, err error) {
	listed, err := s.directory.Find(ctx, slug)
	if err != nil {
		return "", err
	}
	reader, err := ocds.Open(file, readerOptions(s.cfg.Import))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	problems, err := imports.ErrorsOf(file)
	if err != nil {
		return "", err
	}
	whole := total(reader)
	end := show(ctx, reader, progress.Start(out, "importing "+file, whole), whole)
	sum, err := s.ocds.Run(tenancy.With(ctx, listed.TenantID), reader, imports.Watch{Problems: problems.Write})
	end(err)
	written, closed := problems.Close()
	if err = errors.Join(err, closed); err != nil {
		return "", err
	}
	line = summary(file, sum)
	if written {
		line += "; see " + problems.Path()
	}
	return line, nil
}

// readerOptions are the bounds of the input as the settings give them. Lengths of texts are those of our columns.
func readerOptions(c config.Import) ocds.Options {
	return ocds.Options{
		MaxElement: int64(c.Element), MaxProcess: int64(c.Process), IndexMemory: int64(c.Memory), MaxDepth: c.Depth,
	}
}

// total is how many bytes the reader will count, 0 when that is not known yet.
func total(r *ocds.Reader) int64 {
	_, all := r.Progress()
	return max(all, 0)
}

// show moves task along with the reader until the function it returns is called with how the work ended. Blank bytes
// between releases are nobody's, so a reading that went well is complete whatever was counted; whole is what task was
// told at its start.
func show(ctx context.Context, r *ocds.Reader, task *progress.Task, whole int64) (end func(error)) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan int64)
	go func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		var shown int64
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
			read, _ := r.Progress()
			task.Add(read - shown)
			shown = read
		}
		stopped <- shown
	}()
	return func(err error) {
		cancel()
		shown := <-stopped
		if err == nil && whole > shown {
			task.Add(whole - shown)
		}
		task.End(err)
	}
}

func summary(file string, s imports.Summary) string {
	problems := 0
	for _, n := range s.Problems {
		problems += n
	}
	return fmt.Sprintf("%s: %d processes (%d as before, %d failed); customers %d new, %d changed; contacts %d new, %d changed; contracts %d new, %d changed; %d payments; %d problems",
		file, s.Processes, s.Unchanged, s.Failed, s.Customers.Created, s.Customers.Changed, s.Contacts.Created, s.Contacts.Changed,
		s.Contracts.Created, s.Contracts.Changed, s.Payments, problems)
}
