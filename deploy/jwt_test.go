package deploy

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/rlsguard/rlsguard/consumers/certtest"
)

// operated is accounts.conf as JWTs: an operator, an account each with exports that need a token,
// and users. It is what a site does with nsc.
type operated struct {
	t        *testing.T
	operator nkeys.KeyPair
	accounts map[string]nkeys.KeyPair
	users    map[string]string // path of the credentials
}

func (o *operated) key(make func() (nkeys.KeyPair, error)) nkeys.KeyPair {
	o.t.Helper()
	k, err := make()
	if err != nil {
		o.t.Fatal(err)
	}
	return k
}

func (o *operated) public(k nkeys.KeyPair) string {
	o.t.Helper()
	s, err := k.PublicKey()
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// encoded is a token that k signed.
func (o *operated) encoded(claims interface {
	Encode(nkeys.KeyPair) (string, error)
}, k nkeys.KeyPair) string {
	o.t.Helper()
	s, err := claims.Encode(k)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// account is an account of the file.
func (o *operated) account(name string, a block) *jwt.AccountClaims {
	c := jwt.NewAccountClaims(o.public(o.accounts[name]))
	c.Name = name
	if j, ok := a["jetstream"].(block); ok {
		number := func(what string) int64 { n, _ := j[what].(int64); return n }
		c.Limits.JetStreamLimits = jwt.JetStreamLimits{
			MemoryStorage: number("max_memory"), DiskStorage: number("max_file"),
			Streams: number("max_streams"), Consumer: number("max_consumers"),
		}
	}
	for _, e := range listOf(a["exports"]) {
		subject, stream := exported(e)
		one := &jwt.Export{Subject: jwt.Subject(subject), Type: kind(stream), TokenReq: true}
		if e["response_type"] == "stream" {
			one.ResponseType = jwt.ResponseTypeStream
		}
		c.Exports.Add(one)
	}
	for _, i := range listOf(a["imports"]) {
		c.Imports.Add(o.imported(c.Subject, i))
	}
	if m, ok := a["mappings"].(block); ok {
		for from, to := range m {
			c.AddMapping(jwt.Subject(from), jwt.WeightedMapping{Subject: jwt.Subject(to.(string)), Weight: 100})
		}
	}
	return c
}

func kind(stream bool) jwt.ExportType {
	if stream {
		return jwt.Stream
	}
	return jwt.Service
}

// imported is an import of an account, with the token by which the exporting one lets it.
func (o *operated) imported(importer string, i block) *jwt.Import {
	from, stream := i["stream"].(block)
	if !stream {
		from, _ = i["service"].(block)
	}
	subject := from["subject"].(string)
	exporter := o.accounts[from["account"].(string)]
	one := &jwt.Import{Subject: jwt.Subject(subject), Account: o.public(exporter), Type: kind(stream)}
	if to, ok := i["to"].(string); ok {
		n := 0
		for strings.Contains(to, "*") {
			n++
			to = strings.Replace(to, "*", fmt.Sprintf("$%d", n), 1)
		}
		one.LocalSubject = jwt.RenamingSubject(to)
	}
	lets := jwt.NewActivationClaims(importer)
	lets.ImportSubject, lets.ImportType = one.Subject, one.Type
	one.Token = o.encoded(lets, exporter)
	return one
}

// user writes the credentials of a user.
func (o *operated) user(dir string, account nkeys.KeyPair, u block) {
	o.t.Helper()
	name := u["user"].(string)
	k := o.key(nkeys.CreateUser)
	c := jwt.NewUserClaims(o.public(k))
	c.Name = name
	if p, ok := u["permissions"].(block); ok {
		c.Permissions = jwt.Permissions{Pub: permission(p["publish"]), Sub: permission(p["subscribe"])}
		if p["allow_responses"] == true {
			c.Resp = &jwt.ResponsePermission{
				MaxMsgs: server.DEFAULT_ALLOW_RESPONSE_MAX_MSGS,
				Expires: server.DEFAULT_ALLOW_RESPONSE_EXPIRATION,
			}
		}
	}
	seed, err := k.Seed()
	if err != nil {
		o.t.Fatal(err)
	}
	creds, err := jwt.FormatUserConfig(o.encoded(c, account), seed)
	if err != nil {
		o.t.Fatal(err)
	}
	o.users[name] = filepath.Join(dir, name+".creds")
	put(o.t, o.users[name], string(creds))
}

func permission(v any) (p jwt.Permission) {
	if b, ok := v.(block); ok {
		deny := permission(b["deny"])
		p = permission(b["allow"])
		p.Deny = deny.Allow
		return p
	}
	list, _ := v.([]any)
	for _, s := range list {
		p.Allow.Add(s.(string))
	}
	return p
}

// runJWT starts a server that knows accounts.conf as JWTs.
func runJWT(t *testing.T) site {
	t.Helper()
	dir := t.TempDir()
	certtest.Files(t, dir)
	o := &operated{t: t, accounts: map[string]nkeys.KeyPair{}, users: map[string]string{}}
	o.operator = o.key(nkeys.CreateOperator)
	file, resolver := accountsFile(t), &server.MemAccResolver{}
	for name := range file {
		o.accounts[name] = o.key(nkeys.CreateAccount)
	}
	for name, v := range file {
		c := o.account(name, v.(block))
		if err := resolver.Store(c.Subject, o.encoded(c, o.operator)); err != nil {
			t.Fatal(err)
		}
		for _, u := range listOf(v.(block)["users"]) {
			o.user(dir, o.accounts[name], u)
		}
	}
	cert, key := filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	config, err := server.GenTLSConfig(&server.TLSConfigOpts{CertFile: cert, KeyFile: key})
	if err != nil {
		t.Fatal(err)
	}
	operator := jwt.NewOperatorClaims(o.public(o.operator))
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, TLSConfig: config, TLS: true,
		JetStream: true, StoreDir: filepath.Join(dir, "store"),
		JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 30,
		TrustedOperators: []*jwt.OperatorClaims{operator}, AccountResolver: resolver,
		SystemAccount: o.public(o.accounts["SYS"]),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not get ready")
	}
	return site{
		addresses: []string{srv.Addr().String()}, ca: filepath.Join(dir, "server.crt"),
		login: func(user string) nats.Option { return nats.UserCredentials(o.users[user]) },
	}
}

// The same layout holds as JWTs of an operator: each user may do what the file says, and nobody
// writes where they may not.
func TestAccountsAsJWTs(t *testing.T) {
	s := runJWT(t)
	s.setUp(t, 1)
	s.holdTo(t)
	if testing.Short() {
		t.Skip("the attack is tried without JWTs alone: with them it only takes longer")
	}
	s.fill(t)
	s.nobodyWrites(t, bodies[:2])
}
