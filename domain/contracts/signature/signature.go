// Package signature names how a contract is signed (E13): by seal, by hand, or electronically. It is a leaf shared by the
// tables, the use cases and the API.
package signature

// Method is how a party signed.
type Method string

// The methods. What the law asks of each is in the Civil Code, articles 490 and 491, and the Electronic Signature Law.
const (
	Seal               Method = "SEAL"                 // 盖章
	Handwriting        Method = "HANDWRITING"          // 签字
	SealAndHandwriting Method = "SEAL_AND_HANDWRITING" // 签字并盖章
	Electronic         Method = "ELECTRONIC"           // 电子签名
)

// Methods returns all methods.
func Methods() []Method { return []Method{Seal, Handwriting, SealAndHandwriting, Electronic} }

// Values returns all methods as text, for the entity schema.
func (Method) Values() []string {
	out := make([]string, 0, len(Methods()))
	for _, m := range Methods() {
		out = append(out, string(m))
	}
	return out
}

// Valid reports whether m is a known method.
func (m Method) Valid() bool {
	for _, k := range Methods() {
		if k == m {
			return true
		}
	}
	return false
}

// Sealed reports whether a seal was used, which then has a name.
func (m Method) Sealed() bool { return m == Seal || m == SealAndHandwriting }
