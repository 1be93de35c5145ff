package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"heyue/graph/transport/wire"
)

// sink is where a member of a group wants its responses.
type sink interface {
	// deliver queues a response and never waits. What has to be written then is added to touched.
	deliver(d *delivery, t *touched)
	// roomy reports whether there is room for more; if not, call is called once when there is.
	roomy(call func()) bool
	// joined is told the member that leaves when the sink wants no more.
	joined(m *member)
}

// delivery is one response on its way to all members of a group, or the end. It is encoded once, and framed once for each
// form and id. It is for one goroutine.
type delivery struct {
	server   *Server
	response *graphql.Response // nil: only the end
	ctx      context.Context   // that it was made under; nil for one without an event's id
	over     bool              // nothing follows

	payload []byte
	event   []byte
	last    string // the id of the newest frame
	newest  []byte
}

// body is the response as JSON.
func (d *delivery) body() []byte {
	if d.payload == nil {
		d.payload = encode(d.response, d.server.options.MaxErrors)
	}
	return d.payload
}

// frame is the response as a socket's operation gets it. Members that give their operations the same id get the same bytes.
func (d *delivery) frame(id string) []byte {
	if d.newest == nil || d.last != id {
		d.last, d.newest = id, d.build(id)
	}
	return d.newest
}

func (d *delivery) build(id string) []byte {
	switch {
	case d.response == nil:
		return textFrame("complete", id, nil)
	case failed(d.response):
		return errorFrame(id, d.response.Errors, d.server.options.MaxErrors)
	}
	head := make([]byte, 0, 64)
	head = append(head, `{"type":"next","id":`...)
	head = append(head, mustJSON(id)...)
	head = append(head, `,"payload":`...)
	return wire.Frame(wire.Text, head, d.body(), []byte{'}'})
}

// lines are the response as an event stream gets it. Errors of the request come as an event too, because the stream has been
// accepted by then.
func (d *delivery) lines() []byte {
	if d.event != nil {
		return d.event
	}
	if d.response != nil {
		d.event = append(d.event, "event: next\n"...)
		if id := d.eventID(); id != "" {
			d.event = append(append(append(d.event, "id: "...), id...), '\n')
		}
		d.event = append(append(append(d.event, "data: "...), d.body()...), "\n\n"...)
	}
	if d.over {
		d.event = append(d.event, complete...)
	}
	return d.event
}

// complete needs its empty data line: browsers' EventSource drops an event without one.
const complete = "event: complete\ndata: \n\n"

func (d *delivery) eventID() string {
	if d.ctx == nil {
		return ""
	}
	return eventID(d.server.options.EventID(d.ctx, d.response))
}

// touched collects the sockets that have something to write.
type touched struct{ sockets []*socket }

// enough is how many sockets are collected before their writing begins.
const enough = 128

func (t *touched) add(k *socket) {
	t.sockets = append(t.sockets, k)
	if len(t.sockets) >= enough {
		t.flush(k.server)
	}
}

func (t *touched) flush(s *Server) {
	if len(t.sockets) > 0 {
		s.pens.add(t.sockets...)
		clear(t.sockets)
		t.sockets = t.sockets[:0]
	}
}
