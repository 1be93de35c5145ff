package fanout

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"heyue/graph/transport/probe"
	"heyue/policies"
)

// hub takes what Redis publishes to the subscribers of this process, over one connection.
type hub struct {
	redis   *redis.Client
	mu      sync.Mutex
	topic   map[string]map[int]func(*probe.Message)
	serial  int
	members atomic.Int64
	dropped atomic.Int64
}

func newHub(client *redis.Client) *hub {
	return &hub{redis: client, topic: map[string]map[int]func(*probe.Message){}}
}

func (h *hub) listen() {
	for m := range h.redis.PSubscribe(context.Background(), "bench:*").Channel(redis.WithChannelSize(4096)) {
		event := &probe.Message{Cursor: "1", Text: m.Payload}
		h.mu.Lock()
		for _, give := range h.topic[m.Channel[len("bench:"):]] {
			give(event)
		}
		h.mu.Unlock()
	}
}

func (h *hub) publish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = h.redis.Publish(r.Context(), "bench:"+r.URL.Query().Get("topic"), body).Err()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (h *hub) join(topic string, give func(*probe.Message)) (leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serial++
	id := h.serial
	if h.topic[topic] == nil {
		h.topic[topic] = map[int]func(*probe.Message){}
	}
	h.topic[topic][id] = give
	h.members.Add(1)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.topic[topic], id)
		h.members.Add(-1)
	}
}

func (h *hub) topics() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return int64(len(h.topic))
}

// source is a topic as the transport under test wants it.
type source struct {
	hub    *hub
	topic  string
	engine *policies.Engine
	leave  func()

	mu    sync.Mutex
	queue []*probe.Message
	seen  []*probe.Message // by Ready
}

func (s *source) Notify(ring func()) {
	s.leave = s.hub.join(s.topic, func(m *probe.Message) {
		s.mu.Lock()
		s.queue = append(s.queue, m)
		s.mu.Unlock()
		ring()
	})
}

func (s *source) Ready(context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 {
		s.seen, s.queue = s.queue, nil
	}
	return len(s.seen) > 0
}

func (s *source) Poll(context.Context) (*probe.Message, bool, error) {
	if len(s.seen) == 0 {
		return nil, false, nil
	}
	m := s.seen[0]
	s.seen = s.seen[1:]
	return m, true, nil
}

func (s *source) Greet(context.Context) (*probe.Message, bool, error) { return nil, false, nil }
func (s *source) At(context.Context) string                           { return "" }
func (s *source) Joinable() bool                                      { return true }

func (s *source) Close() {
	if s.leave != nil {
		s.leave()
	}
}
