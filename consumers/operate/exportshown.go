package operate

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// exportingShown exports the newest transitions that have left RLS, as they were committed.
type exportingShown struct {
	o    *Operator
	out  *exportWriter
	by   signing
	done *Ported
	// inRLS are the subjects of those that RLS had, and that were not read there yet.
	inRLS map[string]struct{}
}

// left exports those that RLS does not have. It comes before RLS is read: what takes their place
// meanwhile is read there, and an import goes by the last of them.
func (e *exportingShown) left(ctx context.Context, progress func(n int64)) error {
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectCommitFlags + ">"}, HeadersOnly: true}
	err := jet.Each(ctx, e.o.js, layout.StreamRLS, cfg, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		e.inRLS[m.Subject()] = struct{}{}
		return nil
	})
	if err != nil {
		return err
	}
	return e.o.eachShown(ctx, func(m *jetstream.RawStreamMsg) error {
		if progress != nil {
			progress(1)
		}
		if _, there := e.inRLS[committedAs(m)]; there {
			return nil
		}
		return e.write(m)
	})
}

// leftSince exports those that left RLS before they were read there.
func (e *exportingShown) leftSince(ctx context.Context) error {
	for subject := range e.inRLS {
		shown := layout.SubjectFlags + subject[len(layout.SubjectCommitFlags):]
		if m := jet.LastOf(ctx, e.o.js, layout.StreamFlags, shown); m != nil {
			if err := e.write(m); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// committedAs is the subject of RLS that a message of RLS_FLAGS was copied from.
func committedAs(m *jetstream.RawStreamMsg) string {
	return layout.SubjectCommitFlags + m.Subject[len(layout.SubjectFlags):]
}

func (e *exportingShown) write(m *jetstream.RawStreamMsg) error {
	_, err := authentic(e.by.signer, e.by.site, m.Subject, m.Header, m.Data, jet.SourceSequence(m.Header))
	if err != nil {
		e.done.Foreign++
		return nil
	}
	subject := committedAs(m)
	e.done.count(subject, m.Data)
	return e.out.Record(subject, layout.Lasting(m.Header, m.Time), m.Data)
}
