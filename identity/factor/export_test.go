package factor

// Match is match, for its test with the vectors of RFC 6238.
var Match = match
