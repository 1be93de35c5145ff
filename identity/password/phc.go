package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// phc is a hash in the string format of the Password Hashing Competition:
// $argon2id$v=19$m=19456,t=2,p=1$salt$key, salt and key in base64 without padding.
type phc struct {
	cost      Cost
	salt, key []byte
}

// String writes the canonical form.
func (p phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.MemoryKiB, p.cost.Passes, p.cost.Lanes, enc.EncodeToString(p.salt), enc.EncodeToString(p.key))
}

var errNotPHC = errors.New("not an argon2id hash in canonical PHC form")

// parse reads the canonical form only, within the bounds of most. Its errors never repeat the hash.
func parse(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return phc{}, errNotPHC
	}
	var p phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.MemoryKiB, &p.cost.Passes, &p.cost.Lanes); err != nil {
		return phc{}, errNotPHC
	}
	var errSalt, errKey error
	p.salt, errSalt = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	p.key, errKey = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	// Writing it again shows every deviation at once: another algorithm or version, signs, blanks, line breaks.
	if errSalt != nil || errKey != nil || p.String() != s {
		return phc{}, errNotPHC
	}
	return p, p.bounds()
}

func (p phc) bounds() error {
	c := p.cost
	switch {
	case c.Passes < 1 || c.Lanes < 1 || c.MemoryKiB < 8*uint32(c.Lanes) || len(p.salt) < 8 || len(p.key) < 16:
		return errors.New("an argon2id hash below the least cost")
	case c.MemoryKiB > most.MemoryKiB || c.Passes > most.Passes || c.Lanes > most.Lanes || len(p.salt) > 64 || len(p.key) > 64:
		return errors.New("an argon2id hash above the highest cost accepted")
	}
	return nil
}
