// Package conformance runs other people's judgement on a GraphQL endpoint: the audits of npm graphql-http
// and the reference clients of graphql-ws and graphql-sse, at the exact versions of package-lock.json. It
// takes any http.Handler. Node 20 or newer must be installed; the packages are fetched once with npm ci.
package conformance
