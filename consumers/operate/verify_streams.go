package operate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/parallel"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// verification is one look at all that is stored.
type verification struct {
	o    *Operator
	opt  *VerifyOptions
	site *layout.SiteRecord
	made time.Time // of RLS
	// states are all that were read, and tokens stand for their patients.
	states *commit.WorkingCopy
	tokens *layout.Tokens
	signer *layout.Signer
	sum    Verified

	committed map[string]*lastPublished // by flag id, in RLS
	shown     map[string]*lastPublished // in RLS_FLAGS
	audit     map[string][]kept
	timers    map[layout.Token]struct{}
	found     []Difference
}

// lastPublished is the newest transition of a flag in a stream.
type lastPublished struct {
	number   uint64
	digest   uint64
	severity checks.Severity
	open     bool
	// stale: an older transition under another severity still says that it is open.
	stale bool
	known bool // a state has the flag
	check string
}

// numbers are those of the transitions that are kept for audit.
type numbers struct{ least, most, count uint64 }

func newVerification(o *Operator, opt *VerifyOptions, site *layout.SiteRecord, ends uint64) *verification {
	v := &verification{
		signer:    layout.NewSigner(opt.Engine.Key),
		o:         o,
		opt:       opt,
		site:      site,
		states:    commit.NewWorkingCopy(opt.Engine.Key),
		tokens:    layout.NewTokens(opt.Engine.Key),
		sum:       Verified{Ruleset: site.Ruleset, AsOf: opt.AsOf},
		committed: map[string]*lastPublished{},
		shown:     map[string]*lastPublished{},
		audit:     map[string][]kept{},
		timers:    map[layout.Token]struct{}{},
	}
	v.states.Trust(legacy(site), ends, func(subject string) {
		v.foreign(subject, "not written by rlsguard, or an older one")
	})
	return v
}

// foreign tells of a message that is not used.
func (v *verification) foreign(subject, detail string) {
	last := subject[strings.LastIndexByte(subject, '.')+1:]
	d := Difference{Kind: ForeignMessage, Detail: layout.KindOfMessage(subject) + ": " + detail}
	switch d.Token, d.Flag = "", ""; {
	case layout.FlagID.MatchString(last):
		d.Flag = last
	case strings.HasPrefix(subject, layout.SubjectAudit):
		d.Flag, _, _ = strings.Cut(strings.TrimPrefix(subject, layout.SubjectAudit), ".")
	default:
		d.Token = last
	}
	v.add(d)
}

// genuine tells whether rlsguard wrote a transition or a timer that stands, or stood, under a
// sequence of RLS, and notes it otherwise.
func (v *verification) genuine(subject string, header nats.Header, data []byte, seq uint64) bool {
	_, err := authentic(v.signer, v.site, subject, header, data, seq)
	if err != nil {
		v.foreign(subject, err.Error())
	}
	return err == nil
}

func (v *verification) add(d Difference) { v.found = append(v.found, d) }

// run reads all streams, then decides about all patients.
func (v *verification) run(ctx context.Context) error {
	var total int64
	for _, s := range []string{layout.StreamRLS, layout.StreamAudit, layout.StreamFlags} {
		n, err := v.o.messagesOf(ctx, s)
		if err != nil {
			return err
		}
		total += int64(n)
	}
	if v.opt.Total != nil {
		v.opt.Total(total)
	}
	if err := jet.WaitCopied(ctx, v.o.js); err != nil {
		return err
	}
	for _, part := range []struct {
		stream  string
		filters []string
		take    func(jetstream.Msg, *jetstream.MsgMetadata) error
	}{
		{layout.StreamRLS, []string{layout.SubjectState + ">"}, v.state},
		{layout.StreamRLS, []string{layout.SubjectCommitFlags + ">"}, v.commit},
		{layout.StreamRLS, []string{layout.SubjectTimer + "*", layout.SubjectDue + "*"}, v.timerSet},
	} {
		cfg := jetstream.OrderedConsumerConfig{FilterSubjects: part.filters}
		err := jet.Each(ctx, v.o.js, part.stream, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			v.progress()
			return part.take(m, meta)
		})
		if err != nil {
			return err
		}
	}
	if err := v.readShown(ctx); err != nil {
		return err
	}
	v.states.Weigh()
	rls, err := v.o.js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	v.made = rls.CachedInfo().Created
	// After the states: what the audit has beyond them was committed meanwhile.
	if err := audit.Each(ctx, v.o.js, audit.Reading{}, v.takeEntry); err != nil {
		return err
	}
	if err := v.holes(ctx); err != nil {
		return err
	}
	if err := v.states.Lacking(); err != nil {
		v.add(Difference{Kind: StatesLack, Detail: err.Error()})
	}
	return v.comparePatients(ctx)
}

// commit takes in a transition of RLS.
func (v *verification) commit(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
	v.takeTransition(v.committed, m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream)
	return nil
}

