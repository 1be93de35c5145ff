package transport

import (
	"mime"
	"strconv"
	"strings"
)

// Media types of answers.
const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
	typeEvents  = "text/event-stream"
)

// accepted is what a caller can read, from its Accept header.
type accepted struct {
	json   string // the JSON media type preferred, or ""
	events bool   // event streams are acceptable
	first  bool   // event streams are preferred to JSON for every operation
}

// negotiate reads an Accept header by RFC 9110 section 12.5.1: the most specific range gives a media
// type's weight, the heaviest type wins. Without a preference JSON is plain application/json, as clients
// older than the response media type expect; an event stream has to be asked for by name.
func negotiate(headers []string) accepted {
	header := strings.Join(headers, ",")
	if strings.TrimSpace(header) == "" {
		return accepted{json: typeJSON}
	}
	ranges := mediaRanges(header)
	plain, response, events := weigh(ranges, typeJSON), weigh(ranges, typeGraphQL), weigh(ranges, typeEvents)
	var a accepted
	switch {
	case response.q > plain.q, response.q == plain.q && response.q > 0 && response.exact:
		a.json = typeGraphQL
	case plain.q > 0:
		a.json = typeJSON
	}
	a.events = events.exact && events.q > 0
	a.first = a.events && events.q > max(plain.q, response.q)
	return a
}

type mediaRange struct {
	name string
	q    float64
}

type weight struct {
	q     float64
	exact bool
}

// mediaRanges reads what it can; a range that is not well formed is none.
func mediaRanges(header string) []mediaRange {
	var ranges []mediaRange
	for _, part := range strings.Split(header, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		r := mediaRange{name: name, q: 1}
		if text, ok := params["q"]; ok {
			q, err := strconv.ParseFloat(text, 64)
			if err != nil || !(q >= 0 && q <= 1) {
				continue
			}
			r.q = q
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// weigh finds the weight of a media type: that of its own name before type/* before */*.
func weigh(ranges []mediaRange, name string) weight {
	family, _, _ := strings.Cut(name, "/")
	for _, pattern := range []string{name, family + "/*", "*/*"} {
		w, found := weight{exact: pattern == name}, false
		for _, r := range ranges {
			if r.name == pattern {
				w.q, found = max(w.q, r.q), true
			}
		}
		if found {
			return w
		}
	}
	return weight{}
}
