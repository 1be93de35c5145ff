// Package config is every setting of the product in one typed struct, read from the environment. A setting is a field
// with its name, default, bounds and help in its tags; the checks, `heyue config` and the table in docs/ops.md all
// come from those tags, so they cannot disagree.
package config

//go:generate go run ./gen ../../docs/ops.md

import "time"

// Config is what an installation can be told. Every field holds a checked value once Read has returned without an
// error. Tags: env names the variable; envDefault its default; help says what it does, in one line; oneof, min and
// max bound it; auto describes a default that depends on the machine.
type Config struct {
	Server   Server
	Storage  Storage
	Database Database
	Redis    Redis
	Login    Login
	Mail     Mail
	API      API
	Report   Report
	Document Document
	Budget   Budget
	Stream   Stream
	Event    Event
	Worker   Worker
	Delivery Delivery
	Import   Import
	Tenant   Tenant
	Data     Data
	Keep     Keep
	Trace    Trace
	Log      Log

	sources map[string]string
	unknown []string
}

// Server is how the process is reached and how it stops.
type Server struct {
	Addr           Address       `env:"HEYUE_ADDR" envDefault:"127.0.0.1:8080" help:"where the API listens"`
	InternalAddr   Address       `env:"HEYUE_INTERNAL_ADDR" envDefault:"127.0.0.1:8081" help:"where health and metrics listen; keep it off the internet"`
	AllowedOrigins Origins       `env:"HEYUE_ALLOWED_ORIGINS" help:"web origins that may call the API from a browser, comma-separated; none besides its own when empty"`
	DrainDelay     time.Duration `env:"HEYUE_DRAIN_DELAY" envDefault:"3s" min:"0s" max:"5m" help:"how long it goes on serving after it has reported itself not ready, so that load balancers notice"`
	ShutdownGrace  time.Duration `env:"HEYUE_SHUTDOWN_GRACE" envDefault:"20s" min:"1s" max:"10m" help:"how long running requests may take to finish after that"`
	HeaderTimeout  time.Duration `env:"HEYUE_HTTP_HEADER_TIMEOUT" envDefault:"5s" min:"100ms" max:"5m" help:"how long the header of a request may take to arrive"`
	BodyTimeout    time.Duration `env:"HEYUE_HTTP_BODY_TIMEOUT" envDefault:"30s" min:"100ms" max:"1h" help:"how long its body may take after that"`
	IdleTimeout    time.Duration `env:"HEYUE_HTTP_IDLE_TIMEOUT" envDefault:"2m" min:"100ms" max:"1h" help:"how long a connection stays open between two requests"`
	HeaderBytes    Bytes         `env:"HEYUE_HTTP_HEADER_BYTES" envDefault:"32KiB" min:"1KiB" max:"1MiB" help:"size of the header of a request; Go's server allows 4 KiB more"`
	HealthTimeout  time.Duration `env:"HEYUE_HEALTH_TIMEOUT" envDefault:"2s" min:"10ms" max:"1m" help:"how long PostgreSQL or Redis may take to answer a readiness check"`
}

// Storage is where files live.
type Storage struct {
	DataDir Directory `env:"HEYUE_DATA_DIR" auto:"/var/lib/heyue as root, else $XDG_STATE_HOME/heyue or ~/.local/state/heyue" help:"the folder of the key file and of the built-in PostgreSQL"`
}

// Database is PostgreSQL. With no address the product starts a private server in the data folder.
type Database struct {
	URL            PostgresURL   `env:"DATABASE_URL" secret:"true" help:"PostgreSQL as the role heyue_app, which row security binds; a built-in server is started when empty"`
	OwnerURL       PostgresURL   `env:"DATABASE_OWNER_URL" secret:"true" help:"PostgreSQL as heyue_owner, the owner of the tables, for migrations only"`
	SystemURL      PostgresURL   `env:"DATABASE_SYSTEM_URL" secret:"true" help:"PostgreSQL as the role heyue_system, for jobs that work for every tenant"`
	TenantScope    string        `env:"HEYUE_TENANT_SCOPE" envDefault:"pipe" oneof:"pipe|tx" help:"how a statement is bound to its tenant: in one network write, or in a plain transaction"`
	StatementCache int           `env:"HEYUE_STATEMENT_CACHE" envDefault:"256" min:"0" max:"10000" help:"prepared statements kept on each connection; 0 for poolers that cannot carry them"`
	Pool           int           `env:"HEYUE_DATABASE_POOL" envDefault:"16" min:"1" max:"1000" help:"connections of the role heyue_app, open and idle"`
	SystemPool     int           `env:"HEYUE_DATABASE_SYSTEM_POOL" envDefault:"4" min:"1" max:"100" help:"connections of the role heyue_system"`
	ConnLifetime   time.Duration `env:"HEYUE_DATABASE_CONN_LIFETIME" envDefault:"30m" min:"1m" max:"1d" help:"age at which a connection is replaced"`
	ConnectTimeout time.Duration `env:"HEYUE_DATABASE_CONNECT_TIMEOUT" envDefault:"5s" min:"1s" max:"1m" help:"how long opening a connection may take"`
	CancelGrace    time.Duration `env:"HEYUE_DATABASE_CANCEL_GRACE" envDefault:"2s" min:"10ms" max:"1m" help:"how long a server that does not answer is waited for when a request has given up"`
	EndTimeout     time.Duration `env:"HEYUE_DATABASE_END_TIMEOUT" envDefault:"30s" min:"1s" max:"10m" help:"how long COMMIT and ROLLBACK may take until the connection is given up"`
	BinDir         Directory     `env:"HEYUE_PG_BINDIR" auto:"searched" help:"folder with initdb and postgres for the built-in server"`
}

