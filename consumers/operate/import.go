package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Errors of an import, which then has changed nothing.
var (
	ErrNotEmpty = errors.New("this server already holds rlsguard data: import needs an empty one")
	ErrServing  = errors.New("rlsguard serve is running on this server: stop it before the import")
)

// importBytes bounds what goes in one batch.
const importBytes = 4 << 20

// CheckExport reads an export to its end, and tells what is in it. Its errors are ErrExport,
// ErrNewerFormat, ErrOtherKey, and those of r.
func CheckExport(key []byte, r io.Reader) (Ported, error) {
	return readExport(
		key,
		r,
		func(*exportHeader) error { return nil },
		func(string, nats.Header, []byte) error { return nil },
	)
}

func readExport(
	key []byte,
	r io.Reader,
	begin func(*exportHeader) error,
	do func(subject string, h nats.Header, data []byte) error,
) (Ported, error) {
	var done Ported
	in, err := newExportReader(r)
	if err != nil {
		return done, err
	}
	if own := layout.Fingerprint(key); in.header.Key != own {
		return done, fmt.Errorf(
			"%w (fingerprint %s, given %s): flag ids and tokens would not match",
			layout.ErrOtherKey,
			in.header.Key,
			own,
		)
	}
	if err := begin(&in.header); err != nil {
		return done, err
	}
	for {
		subject, headers, data, err := in.next()
		if err == io.EOF {
			return done, nil
		}
		if err == nil {
			err = importable(subject, data)
		}
		if err != nil {
			return done, err
		}
		done.count(subject, data)
		if err := do(subject, headers, data); err != nil {
			return done, err
		}
	}
}

// importable tells why a record must not be stored.
func importable(subject string, data []byte) error {
	kind := subject[:strings.LastIndexByte(subject, '.')+1]
	switch {
	case kind == layout.SubjectPatient, kind == layout.SubjectMedication, kind == layout.SubjectGone:
		if _, err := layout.ParseToken(subject[len(kind):]); err != nil {
			return fmt.Errorf("%w: %w", ErrExport, err)
		}
		if len(data) == 0 { // erased while it was exported
			return nil
		}
		if _, err := codec.Decode(data); err != nil {
			return fmt.Errorf("%w: %w", ErrExport, err)
		}
		return nil
	case strings.HasPrefix(subject, layout.SubjectCommitFlags), strings.HasPrefix(subject, layout.SubjectAudit):
		return nil
	}
	return fmt.Errorf("%w: it has a record under %q", ErrExport, subject)
}

// Import stores an export that CheckExport found whole. It wants a server without states, and one
// that nobody serves on; what an import that did not end has left is removed. Its errors are
// ErrNotEmpty, ErrServing, those of CheckExport and of the server. progress, which may be nil, is
// told how many records were stored.
func (o *Operator) Import(
	ctx context.Context,
	key []byte,
	r io.Reader,
	replicas int,
	progress func(n int64),
) (Ported, error) {
	if err := jet.MakeStreams(ctx, o.js, replicas); err != nil {
		return Ported{}, err
	}
	if err := jet.MakeFeedback(ctx, o.js, replicas, layout.DefaultAudit); err != nil {
		return Ported{}, err
	}
	seq, err := o.vacant(ctx, key)
	if err != nil {
		return Ported{}, err
	}
	signer := layout.NewSigner(key)
	imported := layout.SiteRecord{Rearm: true, Format: layout.StateFormat, Signed: 1}
	begin := func(h *exportHeader) (err error) {
		imported.Key, imported.Ruleset, imported.AsOf = h.Key, h.Ruleset, h.AsOf
		begun := imported
		begun.Importing = true // nobody serves half of it
		seq, err = o.beginImport(ctx, signer, begun, seq)
		return err
	}
	batch := importBatch{o: o, signer: signer, subjects: map[string]struct{}{}, states: map[string]stored{},
		progress: progress}
	if batch.audited, err = o.audited(ctx); err != nil {
		return Ported{}, err
	}
	done, err := readExport(
		key,
		r,
		begin,
		func(subject string, h nats.Header, data []byte) error { return batch.add(ctx, subject, h, data) },
	)
	if err == nil {
		err = batch.flush(ctx)
	}
	if err == nil {
		err = jet.WaitCopied(ctx, o.js)
	}
	if err == nil {
		err = o.endImport(ctx, signer, imported, seq, batch.sum)
	}
	return done, err
}

