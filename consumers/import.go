package consumers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/codec"
)

// Errors of an import, which then has changed nothing.
var (
	ErrNotEmpty = errors.New("there are states on this server already: an import wants a server without any")
	ErrServing  = errors.New("rlsguard serve is running on this server: stop it for the import")
)

// importBytes bounds what goes in one batch.
const importBytes = 4 << 20

// CheckExport reads an export to its end, and tells what is in it. Its errors are ErrExport, ErrNewerFormat, ErrOtherKey, and those of r.
func CheckExport(key []byte, r io.Reader) (Ported, error) {
	return readExport(key, r, func(*exportHeader) error { return nil }, func(string, nats.Header, []byte) error { return nil })
}

func readExport(key []byte, r io.Reader, begin func(*exportHeader) error, do func(subject string, h nats.Header, data []byte) error) (Ported, error) {
	var done Ported
	in, err := newExportReader(r)
	if err != nil {
		return done, err
	}
	if own := fingerprint(key); in.header.Key != own {
		return done, fmt.Errorf("%w (fingerprint %s, given %s): flag ids and tokens would not match", ErrOtherKey, in.header.Key, own)
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
	case kind == subjectPatient, kind == subjectMedication, kind == subjectGone:
		if _, err := parseToken(subject[len(kind):]); err != nil {
			return fmt.Errorf("%w: %w", ErrExport, err)
		}
		if len(data) == 0 { // erased while it was exported
			return nil
		}
		if _, err := codec.Decode(data); err != nil {
			return fmt.Errorf("%w: %w", ErrExport, err)
		}
		return nil
	case strings.HasPrefix(subject, subjectCommitFlags), strings.HasPrefix(subject, subjectAudit):
		return nil
	}
	return fmt.Errorf("%w: it has a record under %q", ErrExport, subject)
}

// Import stores an export that CheckExport found whole. It wants a server without states, and one that nobody serves on; what an import
// that did not end has left is removed. Its errors are ErrNotEmpty, ErrServing, those of CheckExport and of the server. progress, which may be
// nil, is told how many records were stored.
func (o *Operator) Import(ctx context.Context, key []byte, r io.Reader, replicas int, progress func(n int64)) (Ported, error) {
	if err := MakeStreams(ctx, o.js, replicas); err != nil {
		return Ported{}, err
	}
	seq, err := o.vacant(ctx, key)
	if err != nil {
		return Ported{}, err
	}
	imported := site{Rearm: true}
	begin := func(h *exportHeader) (err error) {
		imported.Format, imported.Key, imported.Ruleset, imported.AsOf = h.States, h.Key, h.Ruleset, h.AsOf
		begun := imported
		begun.Importing = true // nobody serves half of it
		seq, err = writeSite(ctx, o.store, begun, seq)
		return err
	}
	batch := importBatch{o: o, subjects: map[string]struct{}{}, progress: progress}
	done, err := readExport(key, r, begin, func(subject string, h nats.Header, data []byte) error { return batch.add(ctx, subject, h, data) })
	if err == nil {
		err = batch.flush(ctx)
	}
	if err == nil {
		err = shown(ctx, o.js)
	}
	if err == nil {
		_, err = writeSite(ctx, o.store, imported, seq)
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
}

func (b *importBatch) add(ctx context.Context, subject string, h nats.Header, data []byte) error {
	_, again := b.subjects[subject]
	if again || len(b.msgs) == maxBatch/2 || b.size+len(data) > importBytes {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	m := &nats.Msg{Subject: subject, Header: h, Data: data}
	if len(data) == 0 && strings.HasPrefix(subject, subjectState) { // erased while it was exported
		m = erasureMessage(subject, 0, nil)
		m.Header.Del(headerExpect)
	}
	b.msgs, b.size = append(b.msgs, m), b.size+len(data)
	b.subjects[subject] = struct{}{}
	return nil
}

// importTries is how often a batch is sent again whose outcome is not known: written twice it is the same.
const importTries = 5

func (b *importBatch) flush(ctx context.Context) error {
	if len(b.msgs) == 0 {
		return nil
	}
	wait := newBackoff()
	for try := 1; ; try++ {
		_, err := b.o.store.Write(ctx, b.msgs)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrUnknown) || try == importTries || ctx.Err() != nil {
			return fmt.Errorf("storing what is imported: %w", err)
		}
		wait.sleep(ctx)
	}
	if b.progress != nil {
		b.progress(int64(len(b.msgs)))
	}
	b.msgs, b.size = nil, 0
	clear(b.subjects)
	return nil
}

// vacant refuses a server that holds states or is served on; it returns the sequence of the site's record, 0 when there is none.
func (o *Operator) vacant(ctx context.Context, key []byte) (uint64, error) {
	for stream, durable := range map[string]string{StreamFHIR: Durable, StreamRLS: DurableDue} {
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
	have, err := readSite(ctx, o.js)
	if err != nil {
		return 0, err
	}
	if have != nil && have.Importing && have.Key == fingerprint(key) {
		return 0, o.sweep(ctx)
	}
	if have != nil {
		if err := have.fits(key); err != nil {
			return 0, err
		}
	}
	for _, kind := range []string{subjectPatient, subjectMedication, subjectGone, subjectCommitFlags, subjectAudit} {
		found, err := o.store.Last(ctx, []string{kind + ">"})
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
	return have.seq, nil
}

// sweep removes what an import that did not end has left.
func (o *Operator) sweep(ctx context.Context) error {
	for _, name := range []string{StreamRLS, StreamFlags} {
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
