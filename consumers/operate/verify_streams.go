package operate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
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
	// states are all that were read, and tokens stand for their patients.
	states *commit.WorkingCopy
	tokens *layout.Tokens
	signer *layout.Signer
	sum    Verified

	committed map[string]*lastPublished // by flag id, in RLS
	shown     map[string]*lastPublished // in RLS_FLAGS
	audit     map[string]*numbers
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
		audit:     map[string]*numbers{},
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
func (v *verification) genuine(m jetstream.Msg, seq uint64) bool {
	_, err := authentic(v.signer, v.site, m.Subject(), m.Headers(), m.Data(), seq)
	if err != nil {
		v.foreign(m.Subject(), err.Error())
	}
	return err == nil
}

func (v *verification) add(d Difference) { v.found = append(v.found, d) }

// run reads all streams, then decides about all patients.
func (v *verification) run(ctx context.Context) error {
	var total int64
	for _, s := range []string{layout.StreamRLS, layout.StreamFlags} {
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
	beside := []string{layout.SubjectAudit + ">", layout.SubjectTimer + "*", layout.SubjectDue + "*"}
	committed := func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		return v.takeTransition(v.committed, m, meta.Sequence.Stream)
	}
	shown := func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		return v.takeTransition(v.shown, m, jet.SourceSequence(m.Headers()))
	}
	for _, part := range []struct {
		stream  string
		filters []string
		take    func(jetstream.Msg, *jetstream.MsgMetadata) error
	}{
		{layout.StreamRLS, []string{layout.SubjectState + ">"}, v.state},
		{layout.StreamRLS, []string{layout.SubjectCommitFlags + ">"}, committed},
		{layout.StreamRLS, beside, v.bySubject},
		{layout.StreamFlags, []string{layout.SubjectFlags + ">"}, shown},
	} {
		cfg := jetstream.OrderedConsumerConfig{FilterSubjects: part.filters}
		err := jet.Each(ctx, v.o.js, part.stream, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			if v.opt.Progress != nil {
				v.opt.Progress(1)
			}
			return part.take(m, meta)
		})
		if err != nil {
			return err
		}
	}
	v.states.Weigh()
	if err := v.holes(ctx); err != nil {
		return err
	}
	if err := v.states.Lacking(); err != nil {
		v.add(Difference{Kind: StatesLack, Detail: err.Error()})
	}
	return v.comparePatients(ctx)
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

func (v *verification) takeTransition(to map[string]*lastPublished, m jetstream.Msg, seq uint64) error {
	if !v.genuine(m, seq) {
		return nil
	}
	f, err := issue.Unmarshal(m.Data())
	id := m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
	if err == nil && f.ID != id {
		err = fmt.Errorf("it is about flag %s", f.ID)
	}
	if err != nil {
		kind := CommitDiffers
		if strings.HasPrefix(m.Subject(), layout.SubjectFlags) {
			kind = ShownDiffers
		}
		v.add(Difference{Kind: kind, Flag: id, Detail: "cannot be read: " + err.Error()})
		return nil
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
	return nil
}

// bySubject takes in what is told by a subject alone.
func (v *verification) bySubject(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
	subject := m.Subject()
	if !strings.HasPrefix(subject, layout.SubjectDue) && !v.genuine(m, meta.Sequence.Stream) {
		return nil // a timer that went off says no more than its subject: the server writes it
	}
	last := subject[strings.LastIndexByte(subject, '.')+1:]
	rest, isAudit := strings.CutPrefix(subject, layout.SubjectAudit)
	if !isAudit {
		if tok, err := layout.ParseToken(last); err == nil {
			v.timers[tok] = struct{}{}
		}
		return nil
	}
	n, err := strconv.ParseUint(last, 10, 64)
	if err != nil {
		return nil
	}
	id := strings.TrimSuffix(rest, "."+last)
	a := v.audit[id]
	if a == nil {
		a = &numbers{least: n, most: n}
		v.audit[id] = a
	}
	a.least, a.most, a.count = min(a.least, n), max(a.most, n), a.count+1
	return nil
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
