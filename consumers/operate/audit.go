package operate

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Audit calls do with the transitions that are kept for audit, oldest first: of the flag with an
// id, or of all when it is "". unread gets each that cannot be read, or that rlsguard did not write,
// which is checked with the site key and not at all where that is nil; the rest is handed on all the
// same.
func (o *Operator) Audit(
	ctx context.Context,
	key []byte,
	flag string,
	do func(checks.Flag) error,
	unread func(subject string, err error),
) error {
	check := func(jetstream.Msg, *jetstream.MsgMetadata) error { return nil }
	if key != nil {
		site, err := o.site(ctx, key)
		if err != nil {
			return err
		}
		signer := layout.NewSigner(key)
		check = func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			_, err := authentic(signer, site, m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream)
			return err
		}
	}
	filter := layout.SubjectAudit + ">"
	if flag != "" {
		if !layout.FlagID.MatchString(flag) {
			return fmt.Errorf("%q is not the id of a flag", flag)
		}
		filter = layout.SubjectAudit + flag + ".*"
	}
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}}
	return jet.Each(ctx, o.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if err := check(m, meta); err != nil {
			unread(m.Subject(), err)
			return nil
		}
		f, err := issue.Unmarshal(m.Data())
		id, _, _ := strings.Cut(strings.TrimPrefix(m.Subject(), layout.SubjectAudit), ".")
		if err == nil && f.ID != id {
			err = fmt.Errorf("it is about flag %s", f.ID)
		}
		if err != nil {
			unread(m.Subject(), err)
			return nil
		}
		return do(f)
	})
}
