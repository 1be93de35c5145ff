// Package reads holds that queries have the same answer whichever way they are read: compiled into one statement a root field, or by
// the resolvers, which are the reference (docs/adr/0013-compiled-reads.md). Documents are made at random from the SDL, callers are of
// all reaches and masks, and the world is small, random and full of what is easily escaped wrongly.
package reads
