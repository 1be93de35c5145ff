// Package soak lets everything go wrong at once for a while, and counts what has arrived: every committed event at everyone who
// is entitled to it, in order, and nothing at anybody else. make test gives it a minute, make soak half an hour.
package soak
