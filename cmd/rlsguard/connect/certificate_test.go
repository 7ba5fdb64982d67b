package connect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// A renewed certificate is used without a restart, and one that cannot be read does not close the
// door.
func TestCertificateReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	certificateFiles := func(at time.Time) {
		certificate(t, dir)
		for _, path := range []string{cert, key} {
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	began := time.Now()
	certificateFiles(began)
	c, err := NewCertificate(cert, key, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.Get(nil)
	if again, err2 := c.Get(nil); err != nil || err2 != nil || again != first {
		t.Fatalf("the same files give another certificate: %v, %v", err, err2)
	}
	certificateFiles(began.Add(time.Minute))
	second, err := c.Get(nil)
	if err != nil || second == first {
		t.Errorf("the new certificate is not used: %v", err)
	}
	if err := os.WriteFile(cert, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if third, err := c.Get(nil); err != nil || third != second {
		t.Errorf("an unreadable file closes the door: %v", err)
	}
}

// certificate writes a certificate that is its own authority.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"server.crt": {Type: "CERTIFICATE", Bytes: cert},
		"server.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
