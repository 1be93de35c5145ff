// Package wording writes messages from texts with placeholders such as {title}. A text is a tenant's to choose; it holds
// fixed placeholders and no code, so that nothing it says can run, loop or reach for what it was not given. It is pure.
package wording

import (
	"slices"
	"strings"

	"heyue/domain/alerts/channel"
	"heyue/domain/deliveries/posting"
	"heyue/platform/fault"
)

// Placeholders lists what texts of a kind may name.
func Placeholders(kind posting.MessageKind) []string {
	switch kind {
	case posting.DigestMessage:
		return []string{"recipient", "company", "count", "items"}
	case posting.DigestItem:
		return []string{"kind", "title", "dueOn", "when", "daysLeft", "amount"}
	}
	return []string{"recipient", "company", "kind", "title", "dueOn", "when", "daysLeft", "amount", "link"}
}

// Text is a text that has been read.
type Text struct{ lines [][]part }

// part is literal text or the name of a placeholder.
type part struct {
	text        string
	placeholder bool
}

// Parse reads a text for a kind of message. {{ and }} stand for braces. It fails with MALFORMED for a brace that opens or
// closes nothing, and UNKNOWN_VALUE for a placeholder that the kind does not have.
func Parse(text string, kind posting.MessageKind) (Text, error) {
	allowed := Placeholders(kind)
	var t Text
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		parts, err := parseLine(line, allowed)
		if err != nil {
			return Text{}, err
		}
		t.lines = append(t.lines, parts)
	}
	return t, nil
}

func parseLine(line string, allowed []string) ([]part, error) {
	var parts []part
	var literal strings.Builder
	for line != "" {
		at := strings.IndexAny(line, "{}")
		if at < 0 {
			literal.WriteString(line)
			break
		}
		literal.WriteString(line[:at])
		rest := line[at:]
		if strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}") {
			literal.WriteByte(rest[0])
			line = rest[2:]
			continue
		}
		name, after, closed := strings.Cut(rest[1:], "}")
		if rest[0] == '}' || !closed {
			return nil, fault.New(fault.Invalid, fault.Malformed, "a brace stands alone; write {{ or }} for a brace itself")
		}
		if !slices.Contains(allowed, name) {
			return nil, fault.New(fault.Invalid, fault.UnknownValue, "{%.40s} is no placeholder here; there are {%s}", name, strings.Join(allowed, "}, {"))
		}
		parts = append(parts, part{text: literal.String()}, part{name, true})
		literal.Reset()
		line = after
	}
	return append(parts, part{text: literal.String()}), nil
}

// Write fills a text. A line whose placeholders are all empty is left out: where there is no sum, nothing speaks of one.
func (t Text) Write(values map[string]string) string {
	var out []string
	for _, line := range t.lines {
		var b strings.Builder
		named, filled := false, false
		for _, p := range line {
			if !p.placeholder {
				b.WriteString(p.text)
				continue
			}
			named = true
			filled = filled || values[p.text] != ""
			b.WriteString(values[p.text])
		}
		if !named || filled {
			out = append(out, b.String())
		}
	}
	return tidy(out)
}

// tidy leaves at most one empty line between others, and none around them.
func tidy(lines []string) string {
	var out []string
	for _, l := range lines {
		l = strings.TrimRight(l, " \t")
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

// Locales lists the languages that messages are written in.
func Locales() []string { return []string{"zh-CN", "en"} }

// Locale is the language of messages for whoever wants any other: Chinese unless it is English.
func Locale(wanted ...string) string {
	for _, w := range wanted {
		switch {
		case strings.HasPrefix(strings.ToLower(w), "en"):
			return "en"
		case w != "":
			return "zh-CN"
		}
	}
	return "zh-CN"
}

// Channels lists the channels whose messages are words.
func Channels() []channel.Channel {
	return []channel.Channel{channel.Email, channel.SMS, channel.WeCom, channel.DingTalk, channel.Feishu}
}

// OneLine keeps a value from beginning a line of its own.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
