package cases

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// Result is how one case ended.
type Result struct {
	Case        *Case
	Got         *Got
	Differences []Difference
	Err         error  // the case could not be run
	Skipped     string // why it was not run, or not compared; "" if it was
	Variants    int    // shuffled variants that were run too
	Took        time.Duration
}

// Rules are what a case is decided by.
type Rules struct {
	Engine fold.Engine
	Reader fhir.Options
}

// Got is what a case gave.
type Got struct {
	AsOf        time.Time
	Flags       []Flag
	Rejected    map[string]int
	Transitions []Transition // only if the case tests them
	Rejections  []Rejection
	Why         map[Flag]string // first sentence of an open flag, keyed without severity

	known *fold.Memory
	rules *Rules
	said  []string // by a service, beside its flags
}

// Rejection is one resource that was rejected.
type Rejection struct{ Place, Reason, Detail string }

// Run folds the inputs of a case and decides at asOf, or at the time in the case. The reader's
// clock stands at that time, so that the answer is the same on every day. The error is that of an
// input that cannot be read to its end, or a Fault.
func (c *Case) Run(rules *Rules, asOf time.Time) (*Got, error) {
	if c.Fault != nil {
		return nil, c.Fault
	}
	return run(c.inputs(), rules, c.at(asOf, rules.Engine.Settings.Zone), c.Want.Transitions != nil)
}

func run(inputs []file, rules *Rules, asOf time.Time, stepwise bool) (*Got, error) {
	g := &Got{AsOf: asOf, Rejected: map[string]int{}, Why: map[Flag]string{}, rules: rules}
	if stepwise {
		g.Transitions = []Transition{}
	}
	o := rules.Reader
	o.Now = asOf
	reader := fhir.NewReader(o)
	replay := fold.NewReplay(&rules.Engine)
	resources := 0
	for n, f := range inputs {
		data, err := f.read()
		if err != nil {
			return nil, err
		}
		err = reader.Stream(bytes.NewReader(data), f.name, func(line int, r fhir.Resource) bool {
			resources++
			in := fold.Input{
				Arrival:   facts.Arrival{Sequence: uint64(n) + 1},
				Resources: []fhir.Resource{r},
				AllowAck:  true,
			}
			results := g.fold(replay, in, stepwise)
			g.reject(fmt.Sprintf("%s:%d", f.name, line), results)
			return true
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if resources == 0 {
		return nil, errors.New("no resource in its input")
	}
	g.known = replay.Finish(asOf)
	g.decide()
	return g, nil
}

func (g *Got) fold(replay *fold.Replay, in fold.Input, stepwise bool) []fold.Result {
	if !stepwise {
		return replay.Fold(in)
	}
	results, flags := replay.Step(in, g.AsOf)
	for i := range flags {
		g.Transitions = append(g.Transitions, Transition{string(flags[i].Change), flagOf(&flags[i].Finding)})
	}
	return results
}

func (g *Got) reject(place string, results []fold.Result) {
	for _, r := range results {
		if r.Outcome != fold.Rejected {
			continue
		}
		g.Rejected[string(r.Reason)]++
		if r.Pointer != "" {
			place += " at " + r.Pointer
		}
		g.Rejections = append(g.Rejections, Rejection{place, string(r.Reason), r.Detail})
	}
}

// decide takes in the open flags.
func (g *Got) decide() {
	e := &g.rules.Engine
	for _, p := range g.known.Patients() {
		for _, f := range checks.OpenFlags(g.known.State(p), e.Settings, e.Key, e.Ruleset, g.AsOf) {
			flag := flagOf(&f.Finding)
			g.Flags = append(g.Flags, flag)
			g.Why[flag.key()] = f.Summary
		}
	}
	slices.SortFunc(g.Flags, compareFlags)
}

// silence says why a flag is missing; "" if unknown.
func (g *Got) silence(f Flag) string {
	switch {
	case g.known == nil && len(g.said) > 0:
		return "beside its flags the service said: " + strings.Join(g.said, "; ")
	case g.known == nil:
		return ""
	}
	st := g.known.State(facts.Ref(f.Patient))
	if st == nil {
		return "nothing is known of this patient"
	}
	return checks.Why(st, g.rules.Engine.Settings, g.AsOf, f.Check, f.Ingredient)
}
