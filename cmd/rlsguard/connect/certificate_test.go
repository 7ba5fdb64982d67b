package connect

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/certtest"
)

// A renewed certificate is used without a restart, and one that cannot be read does not close the
// door.
func TestCertificateReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
	certificateFiles := func(at time.Time) {
		certtest.Files(t, dir)
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
