package tenancy

import (
	"encoding/binary"
	"strconv"
)

// Messages of the PostgreSQL frontend/backend protocol, version 3 (PostgreSQL manual, chapter 55), as far
// as the filter writes and tells them apart.
const (
	msgQuery   = 'Q' // to the server
	msgParse   = 'P'
	msgBind    = 'B'
	msgExecute = 'E'
	msgClose   = 'C'
	msgSync    = 'S'

	msgParseComplete   = '1' // from the server
	msgBindComplete    = '2'
	msgCommandComplete = 'C'
	msgEmptyQuery      = 'I'
	msgError           = 'E'
	msgNotice          = 'N'
	msgNotification    = 'A'
	msgParameterStatus = 'S'
	msgReady           = 'Z'

	headSize  = 5 // type and length
	readySize = 6 // ReadyForQuery: head and transaction status
)

var syncMessage = [...]byte{msgSync, 0, 0, 0, 4}

// start begins a message whose length seal fills in.
func start(b []byte, kind byte) ([]byte, int) { return append(b, kind, 0, 0, 0, 0), len(b) + 1 }

func seal(b []byte, at int) []byte {
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at))
	return b
}

func appendQuery(b []byte, sql string) []byte {
	b, at := start(b, msgQuery)
	b = append(b, sql...)
	return seal(append(b, 0), at)
}

func appendParse(b []byte, name, sql string) []byte {
	b, at := start(b, msgParse)
	b = append(append(b, name...), 0)
	b = append(append(b, sql...), 0)
	return seal(append(b, 0, 0), at)
}

// appendRun binds and executes a prepared statement without parameters or results in the unnamed portal.
func appendRun[S ~string | ~[]byte](b []byte, name S) []byte {
	b, at := start(b, msgBind)
	b = append(append(b, 0), name...)
	b = seal(append(b, 0, 0, 0, 0, 0, 0, 0), at)
	b, at = start(b, msgExecute)
	return seal(append(b, 0, 0, 0, 0, 0), at)
}

// appendParseSet prepares SET LOCAL for a tenant.
func appendParseSet[S ~string | ~[]byte](b []byte, name S, tenant int64) []byte {
	b, at := start(b, msgParse)
	b = append(append(b, name...), 0)
	b = append(appendSetLocal(b, tenant), 0)
	return seal(append(b, 0, 0), at)
}

// appendClose frees a prepared statement; there need not be one.
func appendClose(b, name []byte) []byte {
	b, at := start(b, msgClose)
	return seal(append(append(append(b, 'S'), name...), 0), at)
}

// appendSetLocal writes the one statement that names a tenant. The id is an integer, so there is nothing
// to quote; SET takes no parameters, and set_config() is not passed on by Citus.
func appendSetLocal(b []byte, tenant int64) []byte {
	b = append(b, "SET LOCAL app.tenant_id = '"...)
	b = strconv.AppendInt(b, tenant, 10)
	return append(b, '\'')
}
