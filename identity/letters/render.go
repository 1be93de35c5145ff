package letters

import (
	"embed"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"

	"heyue/platform/mail"
)

//go:embed templates
var files embed.FS

// Kind names what a mail is about, and its templates.
type Kind string

// Kinds of mails.
const (
	Invitation    Kind = "invitation"
	PasswordReset Kind = "password_reset"
)

// page is where the link of a kind leads below the public address. The token stands behind #, which browsers send to no
// server and put into no Referer.
func (k Kind) page() string {
	if k == Invitation {
		return "/accept-invitation#"
	}
	return "/reset-password#"
}

// content is what a mail says beside who it is for. It is what is sealed in the table.
type content struct {
	Token string    `json:"token"`
	Until time.Time `json:"until"`
}

// facts are what templates show.
type facts struct {
	Name, Email, Company, Link, Until string
}

type paragraph struct {
	Text, URL string
	IsLink    bool
}

// render writes a mail in both forms. The first line of a text template is the subject; the HTML says the same,
// paragraph by paragraph, so that the two cannot differ.
func render(kind Kind, locale string, f facts) (mail.Message, error) {
	lang := "zh"
	if strings.HasPrefix(locale, "en") {
		lang = "en"
	}
	f.Name, f.Company = oneLine(f.Name), oneLine(f.Company)
	t, err := template.New(string(kind)+"."+lang+".txt").Option("missingkey=error").ParseFS(files, "templates/"+string(kind)+"."+lang+".txt")
	if err != nil {
		return mail.Message{}, err
	}
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return mail.Message{}, err
	}
	subject, body, _ := strings.Cut(b.String(), "\n")
	html, err := hypertext(lang, subject, body, f.Link)
	return mail.Message{Subject: subject, Text: body, HTML: html}, err
}

func hypertext(lang, subject, body, link string) (string, error) {
	var all []paragraph
	for text := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		p := paragraph{Text: text, IsLink: text == link}
		if p.IsLink && strings.Contains(link, "://") {
			p.URL = link
		}
		all = append(all, p)
	}
	t, err := htmltemplate.ParseFS(files, "templates/page.html")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{"Lang": lang, "Subject": subject, "Paragraphs": all})
	return b.String(), err
}

// oneLine keeps a name from beginning a paragraph, or a header, of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
