package consumers

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

func (b *bench) export() []byte {
	b.t.Helper()
	var buf bytes.Buffer
	if _, err := b.operator().Export(b.t.Context(), engine().Key, &buf, nil, nil); err != nil {
		b.t.Fatal(err)
	}
	return buf.Bytes()
}

func TestExportAndImport(t *testing.T) {
	from := newBench(t)
	cfg := from.config()
	cfg.AsOf = time.Time{}
	stop := from.serve(cfg)
	docs := someDocs(30)
	from.publish(docs...)
	from.decided()
	data := from.export() // while it serves
	stop()
	sum, _ := from.verify(operate.VerifyOptions{})

	to := newBench(t)
	o := to.operator()
	if n, err := operate.CheckExport(engine().Key, bytes.NewReader(data)); err != nil || n.Patients < 30 {
		t.Fatalf("%+v, %v", n, err)
	}
	stored := int64(0)
	done, err := o.Import(t.Context(), engine().Key, bytes.NewReader(data), 1, func(n int64) { stored += n })
	if err != nil || uint64(stored) != done.Records {
		t.Fatalf("%+v, told of %d, %v", done, stored, err)
	}
	if d := cmp.Diff(from.states(), to.states()); d != "" {
		t.Errorf("states (-exported +imported):\n%s", d)
	}
	if d := cmp.Diff(from.history(), to.history()); d != "" {
		t.Errorf("audit (-exported +imported):\n%s", d)
	}
	if d := cmp.Diff(from.openNow(watch.Options{}), to.openNow(watch.Options{})); d != "" {
		t.Errorf("open flags (-exported +imported):\n%s", d)
	}
	if got, kinds := to.verify(operate.VerifyOptions{}); len(kinds) > 0 || got.Patients != sum.Patients ||
		got.Flags != sum.Flags {
		t.Errorf("after the import: %+v, %s", got, kinds)
	}

	// It goes on: timers are set, and numbers continue.
	number := func() map[string]uint64 {
		most := map[string]uint64{}
		for _, f := range to.history() {
			most[f.ID] = max(most[f.ID], f.Number)
		}
		return most
	}
	before := number()
	cfg = to.config()
	cfg.AsOf = time.Time{}
	defer to.serve(cfg)()
	to.publish(orderJSON("b1", "1", "mirtazapine", "stopped", 9))
	to.decided()
	if _, kinds := to.verify(operate.VerifyOptions{}); len(kinds) > 0 { // also of timers
		t.Errorf("while it serves again: %s", kinds)
	}
	id := checks.FlagID(engine().Key, "Patient/1", "rls-tetracyclic", "mirtazapine")
	if now := number(); before[id] == 0 || now[id] != before[id]+1 {
		t.Errorf("the flag was at number %d and is at %d", before[id], now[id])
	}
	if _, err := o.Import(t.Context(), engine().Key, bytes.NewReader(data), 1, nil); !errors.Is(
		err,
		operate.ErrServing,
	) {
		t.Errorf("import beside a running instance: %v", err)
	}
}

func TestImportRefuses(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1))
	b.decided()
	stop()
	data := b.export()
	o := b.operator()
	if _, err := o.Import(t.Context(), engine().Key, bytes.NewReader(data), 1, nil); !errors.Is(
		err,
		operate.ErrNotEmpty,
	) {
		t.Errorf("into a server with states: %v", err)
	}
	if _, err := operate.CheckExport([]byte("another key of the tests"), bytes.NewReader(data)); !errors.Is(
		err,
		layout.ErrOtherKey,
	) {
		t.Errorf("with another key: %v", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	pack := func(plain []byte) []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
		w.Write(plain)
		w.Close()
		return b.Bytes()
	}
	if _, err := operate.CheckExport(engine().Key, bytes.NewReader(pack(plain))); err != nil {
		t.Fatal(err)
	}
	// Wherever it is cut off or changed, that is noticed; every 23rd byte is tried.
	for i := 0; i < len(plain); i += 23 {
		if _, err := operate.CheckExport(engine().Key, bytes.NewReader(pack(plain[:i]))); err == nil {
			t.Fatalf("cut at byte %d: no error", i)
		}
		changed := bytes.Clone(plain)
		changed[i] ^= 4
		if _, err := operate.CheckExport(engine().Key, bytes.NewReader(pack(changed))); err == nil {
			t.Fatalf("byte %d changed: no error", i)
		}
	}
	if _, err := operate.CheckExport(engine().Key, bytes.NewReader(pack(append(plain, 0)))); !errors.Is(
		err,
		operate.ErrExport,
	) {
		t.Errorf("with more behind its end: %v", err)
	}
	for _, cut := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if _, err := operate.CheckExport(engine().Key, bytes.NewReader(data[:cut])); !errors.Is(
			err,
			operate.ErrExport,
		) {
			t.Errorf("cut to %d bytes: %v", cut, err)
		}
	}
}

// An import that ended in the middle is not served, and can be done again.
func TestImportIsDoneAgain(t *testing.T) {
	from := newBench(t)
	stop := from.serve(from.config())
	from.publish(someDocs(10)...)
	from.decided()
	stop()
	data := from.export()
	to := newBench(t)
	o := to.operator()
	if _, err := o.Import(t.Context(), engine().Key, bytes.NewReader(data[:len(data)-3]), 1, nil); err == nil {
		t.Fatal("an import of a cut file ended well")
	}
	if err := Serve(t.Context(), to.config()); !errors.Is(err, layout.ErrImporting) {
		t.Errorf("Serve on half an import: %v", err)
	}
	if _, err := o.Import(t.Context(), engine().Key, bytes.NewReader(data), 1, nil); err != nil {
		t.Fatal(err)
	}
	if _, kinds := to.verify(operate.VerifyOptions{}); len(kinds) > 0 {
		t.Errorf("differences: %s", kinds)
	}
}
