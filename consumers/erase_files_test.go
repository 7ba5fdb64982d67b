package consumers

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// canaries are texts that only an erased patient has: the id, the ids of orders, a product, the
// words of an answer, of a card.
var canaries = []string{erasedID, "Zq7-order", "Zq7product", "Zq7author", "Zq7comment"}

// canaryFiles are the files of the data folder that hold one of canaries: as it is, in base64, or
// in a state, replaced ones included. It tells their streams.
func (b *bench) canaryFiles() map[string]int {
	b.t.Helper()
	found := map[string]int{}
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if n := canariesIn(data); n > 0 {
			found[streamOf(b.dir, path)] += n
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// streamOf is the stream that a file belongs to; "raft" for the logs of a cluster, and else its
// name.
func streamOf(dir, path string) string {
	name, _ := filepath.Rel(dir, path)
	parts := strings.Split(name, string(filepath.Separator))
	if i := slices.Index(parts, "streams"); i >= 0 && i+1 < len(parts) {
		return parts[i+1]
	}
	if slices.Contains(parts, "_js_") {
		return "raft"
	}
	return name
}

func canariesIn(data []byte) (n int) {
	for _, c := range canaries {
		n += bytes.Count(data, []byte(c))
		for i := range 3 { // whatever stands before it in a text in base64
			padded := base64.StdEncoding.EncodeToString([]byte("abc"[:i] + c))
			n += bytes.Count(data, []byte(padded[4:len(padded)-4]))
		}
	}
	for at := bytes.IndexByte(data, 0xB5); at >= 0 && at < len(data); at++ { // as states begin
		next := bytes.IndexByte(data[at:], 0xB5)
		if next < 0 {
			break
		}
		at += next
		n += canariesOfState(data, at)
	}
	return n
}

// canariesOfState decodes what may be a state that begins at a byte; its record says how long it is.
func canariesOfState(data []byte, at int) (n int) {
	const sum = 8
	for _, back := range []int{22, 26} { // before subject and headers
		for size := back; size < 400 && at >= size; size++ {
			rec := data[at-size:]
			end := int(binary.LittleEndian.Uint32(rec) &^ (1 << 31))
			if end <= size+sum || end > len(rec) {
				continue
			}
			if st, err := codec.Decode(rec[size : end-sum]); err == nil {
				text := fmt.Sprintf("%+v", st)
				for _, c := range canaries {
					n += strings.Count(text, c)
				}
				return n
			}
		}
	}
	return 0
}

// held is what streams hold, by stream and sequence, but for what is kept under some keys.
func (b *bench) held(without []string, streams ...string) map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for _, stream := range streams {
		for _, m := range b.messages(stream, ">") {
			meta, err := m.Metadata()
			if err != nil {
				b.t.Fatal(err)
			}
			parts := strings.Split(m.Subject(), ".")
			if m.Subject() == layout.SubjectInputs || strings.HasPrefix(m.Subject(), layout.SubjectTally) ||
				slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(without, p) }) {
				continue
			}
			at := fmt.Sprintf("%s %d", stream, meta.Sequence.Stream)
			all[at] = fmt.Sprintf("%s %v %q", m.Subject(), m.Headers(), m.Data())
		}
	}
	return all
}

// bundleOf is a Bundle of resources.
func bundleOf(resources ...string) string {
	return `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` +
		strings.Join(resources, `},{"resource":`) + `}]}`
}

