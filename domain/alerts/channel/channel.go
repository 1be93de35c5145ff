// Package channel names the ways by which an alert reaches somebody. It is a leaf shared by the tables, the reminder
// engine, the deliveries and the API.
package channel

import "slices"

// Channel is one way.
type Channel string

// Channels there are. One is added here and as one file of package carrier.
const (
	InApp    Channel = "IN_APP"   // the inbox and the stream of alert events
	Email    Channel = "EMAIL"    // a mail to an address
	Webhook  Channel = "WEBHOOK"  // a signed call of somebody's program
	SMS      Channel = "SMS"      // a text message to a telephone
	WeCom    Channel = "WECOM"    // 企业微信, by a group's robot
	DingTalk Channel = "DINGTALK" // 钉钉, likewise
	Feishu   Channel = "FEISHU"   // 飞书, likewise
)

// All lists the channels in the order the API shows them.
func All() []Channel { return []Channel{InApp, Email, Webhook, SMS, WeCom, DingTalk, Feishu} }

// Values lists the channels for the tables' CHECK.
func (Channel) Values() []string {
	values := make([]string, 0, len(All()))
	for _, c := range All() {
		values = append(values, string(c))
	}
	return values
}

// Valid reports whether c is a channel of this product.
func (c Channel) Valid() bool { return slices.Contains(All(), c) }
