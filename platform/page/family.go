package page

import "sync"

// family is every node that one step of a query loaded together, over all connections of that step, with what has
// been loaded for them since. An edge that is wanted of one node is about to be wanted of its kin, so it is loaded for
// all of them at once.
type family[T any] struct {
	nodes []T
	memo  Memo
}

// Kin returns all nodes that were loaded together with the connection's own.
func (c *Connection[T]) Kin() []T { return c.family.nodes }

// Memo returns what the connection's kin share.
func (c *Connection[T]) Memo() *Memo { return &c.family.memo }

// Join makes the nodes of connections kin that were loaded in one go. Call it before any of them is handed out.
func Join[T any](connections ...*Connection[T]) {
	f := &family[T]{}
	for _, c := range connections {
		f.nodes = append(f.nodes, c.family.nodes...)
		c.family = f
	}
}

// Memo does things once and remembers what came of them. It is safe for concurrent use.
type Memo struct{ results sync.Map }

// Do calls fn when key is new, and waits for the first call otherwise.
func (m *Memo) Do(key string, fn func() (any, error)) (any, error) {
	once, _ := m.results.LoadOrStore(key, sync.OnceValues(fn))
	return once.(func() (any, error))()
}

// Peek returns what was done under key; ok is false when nothing was. It waits for a Do that is under way.
func (m *Memo) Peek(key string) (v any, ok bool) {
	once, ok := m.results.Load(key)
	if !ok {
		return nil, false
	}
	v, err := once.(func() (any, error))()
	return v, err == nil
}