// Redis holds only what can be rebuilt. With no address the product runs one in its own process.
type Redis struct {
	URL     RedisURL      `env:"REDIS_URL" secret:"true" help:"Redis; one inside the process is used when empty, which only suits a single process"`
	Timeout time.Duration `env:"HEYUE_REDIS_TIMEOUT" envDefault:"50ms" min:"5ms" max:"5s" help:"how long one call may take before the product goes on without Redis"`
	Pool    int           `env:"HEYUE_REDIS_POOL" envDefault:"16" min:"1" max:"1000" help:"connections to Redis"`

	Failures int           `env:"HEYUE_REDIS_FAILURES" envDefault:"3" min:"1" max:"1000" help:"calls that fail in a row until no more are tried"`
	Probe    time.Duration `env:"HEYUE_REDIS_PROBE" envDefault:"500ms" min:"10ms" max:"1m" help:"time between two looks then whether Redis answers again"`
}

// Login is how callers prove who they are.
type Login struct {
	SecretKey      Key           `env:"HEYUE_SECRET_KEY" secret:"true" auto:"secret.key in the data folder, made at the first start" help:"the key that all others come from; every process of an installation needs the same"`
	AccessTokenTTL time.Duration `env:"HEYUE_ACCESS_TOKEN_TTL" envDefault:"10m" min:"1m" max:"1h" help:"life of an access token"`
	RefreshTTL     time.Duration `env:"HEYUE_REFRESH_TTL" envDefault:"30d" min:"1h" max:"365d" help:"life of a session that is not used"`
	RefreshGrace   time.Duration `env:"HEYUE_REFRESH_GRACE" envDefault:"5s" min:"0s" max:"1m" help:"time in which sending the last refresh token again is refused without ending the session"`
	SessionPoll    time.Duration `env:"HEYUE_SESSION_POLL" envDefault:"900ms" min:"10ms" max:"1m" help:"time between two looks at the sessions of open sockets and the permissions of their tenants; how long one outlives a session that another process ended, or a right that it took, when Redis does not tell"`
	SessionTimeout time.Duration `env:"HEYUE_SESSION_TIMEOUT" envDefault:"5s" min:"10ms" max:"1m" help:"how long such a look at one tenant may take"`

	Tries        int           `env:"HEYUE_LOGIN_TRIES" envDefault:"5" min:"1" max:"1000" help:"wrong sign-ins to one account after which the next one has to wait; the wait doubles with each"`
	TriesAddress int           `env:"HEYUE_LOGIN_TRIES_ADDRESS" envDefault:"30" min:"1" max:"100000" help:"wrong sign-ins from one address, to whatever account, after which the next one has to wait"`
	Wait         time.Duration `env:"HEYUE_LOGIN_WAIT" envDefault:"1s" min:"100ms" max:"1h" help:"the first such wait"`
	WaitMost     time.Duration `env:"HEYUE_LOGIN_WAIT_MOST" envDefault:"15m" min:"1s" max:"1d" help:"the longest such wait"`
	Leak         time.Duration `env:"HEYUE_LOGIN_FORGET" envDefault:"15m" min:"1s" max:"30d" help:"time in which one wrong sign-in to an account is forgotten"`
	LeakAddress  time.Duration `env:"HEYUE_LOGIN_FORGET_ADDRESS" envDefault:"1m" min:"1s" max:"30d" help:"time in which one wrong sign-in from an address is forgotten"`
	Trust        time.Duration `env:"HEYUE_LOGIN_TRUST" envDefault:"30d" min:"1m" max:"365d" help:"how long a user who signed in from an address is counted apart there, so that guesses from elsewhere do not lock them out"`

	APISite      WebURL        `env:"HEYUE_API_URL" help:"where this API is from outside: sign-in providers lead back to /auth/oidc/… below it; nobody signs in by one when it or HEYUE_PUBLIC_URL is empty"`
	Providers    int           `env:"HEYUE_OIDC_PROVIDERS" envDefault:"10" min:"1" max:"1000" help:"sign-in providers of a tenant"`
	OIDCTimeout  time.Duration `env:"HEYUE_OIDC_TIMEOUT" envDefault:"5s" min:"100ms" max:"1m" help:"how long a sign-in provider may take for an answer"`
	OIDCTTL      time.Duration `env:"HEYUE_OIDC_TTL" envDefault:"10m" min:"1m" max:"1h" help:"time for the way to a sign-in provider and back"`
	OIDCCodeTTL  time.Duration `env:"HEYUE_OIDC_CODE_TTL" envDefault:"1m" min:"5s" max:"10m" help:"time for which a code waits to be exchanged after that"`
	OIDCLoopback Switch        `env:"HEYUE_OIDC_LOOPBACK" envDefault:"off" help:"whether sign-in providers may be at http://127.0.0.1, on a developer's machine"`

	ChallengeTTL   time.Duration `env:"HEYUE_LOGIN_CHALLENGE_TTL" envDefault:"5m" min:"30s" max:"1h" help:"time for which a right password waits for its second factor"`
	ChallengeTries int           `env:"HEYUE_LOGIN_CHALLENGE_TRIES" envDefault:"5" min:"1" max:"100" help:"wrong codes after which it waits no more"`

	Keys        int           `env:"HEYUE_API_KEYS" envDefault:"20" min:"1" max:"1000" help:"API keys of one user that are neither over nor revoked"`
	KeyLife     time.Duration `env:"HEYUE_API_KEY_LIFE" envDefault:"366d" min:"1h" max:"3660d" help:"time to the end of an API key at most"`
	KeyOverlap  time.Duration `env:"HEYUE_API_KEY_OVERLAP" envDefault:"7d" min:"0s" max:"90d" help:"time for which an old secret may be good after a rotation at most"`
	KeyUsesPoll time.Duration `env:"HEYUE_API_KEY_USES_POLL" envDefault:"5s" min:"10ms" max:"1m" help:"time between two writings of when API keys were last used"`

	PasswordMin   int `env:"HEYUE_PASSWORD_MIN_LENGTH" envDefault:"8" min:"8" max:"64" help:"characters that a new password needs at least"`
	PasswordSlots int `env:"HEYUE_PASSWORD_CONCURRENCY" envDefault:"0" min:"0" max:"256" help:"passwords hashed at a time, 19 MiB each; 0 means one for each core"`
}

