package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// The rights of the user admin are enough to erase a patient on the server of accounts.conf, with
// what producers sent.
func TestDeployedErase(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	key := filepath.Join(t.TempDir(), "site.key")
	if err := os.WriteFile(key, []byte(connect.PublicTestKey), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, says := range [][]string{
		{"Erased Patient/anna: ", "Messages erased: 1 in FHIR.", "The NATS server keeps older versions"},
		{"Nothing is stored about Patient/anna."},
	} {
		code, out, errs := s.as(t, "admin", "erase", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_admin",
			"--key-file", key, "--yes", "--inputs", "Patient/anna")
		if code != terminal.ExitDone || strings.Contains(errs, "iolation") {
			t.Errorf("%d\n%s\n%s", code, out, errs)
		}
		for _, text := range says {
			if !strings.Contains(out, text) {
				t.Errorf("it does not say %q:\n%s", text, out)
			}
		}
	}
}