// beginImport notes an import, over the record of the site with a sequence. Tallies of what was here
// before say nothing about what is imported.
func (o *Operator) beginImport(
	ctx context.Context,
	signer *layout.Signer,
	record layout.SiteRecord,
	seq uint64,
) (uint64, error) {
	m, _, err := siteMessage(signer, record, seq)
	if err != nil {
		return 0, err
	}
	first, err := o.Store.Write(ctx, []*nats.Msg{m})
	if err != nil {
		return 0, err
	}
	found, err := o.Store.Last(ctx, []string{layout.SubjectTally + ">"})
	if err != nil || found[0].Sequence == 0 {
		return first, err
	}
	stream, err := o.js.Stream(ctx, layout.StreamRLS)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(layout.SubjectTally+">"))
	}
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	return first, nil
}

// endImport stores the record of the site, with the tally of all that was imported.
func (o *Operator) endImport(
	ctx context.Context,
	signer *layout.Signer,
	record layout.SiteRecord,
	seq uint64,
	states layout.Sum,
) error {
	m, sum, err := siteMessage(signer, record, seq)
	if err != nil {
		return err
	}
	slot, t, err := commit.FreeSlot(ctx, o.Store, signer)
	if err != nil {
		return err
	}
	t.N++
	t.By, t.States, t.Site, t.Unsigned = nuid.Next(), states, sum, record.Signed
	tally := t.Message(slot)
	signer.Sign(tally, t.Seq)
	_, err = o.Store.Write(ctx, []*nats.Msg{tally, m})
	return err
}

// siteMessage is the record of the site as it is stored over the one with a sequence.
func siteMessage(signer *layout.Signer, record layout.SiteRecord, seq uint64) (*nats.Msg, layout.Sum, error) {
	data, err := record.Encode()
	if err != nil {
		return nil, layout.Sum{}, err
	}
	m := &nats.Msg{Subject: layout.SubjectSite, Data: data,
		Header: nats.Header{layout.HeaderExpect: {strconv.FormatUint(seq, 10)}}}
	return m, signer.Sign(m, seq), nil
}

// importBatch gathers records until they are worth a commit.
type importBatch struct {
	o        *Operator
	msgs     []*nats.Msg
	signer   *layout.Signer
	subjects map[string]struct{}
	states   map[string]stored // that were imported, by subject
	sum      layout.Sum        // of states
	size     int
	progress func(n int64)
	audited  map[uint64]struct{} // sums of what RLS_AUDIT holds already
}

// audited are the sums of what is kept for audit. RLS_AUDIT outlives the states: those of an export
// that are put in their place bring the same transitions again.
func (o *Operator) audited(ctx context.Context) (map[uint64]struct{}, error) {
	held := map[uint64]struct{}{}
	err := audit.Each(ctx, o.js, audit.Reading{HeadersOnly: true}, func(e audit.Entry) error {
		// what is imported has no sequence and no signature yet
		e.Committed, e.Header = 0, maps.Clone(e.Header)
		e.Header.Del(layout.HeaderSignature)
		held[e.Sum()] = struct{}{}
		return nil
	})
	return held, err
}

