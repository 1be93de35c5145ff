package transport

import (
	"fmt"
	"maps"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"heyue/platform/fault"
)

// Codes of the errors this package makes itself, beside those of package fault. They stand in
// extensions.code and are part of the API.
const (
	CodeParseFailed           fault.Code = "GRAPHQL_PARSE_FAILED"
	CodeValidationFailed      fault.Code = "GRAPHQL_VALIDATION_FAILED"
	CodeDocumentTooComplex    fault.Code = "DOCUMENT_TOO_COMPLEX"
	CodeIntrospectionDisabled fault.Code = "INTROSPECTION_DISABLED"
)

// coded makes an error that may be shown as it is.
func coded(code fault.Code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    fmt.Sprintf(format, args...),
		Extensions: map[string]any{"code": string(code)},
	}
}

// withCode returns a copy of e with its code set.
func withCode(e *gqlerror.Error, code fault.Code) *gqlerror.Error {
	c := *e
	c.Extensions = maps.Clone(e.Extensions)
	if c.Extensions == nil {
		c.Extensions = map[string]any{}
	}
	c.Extensions["code"] = string(code)
	return &c
}

// codeOf returns extensions.code, or "".
func codeOf(e *gqlerror.Error) fault.Code {
	if e == nil {
		return ""
	}
	code, _ := e.Extensions["code"].(string)
	return fault.Code(code)
}
