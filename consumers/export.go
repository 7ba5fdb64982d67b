package consumers

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/codec"
)

// Ported is how much was exported or imported.
type Ported struct {
	Patients    uint64 // states of patients; one that was written meanwhile counts again
	Transitions uint64 // newest ones, and those kept for audit
	Records     uint64
}

func (p *Ported) count(subject string) {
	p.Records++
	switch {
	case strings.HasPrefix(subject, subjectPatient):
		p.Patients++
	case !strings.HasPrefix(subject, subjectState):
		p.Transitions++
	}
}

// Export writes states, newest transitions and audit to w, as they are at one moment, while instances go on. Neither timers nor the
// inbound stream nor dead letters are in it. Its errors are ErrNoStates, ErrOtherKey, ErrNewerFormat, ErrImporting, those of w and of the
// server. progress, which may be nil, is told how many messages were read, total how many there are.
func (o *Operator) Export(ctx context.Context, key []byte, w io.Writer, total, progress func(n int64)) (Ported, error) {
	site, err := o.site(ctx, key)
	if err != nil {
		return Ported{}, err
	}
	if n, err := o.messagesOf(ctx, StreamRLS); err != nil {
		return Ported{}, err
	} else if total != nil {
		total(int64(n))
	}
	out, err := newExportWriter(w, exportHeader{Format: exportFormat, Version: exportVersion, Created: time.Now().UTC().Format(time.RFC3339),
		States: site.Format, Key: site.Key, Ruleset: site.Ruleset, AsOf: site.AsOf})
	if err != nil {
		return Ported{}, err
	}
	var done Ported
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{subjectState + ">", subjectCommitFlags + ">", subjectAudit + ">"}}
	err = each(ctx, o.js, StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		if progress != nil {
			progress(1)
		}
		if m.Subject() == subjectSite {
			return nil
		}
		if strings.HasPrefix(m.Subject(), subjectState) {
			st, err := codec.Decode(m.Data())
			if err != nil {
				return fmt.Errorf("%w: sequence %d of %s: %w", errState, meta.Sequence.Stream, StreamRLS, err)
			}
			if erased(st) {
				// Nothing of it is kept; but an older state under the subject may stand in the export already.
				return out.record(m.Subject(), nil, nil)
			}
		}
		done.count(m.Subject())
		return out.record(m.Subject(), lasting(m.Headers(), meta.Timestamp), m.Data())
	})
	if err != nil {
		return done, err
	}
	return done, out.close()
}

// formerBy named the process that wrote a state, which no reader needs.
const formerBy = "Rls-By"

// lasting are the headers that a message keeps when it moves, with the time that it has left.
func lasting(h nats.Header, since time.Time) nats.Header {
	kept := nats.Header{}
	for name := range h {
		if name != formerBy && name != headerErased && (strings.HasPrefix(name, "Rls-") || strings.HasPrefix(name, "ce-")) {
			kept.Set(name, h.Get(name))
		}
	}
	if s, err := strconv.ParseInt(h.Get(headerTTL), 10, 64); err == nil {
		kept.Set(headerTTL, ttl(max(time.Duration(s)*time.Second-time.Since(since), time.Second)))
	}
	return kept
}
