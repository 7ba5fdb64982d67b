package operate

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Ported is how much was exported or imported.
type Ported struct {
	Patients    uint64 // states of patients; one that was written meanwhile counts again
	Transitions uint64 // newest ones, and those kept for audit
	Records     uint64
	Foreign     uint64 // transitions that rlsguard did not write: they are left out
}

// count counts a record. One without data is of somebody who was erased, and counts for nobody.
func (p *Ported) count(subject string, data []byte) {
	p.Records++
	switch {
	case len(data) == 0:
	case strings.HasPrefix(subject, layout.SubjectPatient):
		p.Patients++
	case !strings.HasPrefix(subject, layout.SubjectState):
		p.Transitions++
	}
}

// Export writes states, newest transitions and audit to w, as they are at one moment, while
// instances go on. Neither timers nor the inbound stream nor dead letters are in it. Its errors are
// ErrNoStates, ErrOtherKey, ErrNewerFormat, ErrImporting, those of w and of the server. progress,
// which may be nil, is told how many messages were read, total how many there are.
func (o *Operator) Export(ctx context.Context, key []byte, w io.Writer, total, progress func(n int64)) (Ported, error) {
	site, err := o.site(ctx, key)
	if err != nil {
		return Ported{}, err
	}
	var messages int64
	for _, name := range []string{layout.StreamRLS, layout.StreamAudit, layout.StreamFlags} {
		n, err := o.messagesOf(ctx, name)
		if err != nil {
			return Ported{}, err
		}
		messages += int64(n)
	}
	if total != nil {
		total(messages)
	}
	out, err := newExportWriter(
		w,
		exportHeader{Format: exportFormat, Version: exportVersion, Created: time.Now().UTC().Format(time.RFC3339),
			States: layout.StateFormat, Key: site.Key, Ruleset: site.Ruleset, AsOf: site.AsOf},
	)
	if err != nil {
		return Ported{}, err
	}
	var done Ported
	var upTo uint64 // the last sequence of RLS that was read
	signer := layout.NewSigner(key)
	shown := exportingShown{o, out, signing{signer, site}, &done, map[string]struct{}{}}
	if err := shown.left(ctx, progress); err != nil {
		return done, err
	}
	cfg := jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{layout.SubjectState + ">", layout.SubjectCommitFlags + ">"},
	}
	err = jet.Each(ctx, o.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if progress != nil {
			progress(1)
		}
		upTo = meta.Sequence.Stream
		delete(shown.inRLS, m.Subject())
		if m.Subject() == layout.SubjectSite || strings.HasPrefix(m.Subject(), layout.SubjectTally) {
			return nil
		}
		_, foreign := authentic(signer, site, m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream)
		if strings.HasPrefix(m.Subject(), layout.SubjectState) {
			if foreign != nil {
				return fmt.Errorf("%w: %w", layout.ErrState, foreign)
			}
			st, err := codec.Decode(m.Data())
			if err != nil {
				return fmt.Errorf(
					"%w: sequence %d of %s: %w",
					layout.ErrState,
					meta.Sequence.Stream,
					layout.StreamRLS,
					err,
				)
			}
			if layout.Erased(st) {
				// Nothing of it is kept; but an older state under the subject may stand in the
				// export already.
				return out.Record(m.Subject(), nil, nil)
			}
		}
		if foreign != nil {
			done.Foreign++
			return nil
		}
		done.count(m.Subject(), m.Data())
		return out.Record(m.Subject(), layout.Lasting(m.Headers(), meta.Timestamp), m.Data())
	})
	if err == nil {
		err = shown.leftSince(ctx)
	}
	if err == nil {
		err = o.exportAudit(ctx, out, signing{signer, site}, &done, upTo, progress)
	}
	if err != nil {
		return done, err
	}
	return done, out.Close()
}

// signing is what messages are checked with.
type signing struct {
	signer *layout.Signer
	site   *layout.SiteRecord
}

// exportAudit writes the transitions kept for audit, but for those that were committed after the
// states were read.
func (o *Operator) exportAudit(
	ctx context.Context,
	out *exportWriter,
	by signing,
	done *Ported,
	upTo uint64,
	progress func(n int64),
) error {
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	made := stream.CachedInfo().Created
	return audit.Each(ctx, o.js, audit.Reading{}, func(e audit.Entry) error {
		if progress != nil {
			progress(1)
		}
		if e.Committed > upTo && !e.Stored.Before(made) {
			return nil
		}
		if _, err := authentic(by.signer, by.site, e.Subject, e.Header, e.Data, e.Committed); err != nil {
			done.Foreign++
			return nil
		}
		done.count(e.Subject, e.Data)
		return out.Record(e.Subject, layout.Lasting(e.Header, e.Stored), e.Data)
	})
}
