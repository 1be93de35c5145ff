package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// problem is a fault of the HTTP request, before there is any GraphQL. Its text never quotes the body.
type problem struct {
	status int
	text   string
}

// Error returns the text for the caller.
func (p *problem) Error() string { return p.text }

// checkContent wants an uncompressed application/json body in UTF-8. A browser cannot send that across
// origins without asking first, which is what keeps forged requests out.
func checkContent(h http.Header) error {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != typeJSON {
		return &problem{http.StatusUnsupportedMediaType, "send a body of Content-Type application/json"}
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &problem{http.StatusUnsupportedMediaType, "send the body in UTF-8"}
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &problem{http.StatusUnsupportedMediaType, "send the body without Content-Encoding"}
	}
	return nil
}

// readParams reads a GraphQL request of at most limit bytes.
func readParams(w http.ResponseWriter, r *http.Request, limit int64) (*graphql.RawParams, error) {
	started := graphql.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, &problem{http.StatusRequestEntityTooLarge, "the body is larger than this server reads"}
	}
	if err != nil {
		return nil, &problem{http.StatusBadRequest, "the body could not be read to its end"}
	}
	p, err := decodeParams(body)
	if err != nil {
		return nil, err
	}
	p.Headers = r.Header
	p.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	return p, nil
}

// decodeParams reads {query, operationName, variables, extensions}, or a documentId in place of the query; all but query
// may be null. Other
// members are ignored, as GraphQL over HTTP wants. Numbers keep their text until their type is known.
func decodeParams(body []byte) (*graphql.RawParams, error) {
	bad := func(text string) (*graphql.RawParams, error) {
		return nil, &problem{http.StatusBadRequest, text}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return bad("the body is empty: send a JSON object with a query")
	}
	if !utf8.Valid(body) {
		return bad("the body is not valid UTF-8")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return bad("the body is not one JSON object")
	}
	p := &graphql.RawParams{}
	for _, m := range []struct {
		name string
		into any
		want string
	}{
		{"query", &p.Query, "a string"},
		{"operationName", &p.OperationName, "a string or null"},
		{"variables", &p.Variables, "an object or null"},
		{"extensions", &p.Extensions, "an object or null"},
	} {
		raw, ok := members[m.name]
		if !ok {
			continue
		}
		if err := decodeMember(raw, m.into); err != nil {
			return bad(m.name + " must be " + m.want)
		}
	}
	var id *string
	if raw, ok := members[documentMember]; ok && json.Unmarshal(raw, &id) != nil {
		return bad(documentMember + " must be a string or null")
	}
	if id != nil {
		if p.Extensions == nil {
			p.Extensions = map[string]any{}
		}
		p.Extensions[documentMember] = *id
	}
	if p.Query == "" && documentID(p.Extensions) == "" {
		return bad("query must be a string and not empty, unless the document is named by its id")
	}
	return p, nil
}

// decodeMember decodes one member. Only objects can hold numbers, and only they pay for a decoder.
func decodeMember(raw json.RawMessage, into any) error {
	if _, text := into.(*string); text {
		return json.Unmarshal(raw, into)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}
