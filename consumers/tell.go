package consumers

import (
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// failed tells of an error that made a session start over.
func (c *Config) failed(err error) {
	c.Health.StartOver(reasonOf(err))
	if wrong := jet.Unfit(""); errors.As(err, &wrong) {
		c.Health.Trouble(health.ChangedStream, string(wrong))
	}
}

// reasonOf names an error that made a session start over, from a closed list.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, jet.ErrReplaced):
		return health.StreamReplaced
	case errors.Is(err, layout.ErrState):
		return health.StateDamaged
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return health.StreamMissing
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return health.NoJetStream
	default:
		return health.StartingOver
	}
}

// tellQuiet says which checks are quiet, in the log and the metrics: nobody should take their
// silence for safety.
func (c *Config) tellQuiet() {
	n := c.Health.Quiet(c.Engine.Settings)
	if off, unapproved := n[silence.Off], n[silence.NotApproved]; off+unapproved > 0 {
		c.Log.Warn().Int("quiet", off+unapproved).Int("checks", len(checks.Catalogue())).Int(string(silence.Off), off).
			Int(string(silence.NotApproved), unapproved).Msg("checks are switched off by the settings and open no flag")
	}
	for _, check := range checks.Catalogue() {
		if r := c.Engine.Settings.RuleOf(check); r.Status == checks.RuleVoid {
			c.Log.Warn().Str("check", check.ID).Strs("changed", r.Changed).
				Msg("the approval of a rule is void: the rule has changed since")
		}
	}
}
