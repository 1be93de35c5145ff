package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"heyue/domain/deliveries/posting"
	"heyue/platform/egress"
)

// agent is how calls introduce themselves.
const agent = "heyue-deliveries/1"

// call posts a body and returns the answer with its beginning. What goes wrong before there is an answer is a failure
// for later, whose text names neither the address, which may hold a secret, nor what a resolver said.
func (d Deps) call(ctx context.Context, address string, header http.Header, body []byte) (Receipt, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Receipt{}, nil, rejected("the address is no URL")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", agent)
	response, err := d.HTTP.Do(r)
	if err != nil {
		return Receipt{}, nil, unreached(err)
	}
	answer, _ := egress.Read(response, d.Answer)
	receipt := Receipt{Status: response.StatusCode, Head: head(answer)}
	if failure := d.judge(response); failure != nil {
		return receipt, answer, failure
	}
	// A connection that breaks behind the number changes nothing: whoever answers 2xx has taken the message.
	return receipt, answer, nil
}

// post is call with JSON.
func (d Deps) post(ctx context.Context, address string, header http.Header, body any) (Receipt, []byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return Receipt{}, nil, rejected("the message is no JSON")
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	return d.call(ctx, address, header, text)
}

// judge tells what an answer's number means; nil: it was taken. Whoever forgets to answer 2xx is tried again.
func (d Deps) judge(r *http.Response) *Failure {
	code := r.StatusCode
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGone:
		return &Failure{Result: posting.Rejected, Gone: true, Trouble: "the endpoint answers that it is gone (410)"}
	case code >= 300 && code < 400:
		return later("the endpoint answers with a redirect (%d), which is not followed", code)
	}
	f := later("the endpoint answers %d", code)
	f.Wait = d.retryAfter(r.Header.Get("Retry-After"))
	return f
}

// retryAfter reads the header in both of its forms (RFC 9110 section 10.2.3); 0 for none.
func (d Deps) retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(d.Clock.Now()), 0), maxWait)
	}
	return 0
}

// maxWait is the longest that another side may ask us to wait.
const maxWait = 24 * time.Hour

// unreached says why there was no answer.
func unreached(err error) *Failure {
	f := later("the endpoint could not be reached")
	f.cause = err
	var u *url.Error
	switch {
	case errors.Is(err, egress.ErrAddress):
		f = &Failure{Result: posting.Rejected, Trouble: egress.ErrAddress.Error(), cause: err}
	case errors.Is(err, egress.ErrScheme):
		f = &Failure{Result: posting.Rejected, Trouble: egress.ErrScheme.Error(), cause: err}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &u) && u.Timeout():
		f.Trouble = "the endpoint did not answer in time"
	case strings.Contains(err.Error(), "certificate"):
		f.Trouble = "the endpoint's certificate is not believed"
	}
	return f
}

// head is how an answer begins: printable text, cut between characters.
func head(answer []byte) string {
	text := strings.ToValidUTF8(string(answer[:min(len(answer), posting.MaxHead*utf8.UTFMax)]), "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
	runes := []rune(text)
	return string(runes[:min(len(runes), posting.MaxHead)])
}

// cut shortens a text to at most so many characters.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
