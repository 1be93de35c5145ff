package imports

import (
	"fmt"
	"strconv"

	"heyue/domain/ocds"
	"heyue/ent"
	"heyue/platform/publicid"
)

// paymentsOf adds the payments that are not among old and reverses those of old that the source has no more, and keeps
// the contract's total with them. A payment's id holds what was paid and when: a corrected payment is another one. One
// that was reversed before and comes back is the next of its kind.
func (w *writer) paymentsOf(d *draft, c *contractDraft, there *ent.Contract, old []*ent.Payment) {
	reversed := map[publicid.PaymentID]bool{}
	standing := map[publicid.PaymentID]*ent.Payment{}
	for _, p := range old {
		standing[p.ID] = p
		if p.ReversalOfID != nil {
			reversed[*p.ReversalOfID] = true
		}
	}
	kept := map[publicid.PaymentID]bool{}
	var news []*ent.Payment
	for _, p := range c.payments {
		row := p.row
		row.ContractID, row.Currency = there.ID, c.row.Currency
		names := []string{"payment", p.source, strconv.FormatInt(row.AmountMinor, 10), row.PaidOn.String(), ""}
		for n := 0; ; n++ {
			names[4] = strconv.Itoa(n)
			row.ID = publicid.PaymentID(derived(there.ID.UUID(), names...))
			if !reversed[row.ID] {
				break
			}
		}
		if standing[row.ID] == nil && !kept[row.ID] {
			news = append(news, &row)
		}
		kept[row.ID] = true
	}
	for _, p := range old {
		if p.ReversalOfID != nil || reversed[p.ID] || kept[p.ID] || !imported(p.ID.UUID()) {
			continue
		}
		back := *p
		back.ID = publicid.PaymentID(derived(there.ID.UUID(), "reversal", p.ID.UUID().String()))
		back.AmountMinor, back.ReversalOfID = -p.AmountMinor, &p.ID
		news = append(news, &back)
	}
	w.book(d, c, there, news)
}

// book keeps the contract's running total within what the table allows: money that comes in first, then what goes back,
// which never takes back more than there is, nor what instalments were settled with here.
func (w *writer) book(d *draft, c *contractDraft, there *ent.Contract, news []*ent.Payment) {
	for _, in := range []bool{true, false} {
		for _, p := range news {
			if (p.AmountMinor > 0) != in {
				continue
			}
			if there.SettledMinor+p.AmountMinor < there.AllocatedMinor {
				w.tell(d, fmt.Sprintf("contracts[%d].implementation.transactions", c.index), ocds.Skipped, "take back more than was paid")
				continue
			}
			there.SettledMinor += p.AmountMinor
			w.rows.Payments = append(w.rows.Payments, p)
			w.done.Payments++
		}
	}
	allow(there)
}

// allow lets a contract hold what was paid on it beyond its amount: a source tells what happened, and nobody can be
// asked whether it may.
func allow(c *ent.Contract) {
	if c.AmountMinor > 0 {
		c.ExcessMinor = max(c.ExcessMinor, c.SettledMinor-c.AmountMinor)
	}
}
