package wording

import (
	"html/template"
	"strconv"
	"strings"
)

// page shows the same as the text, paragraph by paragraph, so that the two cannot differ. There is nothing to be fetched
// in it, which would tell somebody that it was read.
const page = `<!DOCTYPE html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;background:#f5f6f8;font-family:-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif;color:#1c2330">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#fff;border-radius:8px;line-height:1.7">
{{range .Paragraphs}}<p>{{range $i, $l := .}}{{if $i}}<br>{{end}}{{if .URL}}<a href="{{.URL}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}</p>
{{end}}</div>
</body>
</html>
`

type line struct{ Text, URL string }

// HTML writes a text as a page. A line that is link is one.
func HTML(locale, subject, body, link string) (string, error) {
	var paragraphs [][]line
	for p := range strings.SplitSeq(body, "\n\n") {
		var lines []line
		for text := range strings.SplitSeq(p, "\n") {
			l := line{Text: text}
			if link != "" && text == link {
				l.URL = link
			}
			lines = append(lines, l)
		}
		paragraphs = append(paragraphs, lines)
	}
	t, err := template.New("page").Parse(page)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{"Lang": locale, "Subject": subject, "Paragraphs": paragraphs})
	return b.String(), err
}

// When says how far away a day is.
func When(daysLeft int, locale string) string {
	if locale == "en" {
		return whenEN(daysLeft)
	}
	switch {
	case daysLeft == 0:
		return "今天"
	case daysLeft > 0:
		return "还有 " + strconv.Itoa(daysLeft) + " 天"
	}
	return "已逾期 " + strconv.Itoa(-daysLeft) + " 天"
}

func whenEN(daysLeft int) string {
	switch {
	case daysLeft == 0:
		return "today"
	case daysLeft == 1:
		return "in 1 day"
	case daysLeft == -1:
		return "1 day overdue"
	case daysLeft > 0:
		return "in " + strconv.Itoa(daysLeft) + " days"
	}
	return strconv.Itoa(-daysLeft) + " days overdue"
}