// Mail is how the product writes to users.
type Mail struct {
	Server   SMTPURL       `env:"HEYUE_SMTP_URL" secret:"true" help:"the mail server; without one and without a folder nothing is sent, and passwords are set by hand"`
	From     Mailbox       `env:"HEYUE_SMTP_FROM" envDefault:"heyue <heyue@localhost>" help:"who mails come from"`
	Timeout  time.Duration `env:"HEYUE_SMTP_TIMEOUT" envDefault:"20s" min:"1s" max:"50s" help:"how long the server may take for one mail"`
	Folder   Directory     `env:"HEYUE_MAIL_FOLDER" help:"where mails are written as files instead, on a developer's machine: whoever reads them can use their links"`
	Site     WebURL        `env:"HEYUE_PUBLIC_URL" help:"where the web application is: links lead to /accept-invitation# and /reset-password# below it; mails hold the bare token when empty"`
	Poll     time.Duration `env:"HEYUE_MAIL_POLL" envDefault:"1s" min:"10ms" max:"10m" help:"time between two looks for mails to send"`
	Tries    int           `env:"HEYUE_MAIL_TRIES" envDefault:"12" min:"1" max:"100" help:"tries after which a mail is given up"`
	Wait     time.Duration `env:"HEYUE_MAIL_WAIT" envDefault:"1m" min:"1m" max:"1d" help:"time before the second try; it doubles with each"`
	WaitMost time.Duration `env:"HEYUE_MAIL_WAIT_MOST" envDefault:"6h" min:"1m" max:"7d" help:"the longest such time"`

	InvitationTTL time.Duration `env:"HEYUE_INVITATION_TTL" envDefault:"7d" min:"1h" max:"90d" help:"how long the link of an invitation is good"`
	ResetTTL      time.Duration `env:"HEYUE_PASSWORD_RESET_TTL" envDefault:"1h" min:"5m" max:"1d" help:"how long the link for a new password is good"`
	ResetQueue    int           `env:"HEYUE_PASSWORD_RESET_QUEUE" envDefault:"1000" min:"1" max:"100000" help:"requests for a new password that may wait for their turn in one process"`
}

// API is what one caller may ask for.
type API struct {
	Introspection Switch        `env:"HEYUE_INTROSPECTION" envDefault:"off" help:"whether callers may read the schema; serve --demo turns it on unless it is set"`
	Explorer      Switch        `env:"HEYUE_EXPLORER" envDefault:"off" help:"whether /explorer serves a page to try the API on; it needs HEYUE_INTROSPECTION to show the schema. serve --demo turns it on unless it is set"`
	MaxBody       Bytes         `env:"HEYUE_MAX_BODY" envDefault:"1MiB" min:"1KiB" max:"64MiB" help:"size of a request"`
	Deadline      time.Duration `env:"HEYUE_OPERATION_DEADLINE" envDefault:"10s" min:"100ms" max:"5m" help:"how long one operation may run"`
	MaxErrors     int           `env:"HEYUE_MAX_ERRORS" envDefault:"20" min:"1" max:"1000" help:"errors in one answer"`
	PageDefault   int           `env:"HEYUE_PAGE_DEFAULT" envDefault:"20" min:"1" max:"1000" help:"rows of a page when the caller names no number"`
	PageMax       int           `env:"HEYUE_PAGE_MAX" envDefault:"100" min:"1" max:"1000" help:"rows of a page at most"`

	TrustedDocuments Directory `env:"HEYUE_TRUSTED_DOCUMENTS" help:"manifest of the documents that your own frontends send; none when empty"`
	TrustedMode      string    `env:"HEYUE_TRUSTED_MODE" envDefault:"allow" oneof:"off|allow|only" help:"whether documents may be named by their ids; with only, no others are carried out for people"`

	Reads     string `env:"HEYUE_READS" envDefault:"compiled" oneof:"compiled|resolved" help:"how queries are read: compiled into one statement a root field where that can be, or by the resolvers alone"`
	ReadPlans int    `env:"HEYUE_READ_PLANS" envDefault:"2000" min:"10" max:"1000000" help:"compiled plans kept, a few KiB each"`
	ReadCheck int    `env:"HEYUE_READ_CHECK" envDefault:"0" min:"0" max:"1000000" help:"one of how many queries is read both ways, to compare the answers; 0 is none. A difference is logged and counted"`

	OperationCost  int `env:"HEYUE_OPERATION_COST" envDefault:"1000" min:"10" max:"1000000" help:"points that one operation may ask for; docs/api.md has the price list"`
	OperationNodes int `env:"HEYUE_OPERATION_NODES" envDefault:"10000" min:"10" max:"10000000" help:"objects that one operation may ask for"`

	CostReport Switch `env:"HEYUE_COST_REPORT" envDefault:"on" help:"whether answers say what they cost and what is left of the caller's budget"`

	IdempotencyKeep   time.Duration `env:"HEYUE_IDEMPOTENCY_KEEP" envDefault:"24h" min:"1m" max:"30d" help:"how long a mutation's idempotency key is remembered"`
	IdempotencyWait   time.Duration `env:"HEYUE_IDEMPOTENCY_WAIT" envDefault:"1s" min:"10ms" max:"10s" help:"how long a mutation waits for another one with its key before it is answered IDEMPOTENCY_IN_PROGRESS"`
	IdempotencyAnswer Bytes         `env:"HEYUE_IDEMPOTENCY_ANSWER" envDefault:"256KiB" min:"0" max:"16MiB" help:"size of an answer that is kept with its key; a larger one is made again from what the mutation made"`
}

