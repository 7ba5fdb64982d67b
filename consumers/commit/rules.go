package commit

import (
	"context"
	"time"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// wantedSite is the record of the site as this process leaves it.
func (c *Committer) wantedSite() layout.SiteRecord {
	w := layout.SiteRecord{
		Format:     layout.StateFormat,
		Key:        layout.Fingerprint(c.engine.Key),
		Ruleset:    c.engine.Ruleset,
		Rebuilding: c.rebuilding,
		Signed:     max(c.copy.unsigned, 1),
	}
	if !c.frozen.IsZero() {
		w.AsOf = c.frozen.UTC().Format(time.RFC3339Nano)
	}
	return w
}

// ApplyRules brings the states to this process's rules, once. have is the record of the site, nil
// for a new one; rebuilding is how far the inbound stream reached when lost states began to be
// rebuilt from it, 0 if none are.
func (c *Committer) ApplyRules(ctx context.Context, have *layout.SiteRecord, rebuilding uint64) error {
	c.rebuilding = rebuilding
	defer func() { c.ruled = true }()
	want := c.wantedSite()
	settled := have != nil && have.Done && have.Ruleset == want.Ruleset && have.AsOf == want.AsOf
	if settled && have.Rebuilding == want.Rebuilding {
		return nil
	}
	var seq uint64
	if have != nil {
		seq = have.Seq
	}
	if have != nil && !settled {
		w := want
		w.Rearm = have.Rearm
		why := "rules, settings or as-of time changed: evaluating every patient again"
		if have.Rearm {
			why = "states were imported: evaluating every patient again and setting timers"
		}
		c.log.Info().Str("ruleset", want.Ruleset).Str("before", have.Ruleset).Msg(why)
		var err error
		if seq, err = c.store.writeSite(ctx, w, seq); err != nil {
			return err
		}
		if err := c.reevaluateAll(ctx, have.AsOf == want.AsOf && !have.Rearm); err != nil {
			return err
		}
	}
	want.Done = true
	_, err := c.store.writeSite(ctx, want, seq)
	return err
}

// reevaluateAll re-evaluates every patient. At an unchanged as-of time, those already decided under
// these rules are done, so that a restart continues where the last one ended.
func (c *Committer) reevaluateAll(ctx context.Context, skipDone bool) error {
	var tokens []layout.Token
	for slot := range c.copy.slots() {
		st, err := c.copy.patient(slot)
		if err != nil {
			return err
		}
		if st == nil || skipDone && st.Ruleset == c.engine.Ruleset {
			continue
		}
		tokens = append(tokens, c.copy.tokens.Of(st.Patient))
		if len(tokens) == chunk {
			if err := c.reevaluate(ctx, tokens); err != nil {
				return err
			}
			tokens = tokens[:0]
		}
	}
	return c.reevaluate(ctx, tokens)
}
