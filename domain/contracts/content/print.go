package content

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"heyue/platform/date"
	"heyue/platform/money"
)

// count is how many parts there are.
const count = 5

// Print is one SHA-256 a part, in the order of All. The zero Print is of nothing and equals no contract's.
type Print [count][sha256.Size]byte

// Print hashes every part by itself. Each value is written with its length before it, so that no two different
// contracts are written alike, and the part's name first, so that no part passes for another.
func (p Parts) Print() Print {
	return Print{
		of(Text, p.wording), of(Amount, p.sum), of(Plan, p.plan), of(Term, p.term), of(Parties, p.sides),
	}
}

// Digest is the fingerprint of all parts together.
func (p Print) Digest() [32]byte {
	h := sha256.New()
	for _, part := range p {
		h.Write(part[:])
	}
	return [32]byte(h.Sum(nil))
}

// IsZero reports whether p was never taken.
func (p Print) IsZero() bool { return p == Print{} }

// Changed returns the parts in which p and other differ, in the order of All; none when they are the same.
func (p Print) Changed(other Print) []Part {
	var out []Part
	for i, part := range All() {
		if p[i] != other[i] {
			out = append(out, part)
		}
	}
	return out
}

// Of returns the hash of one part; zero for an unknown one.
func (p Print) Of(part Part) [32]byte {
	for i, known := range All() {
		if known == part {
			return p[i]
		}
	}
	return [32]byte{}
}

// String is the digest in hexadecimal.
func (p Print) String() string {
	d := p.Digest()
	return hex.EncodeToString(d[:])
}

// MarshalText writes every part in hexadecimal.
func (p Print) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, p.bytes()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *Print) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(string(b))
	if err != nil {
		return fmt.Errorf("read a content print: %w", err)
	}
	return p.Scan(raw)
}

// Value implements driver.Valuer: all parts behind each other, 160 bytes.
func (p Print) Value() (driver.Value, error) { return p.bytes(), nil }

// Scan implements sql.Scanner.
func (p *Print) Scan(src any) error {
	raw, ok := src.([]byte)
	if !ok || len(raw) != count*sha256.Size {
		return fmt.Errorf("a content print has %d bytes, not %T of %d", count*sha256.Size, src, len(raw))
	}
	for i := range p {
		copy(p[i][:], raw[i*sha256.Size:])
	}
	return nil
}

func (p Print) bytes() []byte {
	out := make([]byte, 0, count*sha256.Size)
	for _, part := range p {
		out = append(out, part[:]...)
	}
	return out
}

func (p Parts) wording(w writer) {
	w.text(p.Text.Kind, string(p.Text.Rendered[:]), p.Text.Title, p.Text.Description)
	w.number(len(p.Text.Lines))
	for _, l := range p.Text.Lines {
		w.text(l.Description, l.Model, l.Specification, l.Unit, l.Quantity.String(), l.UnitPrice.String())
		w.day(l.DeliveryOn)
	}
}

func (p Parts) sum(w writer) {
	w.money(p.Amount.Value)
	w.text(p.Amount.Direction)
}

func (p Parts) plan(w writer) {
	w.number(len(p.Plan))
	for _, i := range p.Plan {
		w.day(&i.DueOn)
		w.money(i.Amount)
		w.text(i.Purpose)
	}
}

func (p Parts) term(w writer) {
	w.day(p.Term.EffectiveOn)
	w.day(p.Term.EndsOn)
	w.text(p.Term.Renewal)
	w.number(p.Term.RenewalMonths)
	w.number(p.Term.NoticeDays)
}

func (p Parts) sides(w writer) {
	w.number(len(p.Parties))
	for _, s := range p.Parties {
		w.text(s.Role, s.Name, s.CreditCode, s.Representative, s.Customer)
	}
}

// writer writes values so that each can be told from the next.
type writer struct{ hash.Hash }

func of(part Part, write func(writer)) [sha256.Size]byte {
	w := writer{sha256.New()}
	w.text("heyue contract content 1", string(part))
	write(w)
	return [sha256.Size]byte(w.Sum(nil))
}

func (w writer) number(n int) {
	w.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) // a hash takes everything
}

func (w writer) text(values ...string) {
	for _, v := range values {
		w.number(len(v))
		w.Write([]byte(v)) // a hash takes everything
	}
}

func (w writer) day(d *date.Date) {
	if d == nil || d.IsZero() {
		w.text("")
		return
	}
	w.text(d.String())
}

func (w writer) money(m money.Money) {
	w.number(int(m.Minor()))
	w.text(string(m.Currency()))
}
