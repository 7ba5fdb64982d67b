package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// The files under testdata/scenarios tell what a check must do, in lines that a pharmacist can
// read. A case begins with "# title"; its lines are facts, and those behind "->" the findings,
// exactly:
//
//	as-of 2026-11-23
//	person female 1974-05-14
//	rls confirmed [remission, provisional, refuted, resolved, text, ...] [recorded 2026-01-02] [abated 2026-02-03]
//	condition SYSTEM CODE
//	request active rx:312938 2026-10-14 [as-needed route:topical bounds:2026-10-14..2026-10-16 supply:30 dose:150mg daily:3 ...]
//	lab ferritin 152 ng/mL 2026-10-24 [preliminary] [specimen:a]
//	cut conditions
//	-> rls-ssri sertraline moderate
//	silent rls-ssri order-stopped
const asOfDefault = "2026-11-23T08:00:00Z"

type scenario struct {
	title  string
	st     State
	asOf   time.Time
	want   []string
	silent []string
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	seen := map[silence.Reason]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range parseScenarios(t, string(text)) {
			t.Run(filepath.Base(file)+"/"+s.title, func(t *testing.T) { runScenario(t, s) })
			for _, q := range Explain(&s.st, DefaultSettings(), s.asOf) {
				seen[q.Reason] = true
			}
		}
	}
	seen[silence.Off], seen[silence.NotApproved] = true, true // by settings: TestSilenceBySettings
	for _, r := range silence.Reasons() {
		if !seen[r] {
			t.Errorf("no scenario is silent because %s (%s)", r, r.Words())
		}
		delete(seen, r)
	}
	if len(seen) > 0 {
		t.Errorf("reasons outside the list: %v", seen)
	}
}

// eachScenario calls do with every case of testdata/scenarios.
func eachScenario(t *testing.T, do func(*scenario)) {
	t.Helper()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range parseScenarios(t, string(text)) {
			do(s)
		}
	}
}

func TestSilenceBySettings(t *testing.T) {
	s := parseScenarios(t, "# one\nrls confirmed\nrequest active rx:312938 2026-10-14")[0]
	off := false
	for want, set := range map[silence.Reason]*Settings{
		silence.Off:         {Checks: map[string]CheckSetting{"rls-ssri": {Enabled: &off}}},
		silence.NotApproved: {RequireApproved: true},
	} {
		set.Iron, set.Renal, set.Orders = defaultIronSettings(), defaultRenalSettings(), DefaultSettings().Orders
		found := slices.ContainsFunc(
			Explain(&s.st, set, s.asOf),
			func(q Silence) bool { return q.Check == "rls-ssri" && q.Reason == want },
		)
		if !found ||
			slices.ContainsFunc(Evaluate(&s.st, set, s.asOf), func(f Finding) bool { return f.Check == "rls-ssri" }) {
			t.Errorf("rls-ssri is not silent because %s", want)
		}
	}
}

func runScenario(t *testing.T, s *scenario) {
	set := DefaultSettings()
	var got []string
	for _, f := range Evaluate(&s.st, set, s.asOf) {
		got = append(
			got,
			strings.Join(
				strings.Fields(
					fmt.Sprintf("%s %s %s", f.Check, strings.ReplaceAll(f.Ingredient, " ", "_"), f.Severity),
				),
				" ",
			),
		)
		checkText(t, f)
	}
	slices.Sort(got)
	slices.Sort(s.want)
	if diff := cmp.Diff(s.want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	var silences []string
	for _, q := range Explain(&s.st, set, s.asOf) {
		silences = append(silences, strings.TrimSpace(q.Check+" "+string(q.Reason)))
	}
	for _, want := range s.silent {
		if !slices.Contains(silences, want) {
			t.Errorf("no silence %q among %q", want, silences)
		}
	}
}

// checkText holds a text to the rules of wording: it never tells anyone to stop, names dates and no
// ages, and has a source.
func checkText(t *testing.T, f Finding) {
	t.Helper()
	all := f.Summary + " " + f.Action + " " + strings.Join(f.Alternatives, " ")
	if w := ordersAnEnd.FindString(all); w != "" {
		t.Errorf("%s says %q: %s", f.Check, w, all)
	}
	if strings.ContainsAny(all, "{}") || strings.Contains(all, "  ") || strings.Contains(all, " .") ||
		strings.Contains(all, "%!") {
		t.Errorf("%s is badly set: %q", f.Check, all)
	}
	if f.Summary == "" || f.Action == "" || len(f.Citations) == 0 || f.Basis == "" {
		t.Errorf("%s lacks summary, action, citation or basis: %+v", f.Check, f)
	}
}

func parseScenarios(t *testing.T, text string) []*scenario {
	t.Helper()
	var all []*scenario
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "# "):
			asOf, _ := time.Parse(time.RFC3339, asOfDefault)
			all = append(all, &scenario{title: line[2:], st: State{Patient: "Patient/1"}, asOf: asOf})
		default:
			if err := all[len(all)-1].line(line); err != nil {
				t.Fatalf("line %d: %q: %v", n+1, line, err)
			}
		}
	}
	return all
}

