package httpserver

// ReadDeadline is readDeadline for tests.
var ReadDeadline = readDeadline
