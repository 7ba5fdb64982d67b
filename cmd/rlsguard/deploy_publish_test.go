package main

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// TestDeployedPublishWait: whoever publishes is told what was rejected, with file and line.
func TestDeployedPublishWait(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	for user, want := range map[string]struct {
		code int
		says string
	}{
		"producer": {terminal.ExitRejected, "-:2: rejected, not-fhir\n"},
		"operator": {terminal.ExitRejected, "-:2: rejected, not-fhir\n"},
		"admin":    {terminal.ExitRejected, "-:2: rejected, not-fhir\n"},
	} {
		var stdout, stderr bytes.Buffer
		p := &terminal.Program{
			Stdin:  strings.NewReader("{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Nonsense\"}\n"),
			Stdout: bufio.NewWriter(&stdout),
			Stderr: &stderr,
			Now:    time.Now,
		}
		code := execute(
			p,
			[]string{
				"publish",
				"--wait",
				"--nats",
				s.url(user),
				"--ca",
				s.ca,
				"--inbox-prefix",
				"_INBOX_" + user,
				"--js-domain",
				"RLSGUARD",
				"-",
			},
		)
		if code != want.code || !strings.Contains(stderr.String(), want.says) {
			t.Errorf("%s ends with %d and %s", user, code, stderr.String())
		}
	}
}
