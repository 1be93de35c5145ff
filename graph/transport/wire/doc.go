// Package wire is the server's side of WebSocket (RFC 6455): the handshake, and frames read and made. A connection that is
// idle costs a few dozen bytes here and no buffer, which is why it exists: ten thousand of them are mostly idle. It knows
// neither subprotocols nor extensions, and compresses nothing: events are small, and each would want a window of its own.
package wire
