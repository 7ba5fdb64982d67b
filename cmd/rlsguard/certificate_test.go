package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/certtest"
	"github.com/rlsguard/rlsguard/consumers/embedded"
)

// The server inside shows a renewed certificate without being started again, to new connections and
// to those that come back.
func TestServerInsideReloadsItsCertificate(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	certtest.Files(t, dir)
	c := serveCommand{TLSCert: filepath.Join(dir, "server.crt"), TLSKey: filepath.Join(dir, "server.key")}
	config, err := c.tls(zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	e, err := embedded.Start(t.Context(), embedded.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: config, Log: zerolog.Nop(),
		Users: []embedded.User{{Name: "ward", Password: "secret", Role: "dashboard"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Stop()
	connects := func(ca string) error {
		nc, err := nats.Connect("tls://"+e.Addr(), nats.UserInfo("ward", "secret"), nats.RootCAs(ca))
		if err == nil {
			nc.Close()
		}
		return err
	}
	old := filepath.Join(other, "old.crt")
	text, err := os.ReadFile(c.TLSCert)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := connects(old); err != nil {
		t.Fatal(err)
	}
	certtest.Files(t, dir)
	later := time.Now().Add(time.Second) // files written within one tick of the clock
	for _, path := range []string{c.TLSCert, c.TLSKey} {
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	if err := connects(c.TLSCert); err != nil {
		t.Errorf("the new certificate is not shown: %v", err)
	}
	if err := connects(old); err == nil {
		t.Error("the old certificate is shown still")
	}
}
