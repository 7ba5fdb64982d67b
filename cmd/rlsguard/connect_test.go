package main

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/consumers/certtest"
)

// Every way to say who one is, on a server that takes no other.
func TestConnect(t *testing.T) {
	dir := t.TempDir()
	certtest.Files(t, dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	secret := func(name string, data []byte) string {
		t.Helper()
		if err := os.WriteFile(path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path(name)
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := user.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	trusted, creds := jwtServer(t)
	encrypted := func(verify bool) *server.Options {
		config, err := server.GenTLSConfig(
			&server.TLSConfigOpts{
				CertFile: path("server.crt"),
				KeyFile:  path("server.key"),
				CaFile:   path("server.crt"),
				Verify:   verify,
			},
		)
		if err != nil {
			t.Fatal(err)
		}
		config.MinVersion = tls.VersionTLS12
		return &server.Options{TLSConfig: config, TLS: true, TLSVerify: verify}
	}
	for name, c := range map[string]struct {
		server *server.Options
		flags  connect.Flags
	}{
		"nkey": {&server.Options{Nkeys: []*server.NkeyUser{{Nkey: public}}},
			connect.Flags{ServerFlags: connect.ServerFlags{NKey: secret("seed", seed)}}},
		"credentials": {trusted, connect.Flags{ServerFlags: connect.ServerFlags{Creds: secret("creds", creds)}}},
		"authority": {encrypted(false),
			connect.Flags{ServerFlags: connect.ServerFlags{CA: path("server.crt")}}},
		"client certificate": {encrypted(true), connect.Flags{ServerFlags: connect.ServerFlags{CA: path("server.crt")},
			TLSCert: path("server.crt"), TLSKey: path("server.key")}},
	} {
		t.Run(name, func(t *testing.T) {
			c.server.Host, c.server.Port, c.server.NoSigs, c.server.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
			s, err := server.NewServer(c.server)
			if err != nil {
				t.Fatal(err)
			}
			s.Start()
			defer s.WaitForShutdown()
			defer s.Shutdown()
			if !s.ReadyForConnections(time.Minute) {
				t.Fatal("the server does not get ready")
			}
			address := "nats://" + s.Addr().String()
			if nc, err := (connect.Flags{Nats: address}).Connect("test"); err == nil {
				nc.Close()
				t.Error("let in without")
			}
			c.flags.Nats = address
			nc, err := c.flags.Connect("test")
			if err != nil {
				t.Fatal(err)
			}
			nc.Close()
		})
	}
}

// jwtServer is a server that trusts an operator, and the credentials of a user whom that one's
// account signed.
func jwtServer(t *testing.T) (*server.Options, []byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	operator, err := nkeys.CreateOperator()
	must(err)
	account, err := nkeys.CreateAccount()
	must(err)
	user, err := nkeys.CreateUser()
	must(err)
	operatorKey, err := operator.PublicKey()
	must(err)
	accountKey, err := account.PublicKey()
	must(err)
	userKey, err := user.PublicKey()
	must(err)
	accountToken, err := jwt.NewAccountClaims(accountKey).Encode(operator)
	must(err)
	userToken, err := jwt.NewUserClaims(userKey).Encode(account)
	must(err)
	seed, err := user.Seed()
	must(err)
	creds, err := jwt.FormatUserConfig(userToken, seed)
	must(err)
	resolver := &server.MemAccResolver{}
	must(resolver.Store(accountKey, accountToken))
	return &server.Options{TrustedKeys: []string{operatorKey}, AccountResolver: resolver}, creds
}

func TestEncrypted(t *testing.T) {
	for urls, fine := range map[string]bool{
		"nats://127.0.0.1:4222": true, "nats://localhost": true, "[::1]:4222": true, "127.0.0.1": true,
		"tls://nats.example.org": true, "wss://nats.example.org": true,
		"tls://a.example.org,tls://b.example.org": true, "nats://u:p@127.0.0.1:4222": true,
		"nats://nats.example.org": false, "nats.example.org:4222": false, "ws://nats.example.org": false,
		"tls://a.example.org,nats://b.example.org": false, "192.0.2.1": false,
		"nats://127.0.0.1@nats.example.org": false, "nats://localhost.example.org": false, "nats://0.0.0.0:4222": false,
		"nats://%zz": false,
	} {
		if err := connect.Encrypted(urls); (err == nil) != fine {
			t.Errorf("%s: %v", urls, err)
		}
	}
}
