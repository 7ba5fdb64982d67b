package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

const flagID = "2f1c9b1e-6c1f-8a52-9d5e-0c8f3f0f7a11"

func aFlag(number uint64, state checks.FlagState, change checks.Change) checks.Flag {
	return checks.Flag{
		ID: flagID, Number: number, State: state, Change: change, AsOf: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		Finding: checks.Finding{Check: "rls-ssri", Ingredient: "sertraline", Patient: "Patient/1",
			Severity: checks.Moderate, Summary: "Sertraline.", Action: "Ask."},
	}
}

// Blindness is told once, with its first cause, until it is over; that once, too.
func TestSight(t *testing.T) {
	var told []string
	s := &sight{
		blind:  func(_ time.Time, why error) { told = append(told, why.Error()) },
		seeing: func() { told = append(told, "back") },
	}
	s.back()
	s.lost(time.Now(), ErrConnectionLost)
	s.lost(time.Now(), ErrNoAnswer)
	s.back()
	s.back()
	s.lost(time.Now(), ErrNoFlags)
	if want := []string{ErrConnectionLost.Error(), "back", ErrNoFlags.Error()}; !slices.Equal(told, want) {
		t.Errorf("told is %q", told)
	}
	(&sight{}).lost(time.Now(), ErrNoAnswer) // nobody has to listen
}

// What was told is not told again, however it comes: only news is.
func TestTell(t *testing.T) {
	var got []string
	w := &watcher{told: map[string]checks.Flag{}, live: func(f checks.Flag) error {
		got = append(got, fmt.Sprintf("%d %s", f.Number, f.Change))
		return nil
	}}
	worse := aFlag(3, checks.Open, checks.ChangeUpdated)
	worse.Severity = checks.High
	anew := aFlag(1, checks.Open, checks.ChangeOpened) // states were lost and made again
	for _, f := range []checks.Flag{
		aFlag(1, checks.Open, checks.ChangeOpened),
		aFlag(1, checks.Open, checks.ChangeOpened),
		worse,
		aFlag(2, checks.Resolved, checks.ChangeMoved), // its last word under the old severity comes late
		worse,
		aFlag(4, checks.Resolved, checks.ChangeResolved),
		anew,
	} {
		if err := w.tell(f); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"1 opened", "3 updated", "4 resolved", "1 opened"}; !slices.Equal(got, want) {
		t.Errorf("told is %v", got)
	}
}

// Open is told once and without what is closed; of a stream made anew only what differs.
func TestTellFirst(t *testing.T) {
	opened, live := 0, 0
	w := &watcher{
		told: map[string]checks.Flag{},
		open: func(flags []checks.Flag) error { opened++; live -= len(flags); return nil },
		live: func(checks.Flag) error { live++; return nil },
	}
	closed := aFlag(9, checks.Resolved, checks.ChangeResolved)
	closed.ID = "00000000-0000-8000-8000-000000000000"
	known := map[string]checks.Flag{flagID: aFlag(1, checks.Open, checks.ChangeOpened), closed.ID: closed}
	for range 2 {
		if err := w.tellFirst(known); err != nil {
			t.Fatal(err)
		}
	}
	if opened != 1 || live != -1 {
		t.Errorf("open was called %d times, live for %d", opened, live+1)
	}
}

// The order in which flags are given: by patient, check and ingredient.
func TestSortedFlags(t *testing.T) {
	known := map[string]checks.Flag{}
	for i, words := range []string{"Patient/2 a x", "Patient/1 b x", "Patient/1 a y", "Patient/1 a x"} {
		f := strings.Fields(words)
		known[fmt.Sprint(i)] = checks.Flag{
			ID:      fmt.Sprint(i),
			Finding: checks.Finding{Patient: facts.Ref(f[0]), Check: f[1], Ingredient: f[2]},
		}
	}
	ids := ""
	for _, f := range sortedFlags(known) {
		ids += f.ID
	}
	if ids != "3210" {
		t.Errorf("the order is %s", ids)
	}
}

// A message counts when it can be read and is about the flag of its subject. One that is not signed
// counts with the key as long as none is.
func TestChecker(t *testing.T) {
	data, err := issue.Marshal(aFlag(1, checks.Open, checks.ChangeOpened))
	if err != nil {
		t.Fatal(err)
	}
	message := func(id string, data []byte) *jetstream.RawStreamMsg {
		subject := layout.SubjectFlags + "moderate.rls-ssri." + id
		return &jetstream.RawStreamMsg{Subject: subject, Data: data, Sequence: 5}
	}
	var left []string
	c := checker{leftOut: func(err error) { left = append(left, err.Error()) }}
	if f, ok := c.stored(message(flagID, data)); !ok || f.ID != flagID {
		t.Errorf("it is left out: %v", left)
	}
	for _, m := range []*jetstream.RawStreamMsg{
		message(flagID, []byte("junk")), message("00000000-0000-8000-8000-000000000000", data),
	} {
		if _, ok := c.stored(m); ok {
			t.Errorf("%s counts", m.Subject)
		}
	}
	if len(left) != 2 || !strings.HasPrefix(left[0], "sequence 5 of RLS_FLAGS: ") {
		t.Errorf("left out is %q", left)
	}

	left = nil
	c = checker{leftOut: c.leftOut, signer: layout.NewSigner([]byte("0123456789abcdef"))}
	if _, ok := c.stored(message(flagID, data)); ok || len(c.unsigned()) != 1 || left != nil {
		t.Errorf("where none is signed, left out is %q", left)
	}
	c.signed = true
	if _, ok := c.stored(message(flagID, data)); ok || len(c.unsigned()) != 0 || len(left) != 1 {
		t.Errorf("where some are signed, left out is %q", left)
	}
}

// The server is asked for no more than has to be shown.
func TestSeverityFilter(t *testing.T) {
	for severity, want := range map[checks.Severity]string{
		checks.None: "rls.flags.>", checks.Low: "rls.flags.>", checks.Moderate: "rls.flags.>",
		checks.High: "rls.flags.high.>",
	} {
		if got := severityFilter(severity); got != want {
			t.Errorf("%s: %s", severity, got)
		}
	}
}

// What ends reading: nothing when it was told to, and that the stream is another one where it is.
func TestStopped(t *testing.T) {
	fault := errors.New("fault")
	if err := stopped(t.Context(), fault); !errors.Is(err, fault) {
		t.Errorf("a fault is %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(nil)
	if err := stopped(ctx, fault); err != nil {
		t.Errorf("the end is %v", err)
	}
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(jet.ErrReplaced)
	if err := stopped(ctx, fault); !errors.Is(err, jet.ErrReplaced) {
		t.Errorf("another stream is %v", err)
	}
	wrapped := fmt.Errorf("reading: %w", handedOn(fault))
	if !final(wrapped) || given(wrapped) != fault || final(fault) {
		t.Error("an error of a caller is not given back as it was")
	}
}

// An id that begins several is refused with what it could be, and without a patient.
func TestAmbiguous(t *testing.T) {
	var flags []checks.Flag
	for i := range mostNamed + 2 {
		f := aFlag(1, checks.Open, checks.ChangeOpened)
		f.ID = fmt.Sprintf("2f1c%d", i)
		flags = append(flags, f)
	}
	text := Ambiguous("2f1c", flags).Error()
	for _, want := range []string{"2f1c is the beginning of 10 flags", "\n2f1c0 rls-ssri sertraline", "\nand 2 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if strings.Contains(text, "Patient") || strings.Contains(text, "2f1c8") {
		t.Errorf("it says %q", text)
	}
}
