package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// Codes of requests by id, as clients of persisted queries know them, and of documents that nobody vouches for.
const (
	CodeDocumentNotFound     fault.Code = "PERSISTED_QUERY_NOT_FOUND"
	CodeDocumentNotSupported fault.Code = "PERSISTED_QUERY_NOT_SUPPORTED"
	CodeDocumentNotTrusted   fault.Code = "DOCUMENT_NOT_TRUSTED"
)

// TrustedMode says what trusted documents are for.
type TrustedMode string

// The modes.
const (
	TrustedOff   TrustedMode = "off"   // requests by id are refused
	TrustedAllow TrustedMode = "allow" // documents may be named by their id
	TrustedOnly  TrustedMode = "only"  // and no other ones are carried out
)

// TrustedDocuments are the documents that our own frontends send, written down when those were built: a caller who has
// stolen a frontend's token can then ask for nothing but what the frontend asks for.
type TrustedDocuments struct {
	// Mode is TrustedAllow when it is empty.
	Mode TrustedMode
	// Known are the documents by their ids. Each must be valid; the limits hold for them as for others.
	Known map[string]string
	// AnyDocument tells, in TrustedOnly, who may send other documents all the same. Nil: nobody.
	AnyDocument func(ctx context.Context) bool
}

// ReadManifest reads documents from a file in one of the forms that client tools write: an object of ids and documents
// (GraphQL Code Generator, Relay), or Apollo's persisted query manifest. It fails on anything else.
func ReadManifest(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var apollo struct {
		Format     string
		Version    int
		Operations []struct{ ID, Body string }
	}
	if json.Unmarshal(text, &apollo) == nil && apollo.Format != "" {
		if apollo.Format != "apollo-persisted-query-manifest" || apollo.Version != 1 {
			return nil, fmt.Errorf("%s is a manifest of the form %q, version %d; only apollo-persisted-query-manifest, version 1, is known", path, apollo.Format, apollo.Version)
		}
		known := make(map[string]string, len(apollo.Operations))
		for _, o := range apollo.Operations {
			if o.ID == "" || known[o.ID] != "" {
				return nil, fmt.Errorf("%s: the id %q is empty or there twice", path, o.ID)
			}
			known[o.ID] = o.Body
		}
		return known, nil
	}
	var known map[string]string
	if err := json.Unmarshal(text, &known); err != nil || known == nil {
		return nil, fmt.Errorf("%s is no manifest of documents: want an object of ids and documents, or Apollo's", path)
	}
	return known, nil
}

// trusted finds documents by id.
type trusted struct {
	TrustedDocuments
	texts map[string]bool
}

// newTrusted checks the documents against the schema. Its error names the first that is not valid.
func newTrusted(o TrustedDocuments, schema *ast.Schema) (*trusted, error) {
	t := &trusted{TrustedDocuments: o, texts: make(map[string]bool, len(o.Known))}
	switch o.Mode {
	case "":
		t.Mode = TrustedAllow
	case TrustedOff, TrustedAllow, TrustedOnly:
	default:
		return nil, fmt.Errorf("trusted documents: there is no mode %q", o.Mode)
	}
	ids := make([]string, 0, len(o.Known))
	for id := range o.Known {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if _, errs := gqlparser.LoadQueryWithRules(schema, o.Known[id], nil); len(errs) > 0 {
			return nil, fmt.Errorf("trusted documents: %s: %w", id, errs[0])
		}
		t.texts[o.Known[id]] = true
	}
	return t, nil
}

// resolve puts the document into a request that names one, and refuses a document that the caller may not send.
func (t *trusted) resolve(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if p.Query == "" {
		if t.Mode == TrustedOff {
			return coded(CodeDocumentNotSupported, "this server takes no documents by id: send the document")
		}
		text, ok := t.Known[strings.TrimPrefix(documentID(p.Extensions), "sha256:")]
		if !ok {
			return coded(CodeDocumentNotFound, "no document is known by this id")
		}
		p.Query = text
		return nil
	}
	if t.Mode != TrustedOnly || t.texts[p.Query] || t.AnyDocument != nil && t.AnyDocument(ctx) {
		return nil
	}
	return coded(CodeDocumentNotTrusted, "only documents that are known to this server are carried out for you")
}

// documentMember is where decodeParams keeps the request's documentId (GraphQL over HTTP, appendix on persisted
// documents), beside the extension that Apollo's clients send.
const documentMember = "documentId"

// documentID is the id that a request names its document by, or "".
func documentID(extensions map[string]any) string {
	if id, _ := extensions[documentMember].(string); id != "" {
		return id
	}
	query, _ := extensions["persistedQuery"].(map[string]any)
	id, _ := query["sha256Hash"].(string)
	return id
}