// Report bounds what one report may look at.
type Report struct {
	Rows    int `env:"HEYUE_REPORT_ROWS" envDefault:"1000" min:"10" max:"10000" help:"rows of an execution report"`
	Days    int `env:"HEYUE_FORECAST_DAYS" envDefault:"3660" min:"31" max:"36600" help:"days that a cash forecast looks ahead"`
	Buckets int `env:"HEYUE_FORECAST_BUCKETS" envDefault:"400" min:"10" max:"4000" help:"buckets of a cash forecast"`
	Shifts  int `env:"HEYUE_FORECAST_SHIFTS" envDefault:"100" min:"1" max:"1000" help:"dates that a cash forecast supposes to be others"`
}

// Document bounds the shape of one GraphQL document, before it is validated.
type Document struct {
	Bytes          Bytes `env:"HEYUE_DOCUMENT_BYTES" envDefault:"64KiB" min:"1KiB" max:"1MiB" help:"text of a document"`
	Tokens         int   `env:"HEYUE_DOCUMENT_TOKENS" envDefault:"4000" min:"100" max:"100000" help:"tokens, comments included"`
	Operations     int   `env:"HEYUE_DOCUMENT_OPERATIONS" envDefault:"10" min:"1" max:"1000" help:"operations in one document"`
	Fragments      int   `env:"HEYUE_DOCUMENT_FRAGMENTS" envDefault:"100" min:"1" max:"10000" help:"fragments that a document defines"`
	Depth          int   `env:"HEYUE_DOCUMENT_DEPTH" envDefault:"16" min:"4" max:"100" help:"fields inside fields; the introspection of common tools needs 15"`
	Nesting        int   `env:"HEYUE_DOCUMENT_NESTING" envDefault:"40" min:"4" max:"500" help:"selection sets of every kind inside each other"`
	Fields         int   `env:"HEYUE_DOCUMENT_FIELDS" envDefault:"2000" min:"10" max:"100000" help:"fields after fragments are put in place"`
	Aliases        int   `env:"HEYUE_DOCUMENT_ALIASES" envDefault:"100" min:"1" max:"10000" help:"aliases"`
	Repeats        int   `env:"HEYUE_DOCUMENT_REPEATS" envDefault:"100" min:"1" max:"10000" help:"repeats of one response key at one place"`
	Spreads        int   `env:"HEYUE_DOCUMENT_SPREADS" envDefault:"500" min:"1" max:"100000" help:"spreads of named fragments"`
	Directives     int   `env:"HEYUE_DOCUMENT_DIRECTIVES" envDefault:"100" min:"1" max:"10000" help:"directives"`
	MutationFields int   `env:"HEYUE_DOCUMENT_MUTATION_FIELDS" envDefault:"10" min:"1" max:"100" help:"fields at the root of a mutation"`
	Cache          Bytes `env:"HEYUE_DOCUMENT_CACHE" envDefault:"32MiB" min:"1MiB" max:"4GiB" help:"memory for documents that have been validated"`
	Passed         int   `env:"HEYUE_DOCUMENT_PASSED" envDefault:"10000" min:"1" max:"10000000" help:"documents remembered as within these bounds"`
}

// Budget bounds how much callers may ask for over time. A bucket fills up again at its rate.
type Budget struct {
	Tenant         int      `env:"HEYUE_BUDGET_TENANT" envDefault:"2000" min:"1" max:"1000000" help:"points in the bucket of a tenant"`
	TenantRate     int      `env:"HEYUE_BUDGET_TENANT_RATE" envDefault:"100" min:"1" max:"1000000" help:"points that come back to it each second"`
	User           int      `env:"HEYUE_BUDGET_USER" envDefault:"500" min:"1" max:"1000000" help:"points in the bucket of a user"`
	UserRate       int      `env:"HEYUE_BUDGET_USER_RATE" envDefault:"25" min:"1" max:"1000000" help:"points that come back to it each second"`
	Key            int      `env:"HEYUE_BUDGET_KEY" envDefault:"500" min:"1" max:"1000000" help:"points in the bucket of an API key, which has one instead of its user's"`
	KeyRate        int      `env:"HEYUE_BUDGET_KEY_RATE" envDefault:"25" min:"1" max:"1000000" help:"points that come back to it each second"`
	Local          int      `env:"HEYUE_BUDGET_LOCAL" envDefault:"100000" min:"100" max:"10000000" help:"buckets that the process keeps by itself while Redis is away, and without one"`
	Address        int      `env:"HEYUE_BUDGET_ADDRESS" envDefault:"1000" min:"1" max:"1000000" help:"requests of one IP address in one process at once, before anything is known of the caller"`
	AddressRate    int      `env:"HEYUE_BUDGET_ADDRESS_RATE" envDefault:"200" min:"1" max:"1000000" help:"requests of it each second after that"`
	Addresses      int      `env:"HEYUE_BUDGET_ADDRESSES" envDefault:"100000" min:"100" max:"10000000" help:"addresses remembered for that"`
	TrustedProxies Networks `env:"HEYUE_TRUSTED_PROXIES" help:"networks of your own proxies, comma-separated; their X-Forwarded-For says which address a request comes from"`
}

