package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Errors of an import, which then has changed nothing.
var (
	ErrNotEmpty = errors.New("there are states on this server already: an import wants a server without any")
	ErrServing  = errors.New("rlsguard serve is running on this server: stop it for the import")
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
		done.count(subject)
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
	seq, err := o.vacant(ctx, key)
	if err != nil {
		return Ported{}, err
	}
	imported := layout.SiteRecord{Rearm: true}
	begin := func(h *exportHeader) (err error) {
		imported.Format, imported.Key, imported.Ruleset, imported.AsOf = h.States, h.Key, h.Ruleset, h.AsOf
		begun := imported
		begun.Importing = true // nobody serves half of it
		seq, err = jet.WriteSite(ctx, o.Store, begun, seq)
		return err
	}
	batch := importBatch{o: o, subjects: map[string]struct{}{}, progress: progress}
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
		_, err = jet.WriteSite(ctx, o.Store, imported, seq)
	}
	return done, err
}

// importBatch gathers records until they are worth a commit.
type importBatch struct {
	o        *Operator
	msgs     []*nats.Msg
	subjects map[string]struct{}
	size     int
	progress func(n int64)
	audited  map[uint64]struct{} // sums of what RLS_AUDIT holds already
}

// audited are the sums of what is kept for audit. RLS_AUDIT outlives the states: those of an export
// that are put in their place bring the same transitions again.
func (o *Operator) audited(ctx context.Context) (map[uint64]struct{}, error) {
	held := map[uint64]struct{}{}
	err := audit.Each(ctx, o.js, audit.Reading{HeadersOnly: true}, func(e audit.Entry) error {
		e.Committed = 0 // what is imported has no sequence yet
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

// importTries is how often a batch is sent again whose outcome is not known: written twice it is
// the same.
const importTries = 5

func (b *importBatch) flush(ctx context.Context) error {
	if len(b.msgs) == 0 {
		return nil
	}
	wait := jet.NewBackoff()
	for try := 1; ; try++ {
		_, err := b.o.Store.Write(ctx, b.msgs)
		if err == nil {
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
	for stream, durable := range map[string]string{layout.StreamFHIR: layout.Durable, layout.StreamRLS: layout.DurableDue} {
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
	have, err := jet.ReadSite(ctx, o.js)
	if err != nil {
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
	for _, kind := range []string{layout.SubjectPatient, layout.SubjectMedication, layout.SubjectGone, layout.SubjectCommitFlags, layout.SubjectAudit} {
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
