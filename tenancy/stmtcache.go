package tenancy

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// pqStmt is what lib/pq's prepared statements offer.
type pqStmt interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// stmtCache keeps the prepared statements of one connection, least recently used first out. A text is
// prepared when it is met for the second time: preparing costs a round trip, and texts that are used once
// must not push out those that are used always.
type stmtCache struct {
	met   lru[struct{}]
	ready lru[pqStmt]
}

// newStmtCache returns nil, a cache that prepares nothing, for size 0.
func newStmtCache(size int) *stmtCache {
	if size == 0 {
		return nil
	}
	return &stmtCache{met: newLRU[struct{}](size), ready: newLRU[pqStmt](size)}
}

// prepared returns the statement to run sql with, or nil when sql goes to the server as text. Preparing
// needs no tenant: parsing does not evaluate the policies.
func (c *conn) prepared(ctx context.Context, kind verbKind, sql string) (pqStmt, error) {
	// A text with more than one statement cannot be prepared, and failing would abort a transaction.
	if c.cache == nil || kind != verbData || strings.IndexByte(sql, ';') >= 0 {
		return nil, nil
	}
	if st, ok := c.cache.ready.get(sql); ok {
		return st, nil
	}
	if _, ok := c.cache.met.get(sql); !ok {
		c.cache.met.put(sql, struct{}{})
		return nil, nil
	}
	c.wire.sent = false
	st, err := c.pq.PrepareContext(ctx, sql)
	if err != nil {
		c.wire.sent = false // nothing has run yet
		if c.tx != nil && c.tx.owed && PostgresError(err) != nil {
			return nil, nil //nolint:nilerr // as text it fails again, behind BEGIN, and aborts the transaction as it must
		}
		return nil, err
	}
	c.cache.met.drop(sql)
	ps := st.(pqStmt)
	if old, evicted := c.cache.ready.put(sql, ps); evicted {
		c.closeStmt(old)
	}
	return ps, nil
}

// stale tells whether err says that the prepared form of sql has been overtaken, and forgets it. Both cases
// fail before the statement has had an effect, so it may be repeated; inside an explicit transaction it may
// not, since that is aborted.
func (c *conn) stale(sql string, err error) bool {
	e := PostgresError(err)
	if e == nil || c.cache == nil {
		return false
	}
	gone := e.Code == pqerror.InvalidSQLStatementName
	changed := e.Code == pqerror.FeatureNotSupported && e.Routine == "RevalidateCachedQuery"
	if !gone && !changed {
		return false
	}
	st, ok := c.cache.ready.drop(sql)
	switch {
	case gone:
		// DISCARD ALL or another backend behind a pooler: what the frame has prepared went as well.
		c.wire.names.forget()
	case ok:
		c.closeStmt(st)
	}
	return c.tx == nil && !c.bad
}

// closeStmt frees a prepared statement on the server.
func (c *conn) closeStmt(st pqStmt) {
	if err := st.Close(); err != nil {
		c.bad = true
	}
}

// PostgresError returns the server's error in the chain of err, or nil. Its text is for the log only.
func PostgresError(err error) *pq.Error {
	e, _ := errors.AsType[*pq.Error](err)
	return e
}

// lru is a map of bounded size that forgets the entry used longest ago.
type lru[V any] struct {
	size  int
	order *list.List // of lruEntry, latest first
	at    map[string]*list.Element
}

type lruEntry[V any] struct {
	key string
	val V
}

func newLRU[V any](size int) lru[V] {
	return lru[V]{size: size, order: list.New(), at: make(map[string]*list.Element)}
}

func (l *lru[V]) get(key string) (V, bool) {
	e, ok := l.at[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruEntry[V]).val, true
}

// put adds key, which must not be present, and returns what had to leave for it.
func (l *lru[V]) put(key string, val V) (old V, evicted bool) {
	if l.order.Len() >= l.size {
		last := l.order.Back().Value.(*lruEntry[V])
		old, evicted = l.drop(last.key)
	}
	l.at[key] = l.order.PushFront(&lruEntry[V]{key, val})
	return old, evicted
}

func (l *lru[V]) drop(key string) (V, bool) {
	e, ok := l.at[key]
	if !ok {
		var none V
		return none, false
	}
	delete(l.at, key)
	return l.order.Remove(e).(*lruEntry[V]).val, true
}