// Stream bounds websockets and event streams.
type Stream struct {
	InitTimeout  time.Duration `env:"HEYUE_SOCKET_INIT_TIMEOUT" envDefault:"10s" min:"1s" max:"1m" help:"time in which a websocket must have signed in"`
	PingInterval time.Duration `env:"HEYUE_SOCKET_PING_INTERVAL" envDefault:"25s" min:"1s" max:"10m" help:"time between two pings"`
	PongTimeout  time.Duration `env:"HEYUE_SOCKET_PONG_TIMEOUT" envDefault:"10s" min:"1s" max:"5m" help:"silence after a ping that ends a websocket"`
	MaxMessage   Bytes         `env:"HEYUE_SOCKET_MAX_MESSAGE" envDefault:"1MiB" min:"1KiB" max:"64MiB" help:"size of a message from a client"`
	Operations   int           `env:"HEYUE_SOCKET_OPERATIONS" envDefault:"20" min:"1" max:"1000" help:"operations running on one websocket"`
	PerUser      int           `env:"HEYUE_SOCKETS_PER_USER" envDefault:"10" min:"1" max:"1000" help:"websockets of one user in one process"`
	PerAddress   int           `env:"HEYUE_STREAMS_PER_ADDRESS" envDefault:"1000" min:"1" max:"1000000" help:"websockets and event streams of one IP address in one process"`
	QueueFrames  int           `env:"HEYUE_SOCKET_QUEUE_FRAMES" envDefault:"256" min:"8" max:"100000" help:"messages that may wait for a slow reader"`
	QueueBytes   Bytes         `env:"HEYUE_SOCKET_QUEUE_BYTES" envDefault:"1MiB" min:"16KiB" max:"64MiB" help:"size of what may wait for a slow reader"`
	Executions   int           `env:"HEYUE_STREAM_EXECUTIONS" envDefault:"16" min:"1" max:"1000" help:"events of subscriptions that are executed at a time; subscribers of equal rights who ask the same share an execution"`
	WriteTimeout time.Duration `env:"HEYUE_STREAM_WRITE_TIMEOUT" envDefault:"10s" min:"1s" max:"5m" help:"time one write may take before its reader counts as gone"`
	KeepAlive    time.Duration `env:"HEYUE_STREAM_KEEP_ALIVE" envDefault:"15s" min:"1s" max:"5m" help:"silence after which an event stream gets a comment"`
	DrainJitter  time.Duration `env:"HEYUE_STREAM_DRAIN_JITTER" envDefault:"5s" min:"1ms" max:"5m" help:"time over which a stop spreads the ends of connections, so that they do not all come back at once"`
}

// Event bounds the way of an event from its commit to its subscribers.
type Event struct {
	Poll         time.Duration `env:"HEYUE_EVENT_POLL" envDefault:"1s" min:"10ms" max:"1m" help:"time between two looks for events that no message told of; what delivery takes while Redis is away"`
	RelayBatch   int           `env:"HEYUE_EVENT_RELAY_BATCH" envDefault:"500" min:"1" max:"10000" help:"events numbered in one transaction"`
	RelayWorkers int           `env:"HEYUE_EVENT_RELAY_WORKERS" envDefault:"4" min:"1" max:"64" help:"tenants whose events are numbered at a time; each takes a connection"`
	Page         int           `env:"HEYUE_EVENT_PAGE" envDefault:"500" min:"1" max:"10000" help:"events read at a time"`
	Readers      int           `env:"HEYUE_EVENT_READERS" envDefault:"4" min:"1" max:"64" help:"tenants whose events are read at a time; each takes a connection"`
	Recent       int           `env:"HEYUE_EVENT_RECENT" envDefault:"1024" min:"1" max:"100000" help:"newest events of a tenant kept in memory at least, for subscribers that resume"`
	Queue        int           `env:"HEYUE_EVENT_QUEUE" envDefault:"256" min:"1" max:"100000" help:"events that may wait for one subscriber; with more its stream ends and it resumes"`
	Linger       time.Duration `env:"HEYUE_EVENT_LINGER" envDefault:"30s" min:"1ms" max:"1h" help:"how long a tenant is followed after its last subscriber"`
	Position     time.Duration `env:"HEYUE_EVENT_POSITION" envDefault:"30s" min:"10ms" max:"1h" help:"time after which a quiet subscription tells its cursor"`
}

