package consumers

import (
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
)

// failed tells of an error that made a session start over.
func (c *Config) failed(err error) {
	c.Health.startOver(reasonOf(err))
	if wrong := unfit(""); errors.As(err, &wrong) {
		c.Health.trouble(changedStream, string(wrong))
	}
}

// reasonOf names an error that made a session start over, from a closed list.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, errReplaced):
		return streamReplaced
	case errors.Is(err, errState):
		return stateDamaged
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return streamMissing
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return noJetStream
	default:
		return startingOver
	}
}

// tellQuiet says which checks are quiet, in the log and the metrics: nobody should take their silence for safety.
func (c *Config) tellQuiet() {
	n := c.Health.quiet(c.Engine.Settings)
	if off, unapproved := n[checks.SilentOff], n[checks.SilentNotApproved]; off+unapproved > 0 {
		c.Log.Warn().Int("quiet", off+unapproved).Int("checks", len(checks.Catalogue())).Int(string(checks.SilentOff), off).
			Int(string(checks.SilentNotApproved), unapproved).Msg("checks are quiet by the settings: they open no flag")
	}
}
