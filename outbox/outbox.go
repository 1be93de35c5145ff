// Package outbox tells the world what happened, without losing or inventing anything (realtime.md 4). An event is a
// row written in the transaction of its cause by a [Writer]; after commit a [Relay] numbers events per tenant without
// gaps; a [Reader] reads them after a number, and a [Hub] hands them to whoever waits in this process. PostgreSQL
// tells, Redis only wakes: without Redis everything arrives a second later and nothing is lost.
package outbox