var word = regexp.MustCompile(`"[^"]*"|\S+`)

func (s *scenario) line(line string) error {
	w := word.FindAllString(line, -1)
	for i := range w {
		w[i] = strings.Trim(w[i], `"`)
	}
	ref := facts.Ref(fmt.Sprintf("X/%03d", len(s.st.Facts)+1))
	switch w[0] {
	case "->":
		s.want = append(s.want, strings.Join(w[1:], " "))
		return nil
	case "silent":
		s.silent = append(s.silent, strings.Join(w[1:], " "))
		return nil
	case "as-of":
		t, err := time.Parse(time.RFC3339, w[1])
		s.asOf = t
		return err
	case "person":
		p := &facts.Person{Sex: map[string]facts.Sex{"female": facts.Female, "male": facts.Male}[w[1]]}
		if len(w) > 2 {
			p.Birth = day(w[2])
		}
		if i := slices.Index(w, "died"); i >= 0 {
			p.Deceased = true
			if i+1 < len(w) {
				p.Died = day(w[i+1])
			}
		}
		s.st.Merge(facts.Fact{Ref: "Patient/1", Kind: facts.KindPatient, Person: p})
		return nil
	case "rls", "condition":
		return s.condition("Condition"+ref[1:], w)
	case "request", "dispense", "statement":
		return s.order("Medication"+ref[1:], w)
	case "mark": // mark REF entered-in-error|deleted|moved
		why := map[string]facts.MarkReason{"entered-in-error": facts.MarkEnteredInError, "deleted": facts.MarkDeleted, "moved": facts.MarkMoved}[w[2]]
		s.st.Merge(facts.Fact{Ref: facts.Ref(w[1]), Kind: facts.KindMark, Mark: why})
		return nil
	case "medication":
		s.st.Merge(
			facts.Fact{
				Ref:        facts.Ref(w[1]),
				Kind:       facts.KindMedication,
				Medication: &facts.Drug{Codings: drugOf(w[2]).Codings, Names: drugOf(w[2]).Names},
			},
		)
		return nil
	case "cut": // cut KIND: older ones were left out
		for bit := range cutBits {
			if c := Cut(1) << bit; slices.Equal(c.Kinds(), w[1:]) {
				s.st.Cut |= c
				return nil
			}
		}
		return fmt.Errorf("nothing of that name is cut")
	case "lab":
		return s.lab("Observation"+ref[1:], w)
	}
	return fmt.Errorf("unknown word %q", w[0])
}

// day reads a FHIR date or dateTime of the forms that scenarios use.
func day(s string) moment.Time {
	for layout, p := range map[string]moment.Precision{"2006": moment.ToYear, "2006-01": moment.ToMonth, time.DateOnly: moment.ToDay, time.RFC3339: moment.ToInstant} {
		if t, err := time.Parse(layout, s); err == nil {
			return moment.Time{Nanos: t.UnixNano(), Precision: p}
		}
	}
	return moment.Time{}
}

