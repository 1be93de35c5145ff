package scenario

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"time"
)

// ParseStory reads a scenario that people read, too: a Markdown page whose fenced blocks are the steps. A block
//
//	```graphql sales
//
// is a request of that caller, the block ```json after it the answer, in the notation of Parse. A block
//
//	```text clock
//
// puts the clock to the instant it holds, and ```graphql sales eventually asks until the answer comes, for what the
// product does by itself. The heading above a step is its title.
func ParseStory(page []byte) (Script, error) {
	var s Script
	var heading, info string
	var block strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(page))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && info == "":
			info = fence + " " // never empty inside a block
			block.Reset()
		case isFence:
			if err := s.take(strings.Fields(info), heading, block.String()); err != nil {
				return s, fmt.Errorf("the block that ends in line %d: %w", n, err)
			}
			info = ""
		case info != "":
			block.WriteString(line + "\n")
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
			if s.About == "" {
				s.About = heading
			}
		}
	}
	if info != "" {
		return s, fmt.Errorf("the block %q has no end", info)
	}
	return s, s.answered()
}

// take adds what one block says.
func (s *Script) take(info []string, heading, text string) error {
	switch {
	case len(info) == 1 && info[0] == "json":
		if len(s.Steps) == 0 || s.Steps[len(s.Steps)-1].Want != "" {
			return fmt.Errorf("an answer without a request")
		}
		s.Steps[len(s.Steps)-1].Want = text
	case len(info) == 2 && info[0] == "text" && info[1] == "clock":
		now, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("the clock: %w", err)
		}
		s.Steps = append(s.Steps, Step{Title: heading, Clock: now})
	case len(info) == 2 && info[0] == "graphql":
		s.Steps = append(s.Steps, Step{Caller: info[1], Title: heading, Document: text})
	case len(info) == 3 && info[0] == "graphql" && info[2] == "eventually":
		s.Steps = append(s.Steps, Step{Caller: info[1], Title: heading, Document: text, Patient: true})
	default:
		return fmt.Errorf("%q says neither who asks nor what is answered", strings.Join(info, " "))
	}
	return nil
}
