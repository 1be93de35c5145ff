package tenancy

import "strings"

// RefusedError names a statement the driver does not send: one that would begin or end a transaction behind
// its back, change the session beyond the transaction, set the tenant, or switch the protocol (COPY).
type RefusedError struct {
	Verb string // first words of the statement, upper case
}

// Error says which verb was refused.
func (e *RefusedError) Error() string {
	return "tenancy: " + e.Verb + " is not allowed on this connection"
}

// verbKind is what the driver has to know about a statement.
type verbKind uint8

const (
	verbOther verbKind = iota
	verbData           // worth preparing
)

// classify looks at the first words of sql. It is a guard against mistakes, not against hostile SQL: several
// statements in one text pass, and then row security answers without a tenant, that is, with an error.
func classify(sql string) (verbKind, error) {
	word, rest := firstWord(sql)
	switch lower(word) {
	case "select", "insert", "update", "delete", "with", "values", "merge":
		return verbData, nil
	case "begin", "start", "commit", "end", "abort", "prepare", "deallocate", "discard", "reset", "listen", "unlisten", "copy":
		return verbOther, &RefusedError{Verb: strings.ToUpper(word)}
	case "rollback":
		return verbOther, refuseRollback(rest)
	case "set":
		return verbOther, refuseSet(rest)
	}
	return verbOther, nil
}

// refuseRollback lets ROLLBACK [WORK | TRANSACTION] TO a savepoint through.
func refuseRollback(rest string) error {
	word, rest := firstWord(rest)
	if w := lower(word); w == "work" || w == "transaction" {
		word, _ = firstWord(rest)
	}
	if lower(word) == "to" {
		return nil
	}
	return &RefusedError{Verb: "ROLLBACK"}
}

// refuseSet lets through what ends with the transaction, but never the tenant or the role.
func refuseSet(rest string) error {
	word, rest := firstWord(rest)
	switch lower(word) {
	case "constraints", "transaction":
		return nil
	case "local":
		name, _ := firstWord(rest)
		switch lower(name) {
		case "app", "role", "session": // app.tenant_id, ROLE, SESSION AUTHORIZATION
			return &RefusedError{Verb: "SET LOCAL " + strings.ToUpper(name)}
		}
		return nil
	}
	return &RefusedError{Verb: "SET"}
}

// firstWord skips blanks, comments, quotes and opening parentheses, and returns the letters that follow.
func firstWord(sql string) (word, rest string) {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\f\v(;\"")
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			sql = afterComment(sql)
		default:
			n := 0
			for n < len(sql) && (sql[n]|0x20 >= 'a' && sql[n]|0x20 <= 'z' || sql[n] == '_') {
				n++
			}
			return sql[:n], sql[n:]
		}
	}
}

// afterComment returns what follows the comment at the start of sql; comments nest in PostgreSQL.
func afterComment(sql string) string {
	depth := 0
	for i := 0; i+1 < len(sql); i++ {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return sql[i+1:]
			}
		}
	}
	return ""
}

// lower is strings.ToLower for a keyword; longer words are none and come back empty.
func lower(word string) string {
	var b [12]byte
	if len(word) > len(b) {
		return ""
	}
	for i := range len(word) {
		b[i] = word[i] | 0x20
	}
	return string(b[:len(word)])
}