func (s *scenario) condition(ref facts.Ref, w []string) error {
	c := &facts.Condition{
		Code:         facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008"}}},
		Verification: facts.VerificationConfirmed,
		Clinical:     facts.ClinicalActive,
	}
	if w[0] == "condition" {
		c.Code.Codings[0] = codes.Coding{System: codes.Canonical(w[1]), Code: w[2]}
		w = w[2:]
	}
	for i := 1; i < len(w); i++ {
		switch w[i] {
		case "confirmed":
		case "provisional":
			c.Verification = facts.VerificationProvisional
		case "refuted":
			c.Verification = facts.VerificationRefuted
		case "remission":
			c.Clinical = facts.ClinicalRemission
		case "resolved":
			c.Clinical = facts.ClinicalResolved
		case "plain": // neither status given
			c.Clinical, c.Verification = facts.ClinicalAbsent, facts.VerificationAbsent
		case "text":
			c.Code = facts.Concept{Texts: []string{w[i+1]}}
			i++
		case "id":
			ref = facts.Ref(w[i+1])
			i++
		case "recorded":
			c.Recorded = day(w[i+1])
			i++
		case "abated":
			c.Abatement = day(w[i+1])
			i++
		default:
			return fmt.Errorf("unknown word %q", w[i])
		}
	}
	s.st.Merge(facts.Fact{Ref: ref, Kind: facts.KindCondition, Condition: c})
	return nil
}

func drugOf(s string) facts.Drug {
	if code, ok := strings.CutPrefix(s, "rx:"); ok {
		code, name, named := strings.Cut(code, " ")
		d := facts.Drug{Codings: []codes.Coding{{System: codes.RxNorm, Code: code}}}
		if named {
			d.Names = []string{name}
		}
		return d
	}
	if code, ok := strings.CutPrefix(s, "atc:"); ok {
		return facts.Drug{Codings: []codes.Coding{{System: codes.ATC, Code: code}}}
	}
	return facts.Drug{Names: []string{s}}
}

var orderStatus = map[string]facts.OrderStatus{
	"active": facts.StatusActive, "draft": facts.StatusDraft, "on-hold": facts.StatusOnHold, "stopped": facts.StatusStopped, "cancelled": facts.StatusCancelled,
	"completed": facts.StatusCompleted, "unknown": facts.StatusUnknown, "in-progress": facts.StatusInProgress, "not-taken": facts.StatusNotTaken,
}