func (b *importBatch) add(ctx context.Context, subject string, h nats.Header, data []byte) error {
	if strings.HasPrefix(subject, layout.SubjectAudit) {
		e := audit.Entry{Subject: subject, Header: h, Data: data}
		if _, ok := b.audited[e.Sum()]; ok {
			if b.progress != nil {
				b.progress(1)
			}
			return nil
		}
	}
	_, again := b.subjects[subject]
	if again || len(b.msgs) == jet.MaxBatch/2 || b.size+len(data) > importBytes {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	m := &nats.Msg{Subject: subject, Header: h, Data: data}
	if len(data) == 0 && strings.HasPrefix(subject, layout.SubjectState) { // erased while it was exported
		m = layout.ErasureMessage(subject, 0, nil)
		m.Header.Del(layout.HeaderExpect)
	}
	b.msgs, b.size = append(b.msgs, m), b.size+len(data)
	b.subjects[subject] = struct{}{}
	return nil
}

// stored is a state that was imported. One that was written while it was exported comes twice.
type stored struct {
	seq uint64
	sum layout.Sum
}

// sign signs what is to be stored, states as those that replace what came before.
func (b *importBatch) sign() []layout.Sum {
	sums := make([]layout.Sum, len(b.msgs))
	for i, m := range b.msgs {
		sums[i] = b.signer.Sign(m, b.states[m.Subject].seq)
		if m.Header.Get(layout.HeaderTTL) != "" { // the marker of an erasure
			sums[i] = layout.Sum{}
		}
	}
	return sums
}

// note takes in what was stored from a sequence on.
func (b *importBatch) note(first uint64, sums []layout.Sum) {
	for i, m := range b.msgs {
		if strings.HasPrefix(m.Subject, layout.SubjectState) {
			b.sum = b.sum.Plus(sums[i]).Minus(b.states[m.Subject].sum)
			b.states[m.Subject] = stored{first + uint64(i), sums[i]}
		}
	}
}

// importTries is how often a batch is sent again whose outcome is not known: written twice it is
// the same.
const importTries = 5

func (b *importBatch) flush(ctx context.Context) error {
	if len(b.msgs) == 0 {
		return nil
	}
	wait, sums := jet.NewBackoff(), b.sign()
	for try := 1; ; try++ {
		first, err := b.o.Store.Write(ctx, b.msgs)
		if err == nil {
			b.note(first, sums)
			break
		}
		if !errors.Is(err, jet.ErrUnknown) || try == importTries || ctx.Err() != nil {
			return fmt.Errorf("storing what is imported: %w", err)
		}
		wait.Sleep(ctx)
	}
	if b.progress != nil {
		b.progress(int64(len(b.msgs)))
	}
	b.msgs, b.size = nil, 0
	clear(b.subjects)
	return nil
}

// vacant refuses a server that holds states or is served on; it returns the sequence of the site's
// record, 0 when there is none.
func (o *Operator) vacant(ctx context.Context, key []byte) (uint64, error) {
	for stream, durable := range map[string]string{layout.StreamFHIR: layout.Durable,
		layout.StreamRLS: layout.DurableDue} {
		cons, err := o.js.Consumer(ctx, stream, durable)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("consumer %s: %w", durable, err)
		}
		if cons.CachedInfo().NumWaiting > 0 {
			return 0, ErrServing
		}
	}
	seal, err := commit.ReadSeal(ctx, o.Store, layout.NewSigner(key))
	if err != nil {
		return 0, err
	}
	have, err := seal.Record(key)
	if err != nil && !errors.Is(err, layout.ErrImporting) {
		return 0, err
	}
	if have != nil && have.Importing && have.Key == layout.Fingerprint(key) {
		return 0, o.sweep(ctx)
	}
	if have != nil {
		if err := have.Fits(key); err != nil {
			return 0, err
		}
	}
	for _, kind := range []string{layout.SubjectPatient, layout.SubjectMedication, layout.SubjectGone,
		layout.SubjectCommitFlags, layout.SubjectAudit} {
		found, err := o.Store.Last(ctx, []string{kind + ">"})
		if err != nil {
			return 0, err
		}
		if found[0].Sequence > 0 {
			return 0, ErrNotEmpty
		}
	}
	if have == nil {
		return 0, nil
	}
	return have.Seq, nil
}

// sweep removes what an import that did not end has left.
func (o *Operator) sweep(ctx context.Context) error {
	for _, name := range []string{layout.StreamRLS, layout.StreamFlags} {
		s, err := o.js.Stream(ctx, name)
		if err == nil {
			err = s.Purge(ctx)
		}
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return nil
}