// Worker bounds what runs by itself.
type Worker struct {
	ReminderPoll    time.Duration `env:"HEYUE_REMINDER_POLL" envDefault:"1s" min:"10ms" max:"10m" help:"time between two looks for reminders that are due"`
	ReminderBatch   int           `env:"HEYUE_REMINDER_BATCH" envDefault:"200" min:"1" max:"10000" help:"reminders of one tenant handled in one transaction, before the next tenant's turn"`
	SealPoll        time.Duration `env:"HEYUE_SEAL_POLL" envDefault:"1s" min:"10ms" max:"10m" help:"time between two looks for audit entries without a seal"`
	SealBatch       int           `env:"HEYUE_SEAL_BATCH" envDefault:"500" min:"1" max:"10000" help:"audit entries of one tenant sealed in one transaction"`
	CalendarPoll    time.Duration `env:"HEYUE_CALENDAR_POLL" envDefault:"1m" min:"10ms" max:"1h" help:"time between two looks for tenants whose day has changed"`
	CalendarEvery   time.Duration `env:"HEYUE_CALENDAR_EVERY" envDefault:"1h" min:"10ms" max:"1d" help:"time after which a tenant's contracts are looked at again within a day, for dates that were moved"`
	CalendarBatch   int           `env:"HEYUE_CALENDAR_BATCH" envDefault:"200" min:"1" max:"10000" help:"contracts looked for at a time that a new day moves on"`
	EscalationPoll  time.Duration `env:"HEYUE_ESCALATION_POLL" envDefault:"30s" min:"10ms" max:"1h" help:"time between two looks for approval tasks that waited too long"`
	EscalationBatch int           `env:"HEYUE_ESCALATION_BATCH" envDefault:"100" min:"1" max:"10000" help:"approvals of one tenant escalated at a time"`
	DecisionQueue   int           `env:"HEYUE_DECISION_QUEUE" envDefault:"10000" min:"1" max:"1000000" help:"decisions that may wait to be written to the log of decisions; more are counted and lost"`
	DecisionPoll    time.Duration `env:"HEYUE_DECISION_POLL" envDefault:"1s" min:"10ms" max:"1m" help:"time between two writings of them; what a process that dies may lose"`
	DecisionKeep    time.Duration `env:"HEYUE_DECISION_KEEP" envDefault:"180d" min:"2d" max:"3650d" help:"how long decisions are kept"`
	RetentionEvery  time.Duration `env:"HEYUE_RETENTION_EVERY" envDefault:"1h" min:"1s" max:"1d" help:"time between two looks for what is no longer kept: old events, idempotency keys and decisions"`
	RetentionBatch  int           `env:"HEYUE_RETENTION_BATCH" envDefault:"5000" min:"1" max:"100000" help:"events deleted in one transaction"`
	DoctorPage      int           `env:"HEYUE_DOCTOR_PAGE" envDefault:"500" min:"1" max:"10000" help:"obligations that heyue doctor compares at a time"`
}

// Delivery bounds how messages go out to mailboxes, programs, telephones and groups.
type Delivery struct {
	Poll        time.Duration `env:"HEYUE_DELIVERY_POLL" envDefault:"1s" min:"10ms" max:"10m" help:"time between two looks for messages to send"`
	Workers     int           `env:"HEYUE_DELIVERY_WORKERS" envDefault:"64" min:"1" max:"10000" help:"messages that one process sends at a time"`
	PerTenant   int           `env:"HEYUE_DELIVERY_PER_TENANT" envDefault:"8" min:"1" max:"1000" help:"messages of one tenant that are sent at a time, by all processes together"`
	PerEndpoint int           `env:"HEYUE_DELIVERY_PER_ENDPOINT" envDefault:"2" min:"1" max:"100" help:"messages to one endpoint that are sent at a time, likewise"`
	Rate        int           `env:"HEYUE_DELIVERY_RATE" envDefault:"600" min:"1" max:"1000000" help:"tries of one tenant in a minute"`
	RobotRate   int           `env:"HEYUE_DELIVERY_ROBOT_RATE" envDefault:"20" min:"1" max:"1000" help:"messages to the robot of one group in a minute; what is more goes out as one message"`
	Digest      int           `env:"HEYUE_DELIVERY_DIGEST" envDefault:"50" min:"1" max:"500" help:"alerts in one message"`
	Feed        int           `env:"HEYUE_DELIVERY_FEED" envDefault:"500" min:"1" max:"10000" help:"events that are looked at for one endpoint in one transaction"`
	Endpoints   int           `env:"HEYUE_ENDPOINTS" envDefault:"50" min:"1" max:"10000" help:"endpoints of a tenant, without archived ones"`

	Timeout  time.Duration `env:"HEYUE_DELIVERY_TIMEOUT" envDefault:"15s" min:"100ms" max:"50s" help:"how long an endpoint may take for an answer"`
	Answer   Bytes         `env:"HEYUE_DELIVERY_ANSWER" envDefault:"64KiB" min:"1KiB" max:"10MiB" help:"how much of an endpoint's answer is read"`
	Lease    time.Duration `env:"HEYUE_DELIVERY_LEASE" envDefault:"1m" min:"1m" max:"1h" help:"time after which a message is sent again whose worker died in the middle"`
	Wait     time.Duration `env:"HEYUE_DELIVERY_WAIT" envDefault:"5s" min:"100ms" max:"1h" help:"time before the second try of a message; it grows threefold with each"`
	WaitMost time.Duration `env:"HEYUE_DELIVERY_WAIT_MOST" envDefault:"6h" min:"1s" max:"1d" help:"the longest such time"`
	Life     time.Duration `env:"HEYUE_DELIVERY_LIFE" envDefault:"3d" min:"1m" max:"30d" help:"time after which a message is given up"`

	Failures     int           `env:"HEYUE_DELIVERY_FAILURES" envDefault:"5" min:"1" max:"1000" help:"failures in a row after which an endpoint is left alone for a while"`
	Open         time.Duration `env:"HEYUE_DELIVERY_OPEN" envDefault:"30s" min:"100ms" max:"1h" help:"the first such while; it doubles with each"`
	OpenMost     time.Duration `env:"HEYUE_DELIVERY_OPEN_MOST" envDefault:"10m" min:"1s" max:"1d" help:"the longest such while"`
	DisableAfter time.Duration `env:"HEYUE_DELIVERY_DISABLE_AFTER" envDefault:"5d" min:"1h" max:"90d" help:"failing for so long disables an endpoint, and the tenant is told"`

	Keep    time.Duration `env:"HEYUE_DELIVERY_KEEP" envDefault:"90d" min:"1d" max:"3650d" help:"how long the log keeps messages that are delivered or given up"`
	Overlap time.Duration `env:"HEYUE_ENDPOINT_SECRET_OVERLAP" envDefault:"7d" min:"0s" max:"90d" help:"longest time for which an endpoint's old secret signs beside a new one"`
	Allow   Networks      `env:"HEYUE_DELIVERY_ALLOW" help:"networks outside of the internet that endpoints may be in, comma-separated, without encryption too; none when empty"`
}