// erasedInputs are the inputs of a patient who is erased; those that name nobody else come first,
// so many.
func erasedInputs() (docs []string, alone int) {
	docs = []string{rlsJSON(erasedID)}
	for i := range 12 {
		docs = append(docs, orderJSON("Zq7-order-1", erasedID, "sertraline Zq7product", "active", i+1))
	}
	event := `{"specversion":"1.0","type":"t","source":"s","id":"1","data_base64":"` +
		base64.StdEncoding.EncodeToString([]byte(orderJSON("Zq7-order-4", erasedID, "venlafaxine", "active", 1))) + `"}`
	docs = append(docs,
		orderJSON("Zq7-order-2", erasedID, "gabapentin", "active", 1),
		orderJSON("Zq7-order-3", erasedID, "lithium", "active", 1),
		event,
		deletionJSON("Zq7-order-3"), // names nobody, and the resource of one
		// rejected: a letter for the operator, and one for producers
		`{"resourceType":"Observation","id":"Zq7-order-5","subject":{"reference":"Patient/`+erasedID+`"}}`,
		`{"resourceType":"MedicationRequest","id":7,"subject":{"reference":"Patient/`+erasedID+`"},"status":"active"}`,
	)
	alone = len(docs)
	return append(docs,
		bundleOf(orderJSON("Zq7-order-6", erasedID, "citalopram", "active", 1),
			orderJSON("of2", "2", "citalopram", "active", 1)),
		`{"resourceType":"MedicationRequest","id":8,"subject":{"reference":"Patient/`+erasedID+`"},
"basedOn":{"reference":"Patient/3"}}`,
		`{"resourceType":"MedicationRequest","id":"Zq7-order-7","subject":{"reference":"Patient/`+erasedID+`"},`,
	), alone
}

func others() (docs []string) {
	for i := range 40 {
		p := fmt.Sprint("o", i%7)
		drug := []string{"sertraline", "lithium", "gabapentin"}[i%3]
		docs = append(docs, rlsJSON(p), orderJSON(fmt.Sprint("o", i), p, drug, "active", i),
			orderJSON(fmt.Sprint("o", i-1), p, "mirtazapine", "stopped", i+1))
	}
	return append(docs, deletionJSON("o39"),
		`{"resourceType":"Observation","id":9,"subject":{"reference":"Patient/o1"}}`)
}

// answers acknowledges an open flag of the erased patient and keeps what somebody did with a card.
func (b *bench) answers() {
	b.t.Helper()
	for _, m := range b.messages(layout.StreamFlags, ">") {
		f, err := issue.Unmarshal(m.Data())
		if err != nil || f.Patient != "Patient/"+erasedID || f.State == checks.Resolved {
			continue
		}
		ack, err := ordercheck.Acknowledgement(&f, facts.Acknowledgement{Author: "Zq7author"})
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := b.js.Publish(b.t.Context(), layout.SubjectAcknowledge, ack); err != nil {
			b.t.Fatal(err)
		}
		card := fmt.Sprintf(`{"flag":%q,"comment":"Zq7comment"}`, f.ID)
		if _, err := b.js.Publish(b.t.Context(), "rls.feedback.accepted."+f.Check, []byte(card)); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	b.t.Fatal("the patient has no open flag")
}

func TestEraseLeavesNoByte(t *testing.T) {
	for name, shared := range map[string]bool{"what names others stays": false, "all": true} {
		for _, running := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, serving %v", name, running), func(t *testing.T) {
				eraseLeavesNoByte(t, shared, running)
			})
		}
	}
}

// everywhere are the streams that know of a patient.
var everywhere = []string{
	layout.StreamFHIR, layout.StreamRLS, layout.StreamAudit, layout.StreamFlags, layout.StreamDead,
	layout.StreamFeedback,
}

// toErase publishes what there is about the patient who will be erased, and about others, and tells
// how many inputs name the patient, and how many nobody else.
func (b *bench) toErase(replicas int) (inputs, alone int) {
	t := b.t
	t.Helper()
	if _, err := b.js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{
		Name: layout.StreamFeedback, Subjects: []string{"rls.feedback.>"}, Replicas: replicas,
	}); err != nil {
		t.Fatal(err)
	}
	docs, alone := erasedInputs()
	other := others()
	for i, d := range other { // in turns, so that all stand in the same blocks
		if i < len(docs) {
			b.publish(docs[i])
		}
		b.publish(d)
	}
	b.decided()
	if err := errors.Join(jet.WaitCopied(t.Context(), b.js), jet.WaitAudited(t.Context(), b.js)); err != nil {
		t.Fatal(err)
	}
	b.answers()
	b.decided()
	time.Sleep(2 * recordEvery) // until it is on record that they were
	b.wait("kept", func() bool { return len(b.naming(layout.StreamFeedback, "Zq7comment")) > 0 })
	before := b.canaryFiles()
	for _, stream := range everywhere {
		if before[stream] == 0 {
			t.Fatalf("nothing is found in %s: %v", stream, before)
		}
	}
	return len(docs), alone
}