// readShown reads the copy of the flags without a consumer, which its readers could use up.
func (v *verification) readShown(ctx context.Context) error {
	take := func(m *jetstream.RawStreamMsg) error {
		if v.opt.Progress != nil {
			v.opt.Progress(1)
		}
		v.takeTransition(v.shown, m.Subject, m.Header, m.Data, jet.SourceSequence(m.Header))
		return nil
	}
	_, err := jet.EachDirect(ctx, v.o.js, layout.StreamFlags, layout.SubjectFlags+">", 1, take)
	return err
}

func (v *verification) state(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
	stored := jet.Stored{Sequence: meta.Sequence.Stream, Header: m.Headers(), Data: m.Data()}
	if err := v.states.Take(m.Subject(), stored); err != nil {
		v.add(
			Difference{
				Kind:   StateDamaged,
				Token:  m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:],
				Detail: err.Error(),
			},
		)
	}
	return nil
}

func (v *verification) takeTransition(
	to map[string]*lastPublished, subject string, header nats.Header, data []byte, seq uint64,
) {
	if !v.genuine(subject, header, data, seq) {
		return
	}
	f, err := issue.Unmarshal(data)
	id := subject[strings.LastIndexByte(subject, '.')+1:]
	if err == nil && f.ID != id {
		err = fmt.Errorf("it is about flag %s", f.ID)
	}
	if err != nil {
		kind := CommitDiffers
		if strings.HasPrefix(subject, layout.SubjectFlags) {
			kind = ShownDiffers
		}
		v.add(Difference{Kind: kind, Flag: id, Detail: "cannot be read: " + err.Error()})
		return
	}
	p := lastPublished{
		number:   f.Number,
		digest:   f.Digest(),
		severity: f.Severity,
		open:     f.State != checks.Resolved && f.Change != checks.ChangeMoved,
		check:    f.Check,
	}
	have := to[id]
	switch {
	case have == nil:
		to[id] = &p
	case have.number < p.number:
		p.stale = have.open && have.severity != p.severity || have.stale
		*have = p
	case have.number > p.number:
		have.stale = have.stale || p.open && have.severity != p.severity
	}
}

// timerSet takes in a timer, of which the subject tells everything.
func (v *verification) timerSet(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
	subject := m.Subject()
	if !strings.HasPrefix(subject, layout.SubjectDue) && !v.genuine(subject, m.Headers(), m.Data(),
		meta.Sequence.Stream) {
		return nil // a timer that went off says no more than its subject: the server writes it
	}
	if tok, err := layout.ParseToken(subject[strings.LastIndexByte(subject, '.')+1:]); err == nil {
		v.timers[tok] = struct{}{}
	}
	return nil
}

// takeEntry takes in a transition that is kept for audit, unless that was of an earlier RLS.
func (v *verification) takeEntry(e audit.Entry) error {
	v.progress()
	if _, err := authentic(v.signer, v.site, e.Subject, e.Header, e.Data, e.Committed); err != nil {
		v.foreign(e.Subject, err.Error())
		return nil
	}
	if !e.Stored.Before(v.made) {
		v.audit[e.Flag] = append(v.audit[e.Flag], kept{e.Committed, e.Number})
	}
	return nil
}

// kept is a transition that is kept for audit: its sequence in RLS, and its number.
type kept struct{ committed, number uint64 }

// numbersOf are those of the transitions of one flag. A number that was there before begins the rest
// of the history anew: that of states which were lost, and made again.
func numbersOf(entries []kept) *numbers {
	if len(entries) == 0 {
		return nil
	}
	// one that was passed over is copied late
	slices.SortStableFunc(entries, func(a, b kept) int { return cmp.Compare(a.committed, b.committed) })
	entries = slices.Compact(entries)
	a := &numbers{entries[0].number, entries[0].number, 1}
	for _, e := range entries[1:] {
		switch n := e.number; {
		case n < a.least:
			*a = numbers{n, n, 1}
		case n <= a.most:
			a.count -= min(a.count, a.most-n+1)
			a.most, a.count = n, a.count+1
		default:
			a.most, a.count = n, a.count+1
		}
	}
	return a
}

func (v *verification) progress() {
	if v.opt.Progress != nil {
		v.opt.Progress(1)
	}
}

// atOnce is how many patients are compared before what was found is taken in.
const atOnce = 400

// comparePatients compares patient by patient, in the order of their tokens.
func (v *verification) comparePatients(ctx context.Context) error {
	for slots := range slices.Chunk(v.states.Patients(), atOnce) {
		if ctx.Err() != nil {
			break
		}
		found := make([]patientFound, len(slots))
		parallel.Do(len(slots), func(i int) { found[i] = v.comparePatient(slots[i]) })
		for i := range found {
			v.takePatient(&found[i])
		}
	}
	v.orphans()
	return ctx.Err()
}
