package consumers

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

func TestQuietChecksAreTold(t *testing.T) {
	off := false
	for name, c := range map[string]struct {
		change  func(*checks.Settings)
		log     string
		metrics []string
	}{
		"none": {func(*checks.Settings) {}, "",
			[]string{`rlsguard_quiet_checks{reason="rule-not-approved"} 0`,
				`rlsguard_quiet_checks{reason="check-switched-off"} 0`}},
		"one is off": {func(s *checks.Settings) {
			s.Checks = map[string]checks.CheckSetting{"rls-snri": {Enabled: &off}}
		},
			`"quiet":1,`, []string{`rlsguard_quiet_checks{reason="check-switched-off"} 1`}},
		"none is approved": {func(s *checks.Settings) { s.RequireApproved = true },
			`"rule-not-approved":`, []string{`rlsguard_quiet_checks{reason="check-switched-off"} 0`}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &logged{}
			cfg := configOf(t)
			cfg.Log = zerolog.New(log)
			set := *cfg.Engine.Settings
			c.change(&set)
			cfg.Engine = &fold.Engine{Settings: &set, Key: cfg.Engine.Key}
			cfg.tellQuiet()
			cfg.tellQuiet() // a second Serve
			if c.log == "" && log.String() != "" || !strings.Contains(log.String(), c.log) {
				t.Errorf("logged: %s", log)
			}
			w := httptest.NewRecorder()
			cfg.Health.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
			for _, want := range c.metrics {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("no %s in the metrics", want)
				}
			}
		})
	}
}
