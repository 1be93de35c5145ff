package cost

import "bytes"

// Actual is what an answer has cost: the plan's price with the rows that came. data is the answer's data as the
// executor wrote it, which is read once, from front to back; where it is cut off the count ends.
func (l *Plan) Actual(data []byte) int {
	t := tally{plan: l, data: data}
	return t.object(l.root)
}

// tally walks through JSON that was written by ourselves: it trusts its form, and only never reads beyond its end.
type tally struct {
	plan *Plan
	data []byte
	at   int
}

// next is the first byte of the next token, or 0 at the end.
func (t *tally) next() byte {
	for t.at < len(t.data) {
		switch c := t.data[t.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			t.at++
		default:
			return c
		}
	}
	return 0
}

// object adds up the members of an object; anything else counts nothing.
func (t *tally) object(s *selected) int {
	if t.next() != '{' || s == nil {
		t.skip()
		return 0
	}
	t.at++
	sum := 0
	for t.next() == '"' {
		key := t.name()
		a := t.find(s, key)
		if a == nil || a.kind == leaf || a.kind == info {
			t.skip()
			continue
		}
		sum = min(many, sum+t.value(a))
	}
	if t.next() == '}' {
		t.at++
	}
	return sum
}

// find is the field of a key. Of several, which stand in different types, the dearest one counts: that is how they were
// reserved.
func (t *tally) find(s *selected, key []byte) *asked {
	i := s.first(string(key))
	if i < 0 {
		return nil
	}
	best := s.fields[i]
	for _, a := range s.fields[i+1:] {
		if a.key != best.key {
			break
		}
		if t.plan.one(a, 1).Points > t.plan.one(best, 1).Points {
			best = a
		}
	}
	return best
}

func (t *tally) value(a *asked) int {
	first := t.next()
	switch a.kind {
	case mutation:
		return mutationPrice + t.object(a.below)
	case event:
		return objectPrice + t.object(a.below)
	}
	if first != '{' && first != '[' {
		t.skip()
		if a.kind == count && first != 'n' {
			return countPrice
		}
		return 0
	}
	switch a.kind {
	case connection:
		return connectionPrice + t.object(a.below)
	case nodes, list:
		sum, _ := t.elements(a, objectPrice)
		return sum
	case edges:
		sum, _ := t.elements(a, 0)
		return sum
	}
	if first == '[' {
		_, dearest := t.elements(a, 0)
		return objectPrice + dearest
	}
	return objectPrice + t.object(a.below)
}

// elements adds up the objects of a list, each with a price of its own, and finds the dearest.
func (t *tally) elements(a *asked, each int) (sum, dearest int) {
	if t.next() != '[' {
		t.skip()
		return 0, 0
	}
	t.at++
	for c := t.next(); c != ']' && c != 0; c = t.next() {
		one := 0
		switch c {
		case '{':
			one = each + t.object(a.below)
		case '[':
			_, one = t.elements(a, each)
		default:
			t.skip()
		}
		sum, dearest = min(many, sum+one), max(dearest, one)
	}
	if t.at < len(t.data) {
		t.at++
	}
	return sum, dearest
}

// name reads the name of a member. Response keys are GraphQL names, which need no escapes.
func (t *tally) name() []byte {
	from := t.at + 1
	end := bytes.IndexByte(t.data[from:], '"')
	if end < 0 {
		t.at = len(t.data)
		return nil
	}
	t.at = from + end + 1
	return t.data[from : from+end]
}

// skip passes over one value of any form.
func (t *tally) skip() {
	depth := 0
	for {
		switch t.next() {
		case 0:
			return
		case '"':
			t.text()
		case '{', '[':
			depth++
			t.at++
		case '}', ']':
			if depth == 0 {
				return // not ours: the end of what holds the value
			}
			depth--
			t.at++
		default:
			t.word()
		}
		if depth == 0 {
			return
		}
	}
}

func (t *tally) text() {
	for from := t.at + 1; ; {
		end := bytes.IndexByte(t.data[min(from, len(t.data)):], '"')
		if end < 0 {
			t.at = len(t.data)
			return
		}
		end += from
		escapes := 0
		for t.data[end-1-escapes] == '\\' {
			escapes++
		}
		if from = end + 1; escapes%2 == 0 {
			t.at = from
			return
		}
	}
}

// word passes over a number, true, false or null.
func (t *tally) word() {
	for ; t.at < len(t.data); t.at++ {
		switch t.data[t.at] {
		case ',', ':', '}', ']', '{', '[', '"', ' ', '\t', '\r', '\n':
			return
		}
	}
}
