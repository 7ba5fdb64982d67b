package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Difference is something that Verify found not to be as it should. It names nobody: the token
// stands for the patient.
type Difference struct {
	Kind   DifferenceKind `json:"difference"`
	Token  string         `json:"token,omitempty"`
	Flag   string         `json:"flag,omitempty"`
	Check  string         `json:"check,omitempty"`
	Detail string         `json:"detail"`
}

// DifferenceKind says what differs.
type DifferenceKind string

// Kinds of differences.
const (
	StateDamaged  DifferenceKind = "state-damaged"  // a stored state cannot be read
	FactsDiffer   DifferenceKind = "facts-differ"   // a state does not hold what other states say about its facts
	FlagDiffers   DifferenceKind = "flag-differs"   // the stored facts give another flag than the state has open
	CommitDiffers DifferenceKind = "commit-differs" // the newest transition that RLS has is not that of the state
	ShownDiffers  DifferenceKind = "shown-differs"  // the newest transition in RLS_FLAGS is not that of the state
	// the transitions kept for audit have a hole, or do not end with the newest
	AuditDiffers DifferenceKind = "audit-differs"
	TimerMissing DifferenceKind = "timer-missing" // time alone will change a flag, and nothing will look at it then
	InputMissing DifferenceKind = "input-missing" // inputs left the inbound stream before they were decided
	// a message was not written by rlsguard with this key, or an older one was put back: it is not
	// used
	ForeignMessage DifferenceKind = "foreign-message"
	StatesLack     DifferenceKind = "states-lack" // states were removed, or replaced by older ones
)

// VerifyOptions say what stored states are compared with.
type VerifyOptions struct {
	Engine *fold.Engine
	// AsOf is the time that is decided for; zero is that of a frozen site, else Now.
	AsOf time.Time
	Now  time.Time
	// Progress, which may be nil, is told how many messages were read or patients decided, of how
	// many.
	Progress func(n int64)
	Total    func(n int64)
}

// Verified is what Verify looked at.
type Verified struct {
	Patients, Flags int    // flags are those open in the states
	Ruleset         string // that the states were decided under
	Inbound         int    // messages that have left FHIR and had been decided; that changes nothing
	AsOf            time.Time
}

// verifyTries is how often is looked again when instances wrote meanwhile and something seemed to
// differ.
const verifyTries = 4

// Verify decides about every stored patient again and compares that with the flags of the states
// and with what was published. What only seemed to differ since an instance wrote meanwhile is left
// out. Its errors are ErrNoStates, ErrOtherKey, ErrNewerFormat, ErrImporting and those of the
// server.
func (o *Operator) Verify(ctx context.Context, opt VerifyOptions) (Verified, []Difference, error) {
	site, foreign, err := o.siteOr(ctx, opt.Engine.Key)
	if err != nil {
		return Verified{}, nil, err
	}
	if opt.AsOf, err = asOfSite(opt, site); err != nil {
		return Verified{}, nil, err
	}
	var seen []Difference
	for try := 1; ; try++ {
		before, err := o.written(ctx)
		if err != nil {
			return Verified{}, nil, err
		}
		v := newVerification(o, &opt, site, before[0])
		if foreign {
			v.foreign(layout.SubjectSite, "the record of the site: everything would be evaluated anew")
		}
		if err := v.run(ctx); err != nil {
			return v.sum, nil, err
		}
		after, err := o.written(ctx)
		if err != nil {
			return v.sum, nil, err
		}
		if try > 1 {
			v.found = both(seen, v.found)
		}
		if seen = v.found; len(seen) == 0 || before == after || try == verifyTries {
			return v.sum, seen, nil
		}
		if opt.Now = time.Now(); site.AsOf == "" && opt.AsOf.Before(opt.Now) {
			opt.AsOf = opt.Now
		}
	}
}

func asOfSite(opt VerifyOptions, site *layout.SiteRecord) (time.Time, error) {
	switch {
	case !opt.AsOf.IsZero():
		return opt.AsOf, nil
	case site.AsOf == "":
		return opt.Now, nil
	}
	t, err := time.Parse(time.RFC3339Nano, site.AsOf)
	if err != nil {
		return t, fmt.Errorf("reading %s: %w", layout.SubjectSite, err)
	}
	return t, nil
}

// both is what two looks found; details may differ.
func both(a, b []Difference) []Difference {
	key := func(d Difference) Difference { d.Detail = ""; return d }
	before := map[Difference]struct{}{}
	for _, d := range a {
		before[key(d)] = struct{}{}
	}
	var left []Difference
	for _, d := range b {
		if _, ok := before[key(d)]; ok {
			left = append(left, d)
		}
	}
	return left
}

// written is how far the streams are that an instance writes.
func (o *Operator) written(ctx context.Context) (last [2]uint64, err error) {
	for i, name := range []string{layout.StreamRLS, layout.StreamFlags} {
		s, err := o.js.Stream(ctx, name)
		if err != nil {
			return last, fmt.Errorf("stream %s: %w", name, err)
		}
		last[i] = s.CachedInfo().State.LastSeq
	}
	return last, nil
}

// holes compares the inbound stream with what it should hold, where it has not been decided yet.
func (v *verification) holes(ctx context.Context) error {
	stream, err := v.o.js.Stream(ctx, layout.StreamFHIR)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	record, err := v.inputs(ctx, stream.CachedInfo())
	if err != nil {
		return err
	}
	v.states.Behind(record.Tallies, record.Anew)
	info, err := stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	gone := decided.Stretches{}.Add(1, decided.Before(info.State.FirstSeq))
	for _, seq := range info.State.Deleted { // of a stream that nothing was ever in it says 0
		if seq > 0 {
			gone = gone.Add(seq, seq)
		}
	}
	v.sum.Inbound = int(gone.Common(record.Decided).Count())
	for _, x := range gone.Without(record.Decided) {
		v.add(
			Difference{
				Kind: InputMissing,
				Detail: fmt.Sprintf(
					"%s of stream %s (%d) left before anybody decided",
					x,
					layout.StreamFHIR,
					x.Count(),
				),
			},
		)
	}
	if record.Earlier > 0 {
		v.add(
			Difference{
				Kind: InputMissing,
				Detail: fmt.Sprintf(
					"%d more of stream %s, earlier, left before anybody decided",
					record.Earlier,
					layout.StreamFHIR,
				),
			},
		)
	}
	return nil
}

// inputs is the record of what was decided. Where there is none, the consumer is believed.
func (v *verification) inputs(ctx context.Context, fhir *jetstream.StreamInfo) (*decided.InputRecord, error) {
	r, err := decided.ReadInputs(ctx, v.o.js, v.signer, legacy(v.site))
	if r != nil && r.Foreign {
		v.foreign(layout.SubjectInputs, "the record of what was decided")
	}
	if err != nil || r != nil && r.Stream == fhir.Created.UnixNano() {
		return r, err
	}
	floor, _, err := jet.DecidedUpTo(ctx, v.o.js)
	return &decided.InputRecord{
		Decided: decided.Stretches{}.Add(1, max(floor, decided.Before(fhir.State.FirstSeq))),
	}, err
}

func severityWord(s checks.Severity) string {
	if s == checks.None {
		return "resolved"
	}
	return s.String()
}