// Import bounds the takeover of Open Contracting files.
type Import struct {
	Batch   int   `env:"HEYUE_IMPORT_BATCH" envDefault:"200" min:"1" max:"10000" help:"processes written in one transaction"`
	Element Bytes `env:"HEYUE_IMPORT_ELEMENT" envDefault:"64MiB" min:"1KiB" max:"1GiB" help:"size of one release; a larger one is left out and named among the problems"`
	Process Bytes `env:"HEYUE_IMPORT_PROCESS" envDefault:"256MiB" min:"1KiB" max:"1GiB" help:"size of all releases of one process, likewise"`
	Memory  Bytes `env:"HEYUE_IMPORT_MEMORY" envDefault:"32MiB" min:"64KiB" max:"1GiB" help:"notes on where processes lie that are kept in memory; the rest goes to the temporary folder"`
	Depth   int   `env:"HEYUE_IMPORT_DEPTH" envDefault:"64" min:"8" max:"1000" help:"objects and lists inside each other in one release"`
}

// Tenant bounds what one tenant may have, and what the process remembers of tenants.
type Tenant struct {
	SnapshotCache     int   `env:"HEYUE_SNAPSHOT_CACHE" envDefault:"5000" min:"1" max:"1000000" help:"tenants whose permissions are kept in memory, about 10 KiB each with twenty users; the rest are read again when needed"`
	Users             int   `env:"HEYUE_USERS" envDefault:"10000" min:"1" max:"1000000" help:"users of a tenant, disabled ones included"`
	Departments       int   `env:"HEYUE_DEPARTMENTS" envDefault:"1000" min:"1" max:"10000" help:"departments of a tenant, archived ones included"`
	DepartmentDepth   int   `env:"HEYUE_DEPARTMENT_DEPTH" envDefault:"10" min:"1" max:"50" help:"departments inside each other"`
	Roles             int   `env:"HEYUE_ROLES" envDefault:"200" min:"10" max:"10000" help:"roles of a tenant"`
	RolesPerUser      int   `env:"HEYUE_ROLES_PER_USER" envDefault:"20" min:"1" max:"1000" help:"roles of one user"`
	PolicyTest        Bytes `env:"HEYUE_POLICY_TEST" envDefault:"64KiB" min:"1KiB" max:"1MiB" help:"size of a test of permissions"`
	Shares            int   `env:"HEYUE_SHARES" envDefault:"5000" min:"1" max:"100000" help:"shares of records of a tenant that have not ended; each takes 50 bytes of its permissions in memory"`
	SharesPerGrantee  int   `env:"HEYUE_SHARES_PER_GRANTEE" envDefault:"500" min:"1" max:"10000" help:"records that are shared with one user or one department"`
	SharesPerRecord   int   `env:"HEYUE_SHARES_PER_RECORD" envDefault:"100" min:"1" max:"1000" help:"users and departments that one record is shared with"`
	DictionaryEntries int   `env:"HEYUE_DICTIONARY_ENTRIES" envDefault:"500" min:"100" max:"100000" help:"entries of one dictionary, archived ones included"`
	CustomFields      int   `env:"HEYUE_CUSTOM_FIELDS" envDefault:"50" min:"1" max:"200" help:"custom fields of one kind of record, archived ones included"`
	Templates         int   `env:"HEYUE_TEMPLATES" envDefault:"500" min:"10" max:"100000" help:"templates of a tenant, archived ones included; those of single contracts are not counted"`
	TemplateVersions  int   `env:"HEYUE_TEMPLATE_VERSIONS" envDefault:"200" min:"1" max:"10000" help:"versions of one template"`
	TemplateClauses   int   `env:"HEYUE_TEMPLATE_CLAUSES" envDefault:"200" min:"50" max:"2000" help:"clauses of one template"`
	TemplateSlots     int   `env:"HEYUE_TEMPLATE_SLOTS" envDefault:"200" min:"50" max:"2000" help:"slots of one template"`
	TemplateText      int   `env:"HEYUE_TEMPLATE_TEXT" envDefault:"200000" min:"20000" max:"2000000" help:"characters of one template in one language"`
	ClauseText        int   `env:"HEYUE_CLAUSE_TEXT" envDefault:"20000" min:"5000" max:"20000" help:"characters of one clause in one language"`
	LibraryClauses    int   `env:"HEYUE_LIBRARY_CLAUSES" envDefault:"2000" min:"10" max:"100000" help:"clauses in the library of a tenant, archived ones included"`
	ClauseExceptions  int   `env:"HEYUE_CLAUSE_EXCEPTIONS" envDefault:"200" min:"1" max:"10000" help:"clause exceptions of one contract, whatever became of them"`
	OpenChanges       int   `env:"HEYUE_OPEN_CHANGES" envDefault:"20" min:"1" max:"1000" help:"change orders of one contract that are drafts or in review"`
	ChangeEvidence    int   `env:"HEYUE_CHANGE_EVIDENCE" envDefault:"50" min:"1" max:"1000" help:"documents that one change order rests on"`
	ApprovalFlows     int   `env:"HEYUE_APPROVAL_FLOWS" envDefault:"200" min:"1" max:"10000" help:"approval flows of a tenant that are in use, of all kinds"`
	ApprovalTasks     int   `env:"HEYUE_APPROVAL_TASKS" envDefault:"500" min:"1" max:"10000" help:"tasks that adding, forwarding and escalating may bring one approval to"`
	Delegations       int   `env:"HEYUE_DELEGATIONS" envDefault:"50" min:"1" max:"1000" help:"times of absence with a stand-in that one user may have planned"`
	ProgressLines     int   `env:"HEYUE_PROGRESS_LINES" envDefault:"500" min:"1" max:"10000" help:"progress lines of one contract, cancelled ones included"`
	SlotText          int   `env:"HEYUE_SLOT_TEXT" envDefault:"5000" min:"500" max:"100000" help:"characters of one text that fills a slot"`
	SlotRows          int   `env:"HEYUE_SLOT_ROWS" envDefault:"500" min:"50" max:"5000" help:"rows of one table that fills a slot"`
}

