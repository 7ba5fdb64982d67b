package main

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
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
		"producer": {exitRejected, "-:2: rejected, not-fhir\n"},
		"operator": {exitRejected, "-:2: rejected, not-fhir\n"},
		"admin":    {exitRejected, "-:2: rejected, not-fhir\n"},
	} {
		var stdout, stderr bytes.Buffer
		p := &program{stdin: strings.NewReader("{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Nonsense\"}\n"), stdout: bufio.NewWriter(&stdout), stderr: &stderr, now: time.Now}
		code := p.run([]string{"publish", "--wait", "--nats", s.url(user), "--ca", s.ca, "--inbox-prefix", "_INBOX_" + user, "--js-domain", "RLSGUARD", "-"})
		if code != want.code || !strings.Contains(stderr.String(), want.says) {
			t.Errorf("%s ends with %d and %s", user, code, stderr.String())
		}
	}
}