func (s *scenario) order(ref facts.Ref, w []string) error {
	o := &facts.Order{
		Kind: map[string]facts.OrderKind{"request": facts.Request, "dispense": facts.Dispense, "statement": facts.Statement}[w[0]],
		Drug: drugOf(w[2]),
	}
	status, ok := orderStatus[w[1]]
	if !ok {
		return fmt.Errorf("unknown status %q", w[1])
	}
	o.Status = status
	var version facts.Version
	d := facts.Dosage{}
	dosed := false
	for _, word := range w[3:] {
		key, val, _ := strings.Cut(word, ":")
		var err error
		switch key {
		case "as-needed":
			d.AsNeeded, dosed = true, true
		case "for":
			d.AsNeededReason, dosed = facts.Concept{Texts: []string{val}}, true
		case "reason":
			o.Reasons = append(o.Reasons, facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: val}}})
		case "reason-icd":
			o.Reasons = append(o.Reasons, facts.Concept{Codings: []codes.Coding{{System: codes.ICD10CM, Code: val}}})
		case "reason-ref":
			o.ReasonRefs = append(o.ReasonRefs, facts.Ref(val))
		case "reason-text":
			o.Reasons = append(o.Reasons, facts.Concept{Texts: []string{val}})
		case "route":
			d.Route, dosed = facts.Concept{Texts: []string{val}}, true
		case "bounds":
			a, b, _ := strings.Cut(val, "..")
			d.Bounds, dosed = facts.Period{Start: day(a), End: day(b)}, true
		case "lasts":
			d.BoundsLength, dosed = facts.Quantity{Value: val, Code: "d"}, true
		case "dose":
			n := strings.TrimRight(val, "abcdefghijklmnopqrstuvwxyzML")
			d.Dose, dosed = facts.Quantity{Value: n, Unit: val[len(n):]}, true
		case "daily":
			d.Timing.Frequency, err = strconv.Atoi(val)
			d.Timing.Period, d.Timing.PeriodUnit, dosed = "1", "d", true
		case "every":
			n := strings.TrimRight(val, "dwkmo")
			d.Timing.Frequency, d.Timing.Period, d.Timing.PeriodUnit, dosed = 1, n, val[len(n):], true
		case "supply":
			o.SupplyDays = val
		case "repeats":
			o.Repeats, err = strconv.Atoi(val)
		case "valid-until":
			o.Validity.End = day(val)
		case "effective-until":
			o.Effective.End = day(val)
		case "intent":
			o.Intent = map[string]facts.Intent{"proposal": facts.IntentProposal, "plan": facts.IntentPlan, "option": facts.IntentOption}[val]
		case "do-not-perform":
			o.DoNotPerform = true
		case "mark": // mark REF entered-in-error|deleted|moved
			why := map[string]facts.MarkReason{"entered-in-error": facts.MarkEnteredInError, "deleted": facts.MarkDeleted, "moved": facts.MarkMoved}[w[2]]
			s.st.Merge(facts.Fact{Ref: facts.Ref(w[1]), Kind: facts.KindMark, Mark: why})
			return nil
		case "medication":
			o.MedicationRef, o.Drug = facts.Ref(val), facts.Drug{}
		case "absent":
			o.Drug = facts.Drug{Absent: true}
		case "updated":
			version.Updated = day(val).Nanos
		default:
			if o.Authored = day(word); o.Authored.IsZero() {
				return fmt.Errorf("unknown word %q", word)
			}
		}
		if err != nil {
			return err
		}
	}
	if dosed {
		o.Dosages = []facts.Dosage{d}
	}
	s.st.Merge(facts.Fact{Ref: ref, Version: version, Kind: facts.KindOrder, Order: o})
	return nil
}

var labCodes = map[string]string{
	"ferritin": "2276-4", "ferritin-molar": "14723-1", "tsat": "2502-3", "iron": "2498-4", "tibc": "2500-7", "uibc": "2501-5", "transferrin": "3034-6",
	"creatinine": "2160-0", "egfr": "98979-8", "weight": "29463-7", "crp": "1988-5", "dialysis": "11041-1", "clearance": "35591-7", "pregnancy": "82810-3",
}

func (s *scenario) lab(ref facts.Ref, w []string) error {
	code, ok := labCodes[w[1]]
	if !ok {
		return fmt.Errorf("unknown test %q", w[1])
	}
	l := &facts.LabResult{Status: facts.LabFinal, Loincs: []string{code}}
	number := strings.TrimLeft(w[2], "<=>")
	l.Value = facts.Value{
		Kind:     facts.QuantityValue,
		Quantity: facts.Quantity{Value: number, Comparator: w[2][:len(w[2])-len(number)], Unit: w[3]},
	}
	if w[3] == "-" {
		l.Value.Quantity.Unit = ""
	}
	if w[2] == "text" {
		l.Value = facts.Value{Kind: facts.TextValue, Text: w[3]}
	}
	if w[2] == "snomed" {
		l.Value = facts.Value{
			Kind:    facts.CodedValue,
			Concept: facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: w[3]}}},
		}
	}
	for _, word := range w[4:] {
		switch key, val, _ := strings.Cut(word, ":"); key {
		case "preliminary":
			l.Status = facts.LabPreliminary
		case "registered":
			l.Status, l.Value = facts.LabRegistered, facts.Value{}
		case "unknown-status":
			l.Status = facts.LabUnknown
		case "cancelled":
			l.Status = facts.LabCancelled
		case "specimen":
			l.Specimen = facts.Ref("Specimen/" + val)
		case "undated":
		default:
			if l.Effective.Start = day(word); l.Effective.Start.IsZero() {
				return fmt.Errorf("unknown word %q", word)
			}
		}
	}
	s.st.Merge(facts.Fact{Ref: ref, Kind: facts.KindLab, Lab: l})
	return nil
}