// Data is how the data of tenants is protected.
type Data struct {
	TenantKey      Key           `env:"HEYUE_TENANT_KEY" secret:"true" auto:"derived from HEYUE_SECRET_KEY" help:"the outer key that wraps the keys of tenants; every process of an installation needs the same"`
	TenantKeysOld  Keys          `env:"HEYUE_TENANT_KEYS_OLD" secret:"true" help:"outer keys before it, comma-separated, until heyue tenant rekey --wrapping has run"`
	TenantKeyCache int           `env:"HEYUE_TENANT_KEY_CACHE" envDefault:"5000" min:"1" max:"1000000" help:"tenants whose keys are kept in memory"`
	TenantKeyKeep  time.Duration `env:"HEYUE_TENANT_KEY_KEEP" envDefault:"5m" min:"1s" max:"1d" help:"how long they are kept: a key that another process has destroyed opens nothing after it"`
	SealBatch      int           `env:"HEYUE_TENANT_SEAL_BATCH" envDefault:"500" min:"1" max:"10000" help:"rows sealed anew in one transaction"`
}

// Keep is how long the product keeps what nobody needs any longer. Events are kept as each tenant's own settings say; the
// audit trail goes with its tenant only, because what is cut off a chain cannot be told from what was taken away.
type Keep struct {
	Sessions time.Duration `env:"HEYUE_KEEP_SESSIONS" envDefault:"90d" min:"1d" max:"3660d" help:"how long sessions that have ended are kept; the audit trail keeps when that was"`
	Mails    time.Duration `env:"HEYUE_KEEP_MAILS" envDefault:"30d" min:"1d" max:"3660d" help:"how long it is kept that a mail was sent or given up; what it said is deleted at once"`
}

// Trace is how work is followed through the process in spans (OpenTelemetry).
type Trace struct {
	Collector     WebURL        `env:"HEYUE_OTLP_URL" help:"where spans are sent, OTLP over HTTP, such as https://collector.example.com/v1/traces; nothing is followed when empty"`
	Authorization Secret        `env:"HEYUE_OTLP_AUTHORIZATION" secret:"true" help:"what the collector wants to see in the header Authorization"`
	PerMille      int           `env:"HEYUE_TRACE_PER_MILLE" envDefault:"10" min:"0" max:"1000" help:"traces of a thousand that are kept"`
	Queue         int           `env:"HEYUE_TRACE_QUEUE" envDefault:"2048" min:"1" max:"1000000" help:"spans that wait to be sent; more are dropped"`
	Timeout       time.Duration `env:"HEYUE_OTLP_TIMEOUT" envDefault:"10s" min:"100ms" max:"1m" help:"how long sending spans may take"`
}

// Log is what the process says about itself.
type Log struct {
	Level  string `env:"HEYUE_LOG_LEVEL" envDefault:"info" oneof:"debug|info|warn|error" help:"the least important lines that are written"`
	Format string `env:"HEYUE_LOG_FORMAT" envDefault:"text" oneof:"text|json" help:"lines for people or for programs"`
}

// ForDemo returns a copy with the comforts of a laptop: the schema can be read, /explorer tries it and stopping waits for neither load
// balancers nor a crowd of clients. What the environment sets stays.
func (c Config) ForDemo() Config {
	if !c.set("HEYUE_INTROSPECTION") {
		c.API.Introspection = true
	}
	if !c.set("HEYUE_EXPLORER") {
		c.API.Explorer = true
	}
	if !c.set("HEYUE_DRAIN_DELAY") {
		c.Server.DrainDelay = 0
	}
	if !c.set("HEYUE_STREAM_DRAIN_JITTER") {
		c.Stream.DrainJitter = 100 * time.Millisecond
	}
	return c
}

// ForCommand returns a copy for a command that runs for seconds under somebody's eyes: it logs warnings only, unless the
// environment sets a level.
func (c Config) ForCommand() Config {
	if !c.set("HEYUE_LOG_LEVEL") {
		c.Log.Level = "warn"
	}
	return c
}

func (c Config) set(name string) bool { return c.sources[name] != fromDefault }

// Unknown lists variables that begin with HEYUE_ but are no setting, most likely misspelt ones, sorted. They are no
// error, because container platforms add variables named after a service.
func (c Config) Unknown() []string { return c.unknown }
