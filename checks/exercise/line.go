package exercise

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

var word = regexp.MustCompile(`"[^"]*"|\S+`)

// atLeast is the minimum number of words in a line, by its first word.
var atLeast = map[string]int{
	"as-of": 2, "person": 2, "rls": 1, "condition": 3, "request": 3, "dispense": 3, "statement": 3, "mark": 3,
	"medication": 3, "lab": 4,
}

func (c *Case) line(line string) error {
	w := word.FindAllString(line, -1)
	for i := range w {
		w[i] = strings.Trim(w[i], `"`)
	}
	if len(w) == 0 || len(w) < atLeast[w[0]] {
		return fmt.Errorf("too few words")
	}
	ref := facts.Ref(fmt.Sprintf("X/%03d", len(c.Facts)+1))
	switch w[0] {
	case "->":
		c.Want = append(c.Want, strings.Join(w[1:], " "))
		return nil
	case "silent":
		c.Silent = append(c.Silent, strings.Join(w[1:], " "))
		return nil
	case "as-of":
		t, err := time.Parse(time.RFC3339, w[1])
		c.AsOf = t
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
		c.add(facts.Fact{Ref: "Patient/1", Kind: facts.KindPatient, Person: p})
		return nil
	case "rls", "condition":
		return c.condition("Condition"+ref[1:], w)
	case "request", "dispense", "statement":
		return c.order("Medication"+ref[1:], w)
	case "mark": // mark REF entered-in-error|deleted|moved
		why := map[string]facts.MarkReason{"entered-in-error": facts.MarkEnteredInError, "deleted": facts.MarkDeleted,
			"moved": facts.MarkMoved}[w[2]]
		c.add(facts.Fact{Ref: facts.Ref(w[1]), Kind: facts.KindMark, Mark: why})
		return nil
	case "medication":
		c.add(facts.Fact{
			Ref:        facts.Ref(w[1]),
			Kind:       facts.KindMedication,
			Medication: &facts.Drug{Codings: drugOf(w[2]).Codings, Names: drugOf(w[2]).Names},
		},
		)
		return nil
	case "cut": // cut KIND: older ones were left out
		c.Cut = append(c.Cut, strings.Join(w[1:], " "))
		return nil
	case "lab":
		return c.lab("Observation"+ref[1:], w)
	}
	return fmt.Errorf("unknown word %q", w[0])
}

// day reads a FHIR date or dateTime in the forms the cases use.
func day(s string) moment.Time {
	for layout, p := range map[string]moment.Precision{"2006": moment.ToYear, "2006-01": moment.ToMonth,
		time.DateOnly: moment.ToDay, time.RFC3339: moment.ToInstant} {
		if t, err := time.Parse(layout, s); err == nil {
			return moment.Time{Nanos: t.UnixNano(), Precision: p}
		}
	}
	return moment.Time{}
}

func (c *Case) condition(ref facts.Ref, w []string) error {
	d := &facts.Condition{
		Code:         facts.Concept{Codings: []codes.Coding{{System: codes.SNOMED, Code: "32914008"}}},
		Verification: facts.VerificationConfirmed,
		Clinical:     facts.ClinicalActive,
	}
	if w[0] == "condition" {
		d.Code.Codings[0] = codes.Coding{System: codes.Canonical(w[1]), Code: w[2]}
		w = w[2:]
	}
	w = append(w, "") // gives the last word an empty value
	for i := 1; i < len(w)-1; i++ {
		switch w[i] {
		case "confirmed":
		case "provisional":
			d.Verification = facts.VerificationProvisional
		case "refuted":
			d.Verification = facts.VerificationRefuted
		case "remission":
			d.Clinical = facts.ClinicalRemission
		case "resolved":
			d.Clinical = facts.ClinicalResolved
		case "plain": // neither status given
			d.Clinical, d.Verification = facts.ClinicalAbsent, facts.VerificationAbsent
		case "text":
			d.Code = facts.Concept{Texts: []string{w[i+1]}}
			i++
		case "id":
			ref = facts.Ref(w[i+1])
			i++
		case "recorded":
			d.Recorded = day(w[i+1])
			i++
		case "abated":
			d.Abatement = day(w[i+1])
			i++
		default:
			return fmt.Errorf("unknown word %q", w[i])
		}
	}
	c.add(facts.Fact{Ref: ref, Kind: facts.KindCondition, Condition: d})
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
	"active": facts.StatusActive, "draft": facts.StatusDraft, "on-hold": facts.StatusOnHold,
	"stopped": facts.StatusStopped, "cancelled": facts.StatusCancelled,
	"completed": facts.StatusCompleted, "unknown": facts.StatusUnknown, "in-progress": facts.StatusInProgress,
	"not-taken": facts.StatusNotTaken,
}

func (c *Case) order(ref facts.Ref, w []string) error {
	o := &facts.Order{
		Kind: map[string]facts.OrderKind{"request": facts.Request, "dispense": facts.Dispense,
			"statement": facts.Statement}[w[0]],
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
			o.Intent = map[string]facts.Intent{"proposal": facts.IntentProposal, "plan": facts.IntentPlan,
				"option": facts.IntentOption}[val]
		case "do-not-perform":
			o.DoNotPerform = true
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
	c.add(facts.Fact{Ref: ref, Version: version, Kind: facts.KindOrder, Order: o})
	return nil
}

var labCodes = map[string]string{
	"ferritin": "2276-4", "ferritin-molar": "14723-1", "tsat": "2502-3", "iron": "2498-4", "tibc": "2500-7",
	"uibc": "2501-5", "transferrin": "3034-6",
	"creatinine": "2160-0", "egfr": "98979-8", "weight": "29463-7", "crp": "1988-5", "dialysis": "11041-1",
	"clearance": "35591-7", "pregnancy": "82810-3",
}

func (c *Case) lab(ref facts.Ref, w []string) error {
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
	c.add(facts.Fact{Ref: ref, Kind: facts.KindLab, Lab: l})
	return nil
}
