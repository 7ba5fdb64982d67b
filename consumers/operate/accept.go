package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// readStates reads all states, and what was recorded of them.
func (o *Operator) readStates(ctx context.Context, key []byte, site *layout.SiteRecord) (*commit.WorkingCopy, error) {
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	c := commit.NewWorkingCopy(key)
	c.Trust(legacy(site), stream.CachedInfo().State.LastSeq, nil)
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectState + ">"}}
	err = jet.Each(ctx, o.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		return c.Take(m.Subject(), jet.Stored{Sequence: meta.Sequence.Stream, Header: m.Headers(), Data: m.Data()})
	})
	if err != nil {
		return nil, err
	}
	err = c.Weigh() // what it finds is asked for below
	record, unread := decided.ReadInputs(ctx, o.js, layout.NewSigner(key), legacy(site))
	if record != nil {
		c.Behind(record.Tallies, record.Anew)
	}
	if errors.Is(err, layout.ErrState) {
		err = nil
	}
	return c, errors.Join(err, unread)
}

// AcceptStates goes on with the states that are there where others were removed or replaced: what is
// foreign is removed, and the tallies begin anew. It tells whether anything was wrong, and how many
// foreign messages were removed. Its errors are those of AcknowledgeLosses.
func (o *Operator) AcceptStates(ctx context.Context, key []byte) (lacked bool, removed int, err error) {
	site, foreign, err := o.siteOr(ctx, key)
	if err != nil {
		return false, 0, err
	}
	c, err := o.readStates(ctx, key, site)
	if err != nil {
		return false, 0, err
	}
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return false, 0, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	for _, subject := range c.ForeignSubjects() {
		if foreign && subject == layout.SubjectSite { // rlsguard serve makes it anew
			continue
		}
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return false, removed, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
		}
		if removed++; strings.HasPrefix(subject, layout.SubjectTally) {
			lacked = true
		}
	}
	over, lacks := c.Correction()
	if !lacks {
		return lacked, removed, nil
	}
	signer := layout.NewSigner(key)
	slot, t, err := commit.FreeSlot(ctx, o.Store, signer)
	if err != nil {
		return false, removed, err
	}
	t.N++
	t.By, t.Unsigned, t.Size, t.Changes = nuid.Next(), site.Signed, 0, nil
	t.States, t.Site, t.Anew = t.States.Minus(over.States), t.Site.Minus(over.Site), over.Anew
	m := t.Message(slot)
	signer.Sign(m, t.Seq)
	_, err = o.Store.Write(ctx, []*nats.Msg{m})
	return true, removed, err
}
