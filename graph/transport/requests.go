package transport

import (
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// requests is GraphQL over HTTP (stage 2 draft, read 2026-08): POST of application/json, answered as JSON
// or as an event stream. GET, forms and multipart do not exist here.
type requests struct{ *Server }

var _ graphql.Transport = requests{}

// Supports takes every POST; what is wrong with it is said in GraphQL's own terms.
func (requests) Supports(r *http.Request) bool { return r.Method == http.MethodPost }

// Do answers one request.
func (t requests) Do(w http.ResponseWriter, r *http.Request, _ graphql.GraphExecutor) {
	w.Header().Add("Vary", "Accept")
	accept := negotiate(r.Header.Values("Accept"))
	if accept.json == "" && !accept.events {
		t.refuse(w, r, http.StatusNotAcceptable, fault.CodeBadRequest,
			"accept "+typeGraphQL+", "+typeJSON+" or "+typeEvents)
		return
	}
	params, err := t.read(w, r)
	if err != nil {
		var p *problem
		if !errors.As(err, &p) {
			panic(err)
		}
		t.refuse(w, r, p.status, fault.CodeBadRequest, p.text)
		return
	}
	ctx, rejection := t.authenticate(r.Context(), r.Header.Get("Authorization"))
	if rejection != nil {
		t.reject(w, accept, rejection)
		return
	}
	r = r.WithContext(ctx)
	if accept.first || accept.json == "" {
		t.stream(w, r, params, accept)
		return
	}
	t.answer(w, r, params, accept)
}

func (t requests) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	if err := checkContent(r.Header); err != nil {
		return nil, err
	}
	return readParams(w, r, t.options.MaxBody)
}

// reject answers a caller whose token is not good, in JSON even when events were asked for: the stream
// was never opened.
func (t requests) reject(w http.ResponseWriter, accept accepted, e *gqlerror.Error) {
	media := accept.json
	if media == "" {
		media = typeJSON
	}
	response := &graphql.Response{Errors: gqlerror.List{e}}
	t.write(w, t.statusOf(response, media), media, response)
}

// answer executes a query or mutation and answers in JSON. A subscription becomes an event stream when
// the caller can read one, and is refused otherwise.
func (t requests) answer(w http.ResponseWriter, r *http.Request, params *graphql.RawParams, accept accepted) {
	op, response := t.engine.prepare(r.Context(), params)
	if op != nil {
		defer op.stop()
		switch {
		case op.kind != ast.Subscription:
			response = op.next()
		case accept.events:
			op.stop()
			t.stream(w, r, params, accept)
			return
		default:
			response = &graphql.Response{Errors: t.present.list(r.Context(), coded(fault.CodeBadRequest,
				"a subscription needs a websocket, or Accept: %s", typeEvents))}
		}
	}
	t.write(w, t.statusOf(response, accept.json), accept.json, response)
}