func eraseLeavesNoByte(t *testing.T, shared, running bool) {
	if shared {
		impatient(t)
	}
	b := newBench(t)
	cfg := b.config()
	stop := b.serve(cfg)
	inputs, alone := b.toErase(1)
	if shared { // transitions have left RLS, and their bytes stay for now
		b.pruned()
		b.nothingShown()
	}
	inbound, err := b.js.Stream(t.Context(), layout.StreamFHIR)
	if err == nil { // the first input is old enough to leave: its bytes stay for now
		err = inbound.Purge(t.Context(), jetstream.WithPurgeSequence(2))
	}
	if err != nil {
		t.Fatal(err)
	}
	inputs, alone = inputs-1, alone-1
	if !running {
		stop()
	}
	tok := layout.NewTokens(cfg.Engine.Key)
	mine := []string{tok.Of("Patient/" + erasedID).String()}
	const deleted facts.Ref = "MedicationRequest/Zq7-order-3"
	mine = append(mine, tok.Of(deleted).String(), tok.Of(fold.UndatedKey(deleted)).String())
	for _, f := range b.states()["Patient/"+erasedID].Flags {
		mine = append(mine, checks.FlagID(cfg.Engine.Key, "Patient/"+erasedID, f.Check, f.Ingredient))
	}
	kept := b.held(mine, layout.StreamRLS, layout.StreamAudit, layout.StreamFlags)

	o := b.operator()
	of := operate.InputsOf{Erase: true, Shared: shared}
	done, err := o.Erase(t.Context(), cfg.Engine.Key, "Patient/"+erasedID, of, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := alone + 1 // and the answer to a flag
	if shared {
		want = inputs + 1
	}
	if done.Inputs.Erased[layout.StreamFHIR] != want || len(done.Inputs.Waiting) > 0 ||
		!done.Files.Searched || done.Files.Records < 12 || done.Files.Unread > 0 {
		t.Errorf("%d inputs were to be erased: %+v", want, done)
	}
	if done.Inputs.Erased[layout.StreamRejected] == 0 {
		t.Error("what producers were told is left")
	}
	look := func(when string) {
		t.Helper()
		left := b.canaryFiles()
		if shared || len(left) == 0 {
			if len(left) > 0 {
				t.Errorf("%s: %v", when, left)
			}
			return
		}
		if d := cmp.Diff([]string{layout.StreamFHIR, layout.StreamDead}, slices.Sorted(maps.Keys(left))); d != "" {
			t.Errorf("%s: %s", when, d)
		}
	}
	look("erased")
	if !shared && len(done.Inputs.Shared) != 5 { // three inputs, of which two have a letter
		t.Errorf("what names others: %v", done.Inputs.Shared)
	}
	if d := cmp.Diff(kept, b.held(mine, layout.StreamRLS, layout.StreamAudit, layout.StreamFlags)); d != "" {
		t.Errorf("others: %s", d)
	}
	if running {
		stop()
	}
	b.stop()
	look("stopped")
	b.start()
	look("started again")
	if d := cmp.Diff(kept, b.held(mine, layout.StreamRLS, layout.StreamAudit, layout.StreamFlags)); d != "" {
		t.Errorf("others, after a restart: %s", d)
	}
	defer b.serve(b.config())()
	b.publish(orderJSON("late", "o1", "lithium", "active", 1))
	b.decided()
	look("served again")
	if b.states()["Patient/"+erasedID] != nil {
		t.Error("the patient is back")
	}
}
