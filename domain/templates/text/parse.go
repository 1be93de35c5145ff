package text

import (
	"strings"

	"heyue/platform/fault"
)

// piece is a part of a paragraph: fixed words, or the place of a slot.
type piece struct {
	words    string
	slot     string // key of the slot; "" for fixed words
	capitals bool
}

// paragraph is one line of a clause.
type paragraph []piece

// table is the key of the slot that the paragraph consists of, "" when there is more to it.
func (p paragraph) alone() string {
	if len(p) == 1 {
		return p[0].slot
	}
	return ""
}

const capitalsMark = "capitals"

// parse splits a clause's text into paragraphs and places of slots. Empty lines are left out. It fails with MALFORMED
// when a place is not closed or is not written {{key}} or {{key:capitals}}.
func parse(text string) ([]paragraph, error) {
	var out []paragraph
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		p, err := parseLine(line)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func parseLine(line string) (paragraph, error) {
	var p paragraph
	for line != "" {
		words, rest, found := strings.Cut(line, "{{")
		if strings.Contains(words, "}}") {
			return nil, malformed("a }} without {{ near %q", clip(words))
		}
		if words != "" {
			p = append(p, piece{words: words})
		}
		if !found {
			break
		}
		mark, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, malformed("{{ without }} near %q", clip(rest))
		}
		key, how, filtered := strings.Cut(strings.TrimSpace(mark), ":")
		if !isKey(key) || filtered && how != capitalsMark {
			return nil, malformed("{{%s}} is not the place of a slot; write {{key}} or {{key:capitals}}", clip(mark))
		}
		p = append(p, piece{slot: key, capitals: filtered})
		line = after
	}
	return p, nil
}

func malformed(format string, args ...any) *fault.Fault {
	return fault.New(fault.Invalid, fault.Malformed, format, args...)
}

// isKey reports whether s is 1 to MaxKey small letters, digits and _, beginning with a letter.
func isKey(s string) bool {
	if s == "" || len(s) > MaxKey || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' })
}

// isChoice reports whether s is 1 to MaxKey capital letters, digits and _, beginning with a letter.
func isChoice(s string) bool {
	return s == strings.ToUpper(s) && isKey(strings.ToLower(s))
}

// clip keeps hostile text from filling a message.
func clip(s string) string {
	r := []rune(s)
	if len(r) > 32 {
		return string(r[:32]) + "…"
	}
	return s
}

// deceives reports whether a text holds characters that make it read otherwise than it is stored: controls, and marks
// that turn the direction of writing around or are not seen.
func deceives(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case r == '\n' || r == '\t':
			return false
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return true
		case r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff:
			return true
		}
		return false
	})
}
