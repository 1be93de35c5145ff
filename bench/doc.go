// Package bench measures the product beside what it is compared with, on the same rows and the same server, in one run: a
// handler of statements written by hand, with row security and without, and PostGraphile. Targets take turns of about a
// second, so that whatever else the machine does meets all of them alike; what counts is processor time per request, of
// the server and of PostgreSQL together, as a ratio.
//
//	make bench PKG=./bench BENCH=Peers
//
// writes RESULTS.md. HEYUE_BENCH_ONLY names the operations, all of them unless given; HEYUE_BENCH_ROWS scales the rows (contracts; 40,000 unless given), HEYUE_BENCH_ROUNDS how often each
// target has its turn (7).
package bench
