package app

import (
	"log/slog"

	"heyue/graph/transport"
	"heyue/graph/transport/cost"
	"heyue/platform/clientip"
	"heyue/platform/clock"
	"heyue/platform/config"
	"heyue/platform/ratelimit"
)

// TransportOptions are the bounds of the API as the settings give them. Who may call, and what, is added by whoever
// has the services for it.
func TransportOptions(c config.Config, log *slog.Logger, clk clock.Clock) transport.Options {
	d, s := c.Document, c.Stream
	return transport.Options{
		Origins: c.Server.AllowedOrigins,
		Document: transport.Limits{
			Bytes: int(d.Bytes), Tokens: d.Tokens, Operations: d.Operations, Fragments: d.Fragments, Depth: d.Depth,
			Nesting: d.Nesting, Fields: d.Fields, Aliases: d.Aliases, Repeats: d.Repeats, Spreads: d.Spreads,
			Directives: d.Directives, MutationFields: d.MutationFields,
		},
		Cost: transport.CostOptions{
			Points: c.API.OperationCost, Nodes: c.API.OperationNodes,
			Quiet: !bool(c.API.CostReport),
			Pages: cost.Pages{Usual: c.API.PageDefault, Most: c.API.PageMax},
		},
		Proxies:            clientip.Proxies(c.Budget.TrustedProxies),
		PerAddress:         ratelimit.Rate{Maximum: c.Budget.Address, PerSecond: c.Budget.AddressRate},
		Addresses:          c.Budget.Addresses,
		MaxBody:            int64(c.API.MaxBody),
		MaxErrors:          c.API.MaxErrors,
		OperationTimeout:   c.API.Deadline,
		DocumentCacheBytes: int(d.Cache),
		PassedDocuments:    d.Passed,
		Executions:         s.Executions,
		WriteTimeout:       s.WriteTimeout,
		KeepAlive:          s.KeepAlive,
		DrainJitter:        s.DrainJitter,
		Socket: transport.SocketOptions{
			InitTimeout: s.InitTimeout, PingInterval: s.PingInterval, PongTimeout: s.PongTimeout,
			MaxMessage: int64(s.MaxMessage), Operations: s.Operations, PerUser: s.PerUser, PerAddress: s.PerAddress,
			QueueFrames: s.QueueFrames, QueueBytes: int(s.QueueBytes),
		},
		Logger: log,
		Clock:  clk,
	}
}
