package main

import (
	"fmt"
	"io"
	"net"
	"text/tabwriter"

	"heyue/platform/app"
)

// welcome prints what somebody needs who sees the product for the first time: where it is, who can sign in, and a first
// question that works as it stands.
func welcome(w io.Writer, api string, logins []app.DemoLogin) {
	url := "http://" + reachable(api) + "/graphql"
	fmt.Fprintf(w, "heyue answers at %s\n\n", url)
	if len(logins) == 0 {
		fmt.Fprintln(w, "This installation has tenants of its own, so no demo tenants were made.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "tenant\temail\tpassword\twho\tcompany")
	for _, l := range logins {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", l.Tenant, l.Email, l.Password, l.Who, l.Name)
	}
	_ = t.Flush() // whoever cannot read the terminal misses nothing else
	fmt.Fprintf(w, firstQuestion, url, logins[0].Tenant, logins[0].Email, logins[0].Password)
}

// firstQuestion signs in and asks what needs doing, in a shell with curl and sed.
const firstQuestion = `
Sign in as the salesperson and ask what falls due:

TOKEN=$(curl -s %[1]s -H 'content-type: application/json' -d '{"query":"mutation{login(input:{tenant:\"%[2]s\",email:\"%[3]s\",password:\"%[4]s\"}){signIn{accessToken}}}"}' | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')
curl -s %[1]s -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" -d '{"query":"{viewer{tenant{name} user{name}} unreadAlertCount alerts(first:5){nodes{kind title dueOn daysLeft amount{amount currency} contract{number customer{name}}}} contracts(first:3){totalCount nodes{number title status endsOn}}}"}'

`

// reachable is an address that a client on this machine can use: a server that listens everywhere is at localhost too.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
