package wire

import (
	"crypto/sha1" //nolint:gosec // the handshake's, guards nothing
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
)

// guid is what RFC 6455 mixes into every key.
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept answers the handshake of a client, agreeing to the subprotocol given, and takes the connection over from the HTTP
// server. Rest are bytes that the client has sent since. When the client asks for something else than a websocket, Accept
// answers that and fails.
func Accept(w http.ResponseWriter, r *http.Request, subprotocol string) (conn net.Conn, rest []byte, err error) {
	if status, problem := check(r); problem != "" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, problem, status)
		return nil, nil, errors.New("websocket: " + problem)
	}
	h := w.Header()
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	sum := sha1.Sum([]byte(strings.TrimSpace(r.Header.Get("Sec-WebSocket-Key")) + guid)) //nolint:gosec // as above
	h.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	if subprotocol != "" {
		h.Set("Sec-WebSocket-Protocol", subprotocol)
	}
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if n := buffered.Reader.Buffered(); n > 0 {
		held, _ := buffered.Reader.Peek(n) // what is buffered can be looked at
		rest = append(rest, held...)
	}
	return conn, rest, nil
}

// check says what keeps a request from being a handshake.
func check(r *http.Request) (status int, problem string) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Header.Get("Sec-WebSocket-Key")))
	switch {
	case !lists(r.Header, "Connection", "upgrade"), !lists(r.Header, "Upgrade", "websocket"):
		return http.StatusUpgradeRequired, "ask for a websocket with Connection: Upgrade and Upgrade: websocket"
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor > 1:
		return http.StatusUpgradeRequired, "a websocket begins in HTTP/1.1"
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13"
	case err != nil || len(key) != 16 || len(r.Header.Values("Sec-WebSocket-Key")) != 1:
		return http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64, once"
	}
	return 0, ""
}

// lists reports whether a header names a token.
func lists(h http.Header, name, token string) bool {
	for _, value := range h.Values(name) {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}
