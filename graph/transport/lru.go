package transport

import (
	"container/list"
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// lru keeps what was used last within a budget of weight, so that a stream of documents nobody repeats
// cannot fill the memory. It is safe for concurrent use.
type lru[K comparable, V any] struct {
	mu     sync.Mutex
	budget int
	weight int
	order  *list.List // front is the newest
	items  map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key    K
	value  V
	weight int
}

func newLRU[K comparable, V any](budget int) *lru[K, V] {
	return &lru[K, V]{budget: budget, order: list.New(), items: map[K]*list.Element{}}
}

func (c *lru[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[key]
	if e == nil {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*lruItem[K, V]).value, true
}

// add puts a value in and the oldest ones out. What is heavier than the whole budget is not kept.
func (c *lru[K, V]) add(key K, value V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.items[key]; e != nil {
		c.remove(e)
	}
	if weight > c.budget {
		return
	}
	c.items[key] = c.order.PushFront(&lruItem[K, V]{key, value, weight})
	c.weight += weight
	for c.weight > c.budget {
		c.remove(c.order.Back())
	}
}

func (c *lru[K, V]) remove(e *list.Element) {
	item := c.order.Remove(e).(*lruItem[K, V])
	delete(c.items, item.key)
	c.weight -= item.weight
}

// documents is gqlgen's cache of validated documents, weighed by the memory their syntax trees take: a
// document of two-letter fields takes a hundred times its text.
type documents struct {
	lru *lru[string, *ast.QueryDocument]
}

// Get returns the validated document for a text.
func (d documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	return d.lru.get(text)
}

// Add remembers a validated document.
func (d documents) Add(_ context.Context, text string, doc *ast.QueryDocument) {
	d.lru.add(text, doc, len(text)+nodeBytes*nodes(doc))
}

// nodeBytes is what a node of a syntax tree takes at most: ast.Field with its position and slice headers.
const nodeBytes = 512

func nodes(doc *ast.QueryDocument) int {
	n := 1
	for _, op := range doc.Operations {
		n += 1 + len(op.Directives) + setNodes(op.SelectionSet)
		for _, v := range op.VariableDefinitions {
			n += 2 + len(v.Directives) + valueNodes(v.DefaultValue)
		}
	}
	for _, f := range doc.Fragments {
		n += 1 + len(f.Directives) + setNodes(f.SelectionSet)
	}
	return n
}

func setNodes(set ast.SelectionSet) int {
	n := 0
	for _, selection := range set {
		n++
		switch s := selection.(type) {
		case *ast.Field:
			n += len(s.Directives) + setNodes(s.SelectionSet)
			for _, a := range s.Arguments {
				n += 1 + valueNodes(a.Value)
			}
		case *ast.InlineFragment:
			n += len(s.Directives) + setNodes(s.SelectionSet)
		case *ast.FragmentSpread:
			n += len(s.Directives)
		}
	}
	return n
}

func valueNodes(v *ast.Value) int {
	if v == nil {
		return 0
	}
	n := 1
	for _, c := range v.Children {
		n += 1 + valueNodes(c.Value)
	}
	return n
}
