package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/casetest"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/cases/cds"
	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// TestOwnDoorHoldsTheScenarios: at least nine of ten scenarios can be asked through CDS Hooks, and
// all of these hold. The others say why. It is the same on another day, when the dates move along.
func TestOwnDoorHoldsTheScenarios(t *testing.T) {
	for name, tc := range map[string]struct {
		now  time.Time
		args []string
	}{
		"as of the scenarios": {scenarioNow(), nil},
		"a year later":        {scenarioNow().AddDate(1, 0, 3).Add(time.Hour), []string{"--move-dates"}},
	} {
		t.Run(name, func(t *testing.T) { doorHolds(t, tc.now, tc.args...) })
	}
}

func doorHolds(t *testing.T, now time.Time, args ...string) {
	clock := func() time.Time { return now }
	checker := &ordercheck.Checker{
		Engine: &fold.Engine{Settings: checks.DefaultSettings(), Key: []byte(connect.PublicTestKey)},
		Stored: ordercheck.Files{View: fold.NewMemory()}, Reader: fhir.DefaultOptions(), AsOf: clock,
	}
	door := httptest.NewServer(
		cdshooks.NewHandler(cdshooks.Config{Checker: checker, Log: zerolog.Nop(), Timeout: time.Minute}),
	)
	defer door.Close()
	var stdout, stderr bytes.Buffer
	p := &terminal.Program{Stdin: strings.NewReader(""), Stdout: bufio.NewWriter(&stdout), Stderr: &stderr, Now: clock}
	code := execute(p, append([]string{"test", "--via-cds", door.URL, "--format", "json", scenarios}, args...))
	var hold, all int
	for line := range strings.Lines(stdout.String()) {
		var c casetest.CaseLine
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Case == "" {
			continue
		}
		all++
		switch {
		case c.Result == "holds":
			hold++
		case c.Result != "skipped" || c.Reason == "":
			t.Errorf("%s", line)
		}
	}
	if code != terminal.ExitDone || hold*10 < all*9 {
		t.Errorf("exit %d, %d of %d hold: %s", code, hold, all, &stderr)
	}
}

// TestPageMapping: the mapping that cmd/rlsguard/test.md shows is one.
func TestPageMapping(t *testing.T) {
	_, text, ok := strings.Cut(readPage(t, "cmd/rlsguard/test.md"), "# cards.yaml, for --cds-mapping\n")
	text, _, ended := strings.Cut(text, "```")
	if !ok || !ended {
		t.Fatal("no mapping on the page")
	}
	m, err := cds.ReadMapping([]byte(text))
	if err != nil || len(m.Cards) < 2 || m.Services["patient-view"] == "" {
		t.Errorf("%+v: %v", m, err)
	}
}
