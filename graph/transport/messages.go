package transport

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Close codes of graphql-transport-ws, as graphql-ws clients read them. 4429 is fatal to clients and so
// kept for what the protocol names it for; overload is 1013, which they retry.
const (
	closeInvalid       = 4400
	closeUnauthorized  = 4401
	closeForbidden     = 4403
	closeSubprotocol   = 4406
	closeInitTimeout   = 4408
	closeDuplicate     = 4409
	closeTooManyInits  = 4429
	closeNotUTF8       = 1007
	closeTooBig        = 1009
	closeInternal      = 1011 // clients do not retry it
	closeServerRestart = 1012
	closeTryAgainLater = 1013
)

// maxOperationID bounds the ids clients give their operations, in bytes.
const maxOperationID = 256

// message is one message of graphql-transport-ws, from either side.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

// closing is the end of a socket: a code and a reason of at most 123 bytes. Code 0 ends without a close
// frame, because the peer is gone or has been told already.
type closing struct {
	code   int
	reason string
}

// parseMessage reads what a client may send, or says how the socket ends.
func parseMessage(data []byte) (message, *closing) {
	if !utf8.Valid(data) {
		return message{}, &closing{closeNotUTF8, "Text is not UTF-8"}
	}
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return m, &closing{closeInvalid, "Invalid message"}
	}
	if string(m.Payload) == "null" {
		m.Payload = nil
	}
	bad := func(reason string) (message, *closing) { return m, &closing{closeInvalid, reason} }
	object := len(m.Payload) > 0 && m.Payload[0] == '{'
	switch m.Type {
	case "connection_init", "ping", "pong":
		if m.Payload != nil && !object {
			return bad("Invalid message: payload must be an object")
		}
	case "subscribe":
		if m.ID == "" || len(m.ID) > maxOperationID {
			return bad("Invalid message: id must have 1 to " + strconv.Itoa(maxOperationID) + " bytes")
		}
		if !object {
			return bad("Invalid message: payload must be an object")
		}
	case "complete":
		if m.ID == "" {
			return bad("Invalid message: id is missing")
		}
	default:
		return bad("Invalid message: unknown type")
	}
	return m, nil
}

// frame builds {"type":…,"id":…,"payload":…} around a payload that is JSON already and may be shared
// between sockets.
func frame(kind, id string, payload []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(kind) + len(id) + len(payload) + 40)
	b.WriteString(`{"type":"` + kind + `"`)
	if id != "" {
		b.WriteString(`,"id":`)
		b.Write(mustJSON(id))
	}
	if len(payload) > 0 {
		b.WriteString(`,"payload":`)
		b.Write(payload)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// errorFrame ends an operation with errors; nothing may follow it for this id, complete included.
func errorFrame(id string, errs gqlerror.List, maxErrors int) []byte {
	return textFrame("error", id, mustJSON(errs[:min(len(errs), maxErrors)]))
}
