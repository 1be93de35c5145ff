// Command heyue is the whole product in one program: the server, its migrations and the tools to look after it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"heyue/platform/config"
)

func main() {
	ctx, hurry := signals()
	os.Exit(run(ctx, os.Args[1:], &process{machine: config.ThisMachine(), in: os.Stdin, out: os.Stdout, err: os.Stderr, hurry: hurry}))
}

// signals ends the context with the first signal and closes hurry with the second; a third one kills the process.
func signals() (ctx context.Context, hurry <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	second := make(chan struct{})
	got := make(chan os.Signal, 2)
	signal.Notify(got, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-got
		cancel()
		<-got
		signal.Stop(got)
		close(second)
	}()
	return ctx, second
}

// commands is the command line. Each command is a struct in a file of its own, with a method Run(*call) error.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the API and its background work."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's tables up to this version."`
	Tenant  tenantCommand  `cmd:"" help:"Open, list, suspend, resume, move and erase tenants."`
	User    userCommand    `cmd:"" help:"Make users."`
	Import  importCommand  `cmd:"" help:"Take data over from elsewhere."`
	Token   tokenCommand   `cmd:"" help:"Print an access token for a user."`
	Policy  policyCommand  `cmd:"" help:"Try tests of permissions."`
	Audit   auditCommand   `cmd:"" help:"Look after the audit trail."`
	Doctor  doctorCommand  `cmd:"" help:"Look for what is wrong with this installation."`
	Explain explainCommand `cmd:"" help:"Tell how a query is read: its SQL and PostgreSQL's plan, or why it is not compiled."`
	Config  configCommand  `cmd:"" help:"Print every setting, its value and where it comes from."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// process is what a command sees of the world.
type process struct {
	machine  config.Machine
	in       io.Reader
	out, err io.Writer
	hurry    <-chan struct{} // closed when whoever asked for the end asks again
}

// call is one run of a command.
type call struct {
	*process
	ctx context.Context
}

const (
	exitOK    = 0
	exitFault = 1 // something to mend, told on standard error
	exitUsage = 2 // the command line itself is wrong
)

// run executes one command line and returns the exit code. Errors are one line each on standard error.
func run(ctx context.Context, args []string, p *process) (code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var grammar commands
	parser, err := kong.New(&grammar,
		kong.Name("heyue"),
		kong.Description("Customers, contracts and service records behind one GraphQL API. Settings are environment variables; see heyue config."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(p.out, p.err), kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		return p.complain(err, exitFault)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return p.complain(fmt.Errorf("%w; see heyue --help", err), exitUsage)
	}
	if err := parsed.Run(&call{process: p, ctx: ctx}); err != nil {
		return p.complain(err, exitFault)
	}
	return exitOK
}

// exit is how kong ends after --help.
type exit int

// complain prints err: faults of the settings one a line, anything else in one line.
func (p *process) complain(err error, code int) int {
	var faults config.Faults
	if !errors.As(err, &faults) {
		faults = config.Faults{oneLine(err.Error())}
	}
	for _, line := range faults {
		fmt.Fprintln(p.err, "heyue:", line)
	}
	return code
}
