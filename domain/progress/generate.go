package progress

import (
	"context"
	"strings"

	"heyue/domain/progress/work"
	"heyue/ent"
	"heyue/ent/contractline"
	"heyue/ent/progressline"
	"heyue/platform/date"
	"heyue/platform/fault"
	"heyue/platform/publicid"
	"heyue/policies"
	"heyue/tenancy"
)

// MaxAcceptanceDays is how long after a delivery its acceptance can be planned.
const MaxAcceptanceDays = 3650

// Generation plans the delivery of a contract's goods.
type Generation struct {
	ContractID publicid.ContractID
	// On is the day of goods whose line has none; the last day of the term when nil.
	On *date.Date
	// AcceptanceAfterDays also plans an acceptance of each, so many days after its delivery; nil: no acceptance.
	AcceptanceAfterDays *int
}

// Validate reports everything wrong with the generation at once.
func (g Generation) Validate() error {
	var c fault.Check
	c.That(g.AcceptanceAfterDays == nil || *g.AcceptanceAfterDays >= 0 && *g.AcceptanceAfterDays <= MaxAcceptanceDays, fault.OutOfRange,
		"acceptanceAfterDays", "acceptanceAfterDays is 0 to %d", MaxAcceptanceDays)
	return c.Err()
}

func (g Generation) kinds() []work.Kind {
	if g.AcceptanceAfterDays == nil {
		return []work.Kind{work.Delivery}
	}
	return []work.Kind{work.Delivery, work.Acceptance}
}

// Generate plans a delivery for each of a contract's goods, weighing as much as the goods are worth, and an acceptance when
// one is wanted. Needs progress:plan reaching the contract. Faults: OUT_OF_RANGE; NOT_FOUND; REQUIRED at on when goods have
// no day; IN_USE when there are such lines already that are not cancelled; WRONG_STATE; LIMIT_REACHED.
func (s *Service) Generate(ctx context.Context, g Generation) (made []*ent.ProgressLine, err error) {
	access, err := s.Policies.Require(ctx, policies.ProgressPlan)
	if err != nil {
		return nil, err
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	err = tenancy.Write(ctx, s.Client, func(tx *ent.Tx) error {
		c, err := open(ctx, tx, access, g.ContractID, "contract", "contractId")
		if err != nil {
			return err
		}
		if err := plannable(c); err != nil {
			return err
		}
		twice, err := tx.ProgressLine.Query().Where(progressline.ContractID(c.ID), progressline.KindIn(g.kinds()...), progressline.StateNEQ(work.Cancelled)).Exist(ctx)
		if err != nil {
			return tenancy.Fault(err, "look for progress lines")
		}
		if twice {
			return fault.New(fault.State, fault.InUse, "such lines are planned already; cancel them first, or add the missing ones")
		}
		goods, err := tx.ContractLine.Query().Where(contractline.ContractID(c.ID)).Order(ent.Asc(contractline.FieldPosition)).All(ctx)
		if err != nil {
			return tenancy.Fault(err, "read a contract's lines")
		}
		lines, err := g.lines(c, goods)
		if err != nil {
			return err
		}
		made, err = s.add(ctx, tx, c, lines)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// lines are what is to be planned: deliveries first, then their acceptances. Goods without a quantity are left out.
func (g Generation) lines(c *ent.Contract, goods []*ent.ContractLine) ([]*Line, error) {
	worth := make([]int64, len(goods))
	for i, item := range goods {
		worth[i] = item.AmountMinor
	}
	weights := work.Weights(worth)
	var deliveries, acceptances []*Line
	for i, item := range goods {
		if item.Quantity.Sign() <= 0 {
			continue
		}
		day, ok := g.day(c, item)
		if !ok {
			return nil, fault.New(fault.Invalid, fault.Required, "line %d has no day of delivery and the contract no end; say on which day", i+1).At("on")
		}
		line := Line{Kind: work.Delivery, Title: title(item), PlannedOn: day, PlannedQuantity: item.Quantity, Unit: &item.Unit, Weight: &weights[i]}
		deliveries = append(deliveries, &line)
		if g.AcceptanceAfterDays != nil {
			accepted := line
			accepted.Kind, accepted.PlannedOn = work.Acceptance, day.AddDays(*g.AcceptanceAfterDays)
			acceptances = append(acceptances, &accepted)
		}
	}
	if len(deliveries) == 0 {
		return nil, fault.New(fault.State, fault.WrongState, "the contract has no goods to deliver")
	}
	return append(deliveries, acceptances...), nil
}

func (g Generation) day(c *ent.Contract, item *ent.ContractLine) (date.Date, bool) {
	for _, d := range []*date.Date{item.DeliveryOn, g.On, c.EndsOn} {
		if d != nil {
			return *d, true
		}
	}
	return date.Date{}, false
}

// title is what goods are and which, as long as a line's title can be.
func title(item *ent.ContractLine) string {
	t := []rune(strings.TrimSpace(item.Description + " " + item.Model))
	return string(t[:min(len(t), maxTitle)])
}
