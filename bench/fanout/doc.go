// Package fanout measures what an event costs on its way to many websockets: this product's transport beside gqlgen's as it is
// shipped, on one schema and one event source, in one run and by turns. Every subscriber signs in with a token of the product,
// is looked up in PostgreSQL, and may read alerts, which is asked for each event. The servers are processes of their own; client,
// server, Redis and PostgreSQL share the machine, so that ratios are what counts.
//
//	make bench-fanout
//
// writes FANOUT.md. HEYUE_FANOUT_SIZES are the numbers of subscribers (1000,5000,10000), HEYUE_FANOUT_ROUNDS how often each
// transport has its turn (3).
package fanout
