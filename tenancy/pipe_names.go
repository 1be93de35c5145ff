package tenancy

import "strconv"

// Statements every scoped batch needs, prepared once per connection under these names.
const (
	nameBegin  = "heyue_begin"
	nameCommit = "heyue_commit"
	nameTenant = "heyue_t" // and the tenant's id
)

// tenantSlots is for how many tenants a connection keeps SET LOCAL prepared; a power of two.
const tenantSlots = 64

// names are the statements of the frame that the server has prepared on this connection. SET takes no
// parameters, so there is one statement a tenant, kept in the slot its id falls into. To parse it costs the
// server about as much as to run it. A tenant gets its slot when it comes twice in a row there, so that
// tenants who share a slot do not push each other out at every statement.
type names struct {
	ends  bool // nameBegin and nameCommit
	slots [tenantSlots]struct{ seen, ready int64 }
}

// forget is called when the server has lost its prepared statements. The connection goes on without names:
// whoever dropped them may do so again.
func (n *names) forget() { *n = names{} }

func (n *names) appendBegin(b []byte, begin string) []byte {
	if n.ends && begin == "BEGIN" {
		return appendRun(b, nameBegin)
	}
	return appendRun(appendParse(b, "", begin), "")
}

func (n *names) appendCommit(b []byte) []byte {
	if n.ends {
		return appendRun(b, nameCommit)
	}
	return appendRun(appendParse(b, "", "COMMIT"), "")
}

func (n *names) appendTenant(b []byte, tenant int64) []byte {
	if !n.ends {
		return appendRun(appendParseSet(b, "", tenant), "")
	}
	slot := &n.slots[tenant&(tenantSlots-1)]
	if slot.ready != tenant && slot.seen != tenant {
		slot.seen = tenant
		return appendRun(appendParseSet(b, "", tenant), "")
	}
	var buf [32]byte
	name := tenantName(buf[:0], tenant)
	if slot.ready != tenant {
		if slot.ready != 0 {
			var old [32]byte
			b = appendClose(b, tenantName(old[:0], slot.ready))
		}
		// To close a name that does not exist is no error, to prepare one that does would be.
		b = appendParseSet(appendClose(b, name), name, tenant)
		slot.ready = tenant
	}
	return appendRun(b, name)
}

// tenantName holds the tenant's id and not the slot's number: should this side ever be wrong about what the
// server has prepared, the name is missing or names the right tenant.
func tenantName(b []byte, tenant int64) []byte {
	return strconv.AppendInt(append(b, nameTenant...), tenant, 10)
}
