// Package crowd sends many callers of a thousand tenants through a connection pooler that hands every transaction another
// connection, while callers hang up, time runs out and Redis is restarted, and then looks for a row in the wrong hands and
// for money that came from nowhere.
package crowd
