package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// AddClears adds to each open flag the single changes that would clear it, found by applying each
// change to the facts and evaluating again. Resolved flags and flags for patients get none.
//
// The result follows from facts, settings and asOf alone. It is not part of Flag.Digest: a stored
// flag keeps what would have cleared it at its own AsOf. Otherwise every diagnosis added beside the
// one that counts would update all flags of a patient. For the present state, ask rls.check or
// replay.
func AddClears(st *State, set *Settings, asOf time.Time, flags []Flag) {
	if set.Audience == ForPatients {
		return
	}
	var w *whatIf
	for i := range flags {
		f := &flags[i]
		if f.State == Resolved || f.Change == ChangeMoved {
			continue
		}
		if w == nil {
			w = newWhatIf(st, set, asOf)
		}
		f.Clears, f.ClearsCut = w.clears(f)
	}
}

// Limits on what is tried for one flag. They ignore the patient's other flags, so the result does
// not depend on which flags are decided together.
const (
	mostTrials = 40 // changes
	mostAlone  = 8  // orders, diagnoses, or results of an analyte tried one by one
)

// whatIf evaluates one patient's facts with single changes applied.
type whatIf struct {
	st    *State
	ev    *evaluation // without any change
	known knownDrugs
	found map[string]openNow // by change and instant
	runs  int
}

// knownDrugs caches drug look-ups by address, since most facts stay as they are.
type knownDrugs map[*facts.Drug]terms.Match

func (ev *evaluation) matchOf(d *facts.Drug) terms.Match {
	if m, ok := ev.known[d]; ok {
		return m
	}
	m := ev.classifyDrug(d)
	if ev.known != nil {
		ev.known[d] = m
	}
	return m
}

// openNow holds the severities of open flags, by check and ingredient.
type openNow map[[2]string]Severity

// trial is a change to some facts, and the instant at which it must have cleared a flag.
type trial struct {
	clears.Change
	facts []facts.Fact // replacing those with the same references, or new
	at    time.Time
	// later lists when to try again if the flag does not clear at once.
	later []time.Time
	// also must clear at the same instant: the other end of a span of time.
	also []facts.Fact
}

func newWhatIf(st *State, set *Settings, asOf time.Time) *whatIf {
	w := &whatIf{st: st, known: knownDrugs{}, found: map[string]openNow{}}
	w.ev = &evaluation{st: st, set: set, terms: set.terms(), zone: set.zone(), asOf: asOf, known: w.known, bare: true}
	w.ev.all()
	return w
}

// clears returns the changes that clear f, by kind in the order of the table, and whether some were
// left untried.
func (w *whatIf) clears(f *Flag) (list []clears.Change, cut bool) {
	tried := 0
	for _, kind := range clears.Of(f.Check) {
		trials, more := w.trials(kind, f)
		cut = cut || more
		for i := range trials {
			t := &trials[i]
			if slices.ContainsFunc(list, func(c clears.Change) bool { return c.Within(&t.Change) }) {
				continue
			}
			if tried++; tried > mostTrials {
				return list, true
			}
			if w.clearing(t, f) {
				list = append(list, w.told(&t.Change, f))
			}
		}
	}
	return list, cut
}

func (w *whatIf) trials(kind clears.Kind, f *Flag) (list []trial, cut bool) {
	switch kind {
	case clears.Lab:
		if f.Check == checkRenalDose {
			return w.kidneyResults(f), false
		}
		return w.ironResults(f.Check != checkIronLow), false
	case clears.Unit:
		return w.units(f)
	case clears.Medication:
		return w.medications(f)
	case clears.Dose:
		return w.doses(f), false
	case clears.Reason:
		return w.reasons(f)
	case clears.OrderEnd:
		return w.ends(f)
	case clears.Route:
		return w.routes(f)
	default:
		return w.diagnoses(f)
	}
}

// clearing reports whether a change clears f; it records when, and what opens instead.
func (w *whatIf) clearing(t *trial, f *Flag) bool {
	name := [2]string{f.Check, f.Ingredient}
	at := append([]time.Time{t.at}, t.later...)
	for i, then := range at {
		now := w.with(t.key(), t.facts, then)
		if now[name] != None || then.After(w.ev.asOf) && w.with("", nil, then)[name] == None {
			continue // or time alone clears it
		}
		if t.also != nil && w.with(t.key()+"|also", t.also, then)[name] != None {
			return false
		}
		if i == 0 && len(t.later) > 0 {
			t.Days = 0
		}
		t.Opens = w.opens(now, then)
		return true
	}
	return false
}

// opens lists the checks that are open or more severe only because of the change.
func (w *whatIf) opens(now openNow, at time.Time) []string {
	before := w.with("", nil, at)
	var checks []string
	for name, severity := range now {
		if severity > before[name] && !slices.Contains(checks, name[0]) {
			checks = append(checks, name[0])
		}
	}
	slices.Sort(checks)
	return checks
}

// key identifies a trial by the facts it changes.
func (t *trial) key() string {
	parts := []string{string(t.Kind), t.Drug, t.Value, t.From}
	for _, f := range t.facts {
		parts = append(parts, string(f.Ref))
	}
	for _, r := range t.Results {
		parts = append(parts, r.Analyte, r.Comparator, r.Value)
	}
	return strings.Join(parts, "|")
}

// with returns what is open at an instant after some facts have changed.
func (w *whatIf) with(key string, changed []facts.Fact, at time.Time) openNow {
	key += "|" + at.Format(time.RFC3339Nano)
	if now, ok := w.found[key]; ok {
		return now
	}
	st := &State{Patient: w.st.Patient, Facts: slices.Clone(w.st.Facts), Cut: w.st.Cut}
	for _, f := range changed {
		if i, held := st.search(f.Ref); held {
			st.Facts[i] = f
		} else {
			st.Facts = slices.Insert(st.Facts, i, f)
		}
	}
	ev := evaluation{
		st: st, set: w.ev.set, terms: w.ev.terms, zone: w.ev.zone, asOf: at, known: w.known, bare: true,
	}
	w.runs++
	now := openNow{}
	for _, f := range ev.all().findings {
		now[[2]string{f.Check, f.Ingredient}] = f.Severity
	}
	w.found[key] = now
	return now
}
