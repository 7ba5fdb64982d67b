package consumers

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/certtest"
	"github.com/rlsguard/rlsguard/consumers/embedded"
)

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	return certtest.New(t)
}

func TestEmbeddedWithTLSAndUsers(t *testing.T) {
	cert, pool := certificate(t)
	e, err := embedded.Start(
		t.Context(),
		embedded.Options{
			Dir:    t.TempDir(),
			Listen: "127.0.0.1:0",
			TLS:    &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
			Users:  []embedded.User{{Name: "clinic", Password: "secret of the test", Role: "dashboard"}},
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Stop()
	if !strings.HasPrefix(e.URL(), "tls://rlsguard-") {
		t.Error("the URL does not ask for TLS and a user")
	}
	inside, err := e.Connect()
	if err != nil {
		t.Fatalf("from within the process: %v", err)
	}
	inside.Close()
	if nc, err := nats.Connect(e.URL()); err == nil {
		nc.Close()
		t.Error("connected without knowing the certificate")
	}
	nc, err := nats.Connect(e.URL(), nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}
