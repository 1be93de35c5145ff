// Package transport is the HTTP edge of the GraphQL API: JSON over POST, event streams (graphql-sse,
// distinct connections), websockets (graphql-transport-ws), and what stands before them: request ids,
// origins, authentication, and the guard that refuses a hostile document before it is validated.
//
// It knows no business and no tenant. What it needs to know about callers, errors and limits comes in
// through [Options]. Execution is gqlgen's executor, reached through graphql.GraphExecutor only; gqlgen's
// own transports are not used, because they miss the protocols in ways that cannot be configured away.
package transport
