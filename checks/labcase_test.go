package checks

import (
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

var labAsOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func labTime(t testing.TB, s string) moment.Time {
	t.Helper()
	for layout, p := range map[string]moment.Precision{"2006": moment.ToYear, "2006-01": moment.ToMonth,
		time.DateOnly: moment.ToDay, "2006-01-02T15:04:05": moment.WithoutOff} {
		if v, err := time.Parse(layout, s); err == nil {
			return moment.Time{Nanos: v.UnixNano(), Precision: p}
		}
	}
	if s == "" {
		return moment.Time{}
	}
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return moment.Instant(v)
}

// labFact is one result: "LOINC value unit date", then any of a status, specimen:x, performer:x. A
// value may begin with a comparator; "-" is no unit or no date.
func labFact(t testing.TB, id, line string) facts.Fact {
	t.Helper()
	words := strings.Fields(line)
	l := &facts.LabResult{Status: facts.LabFinal, Loincs: strings.Split(words[0], "+")}
	l.Value = labValue(words[1], words[2])
	if words[3] != "-" {
		l.Effective.Start = labTime(t, words[3])
	}
	for _, w := range words[4:] {
		key, value, _ := strings.Cut(w, ":")
		switch key {
		case "preliminary":
			l.Status = facts.LabPreliminary
		case "unknown":
			l.Status = facts.LabUnknown
		case "registered":
			l.Status = facts.LabRegistered
		case "cancelled":
			l.Status = facts.LabCancelled
		case "specimen":
			l.Specimen = facts.Ref("Specimen/" + value)
		case "performer":
			l.Performer = facts.Ref("Organization/" + value)
		default:
			t.Fatalf("unknown word %q", w)
		}
	}
	return facts.Fact{Ref: facts.Ref("Observation/" + id), Kind: facts.KindLab, Lab: l}
}

func labValue(value, unit string) facts.Value {
	switch value {
	case "absent":
		return facts.Value{Kind: facts.AbsentValue, Text: "unknown"}
	case "text":
		return facts.Value{Kind: facts.TextValue, Text: "85 ng/mL"}
	case "none":
		return facts.Value{}
	}
	v := facts.Value{Kind: facts.QuantityValue}
	number := strings.TrimLeft(value, "<>=")
	v.Quantity = facts.Quantity{Value: number, Comparator: strings.TrimSuffix(value, number)}
	if unit != "-" {
		v.Quantity.Code, v.Quantity.Unit, v.Quantity.System = unit, unit, codes.UCUM
	}
	return v
}

// labState holds facts named a, b, c, ... from lines in the form of labFact.
func labState(t testing.TB, lines ...string) *State {
	t.Helper()
	st := &State{Patient: "Patient/1"}
	for i, line := range lines {
		st.Merge(labFact(t, string(rune('a'+i)), line))
	}
	return st
}

// ironOf decides iron for an adult on an alpha-2-delta ligand; change alters the input.
func ironOf(st *State, asOf time.Time, change func(*ironInput)) ironDecision {
	s := defaultIronSettings()
	in := ironInput{
		Terms:       terms.Embedded(),
		Settings:    &s,
		Alpha2Delta: true,
		Treated:     true,
		Birth: moment.Time{
			Nanos:     time.Date(1974, 5, 14, 0, 0, 0, 0, time.UTC).UnixNano(),
			Precision: moment.ToDay,
		},
	}
	in.Labs = readLabs(st, in.Terms, time.UTC, &s, asOf)
	if change != nil {
		change(&in)
	}
	return ironFinding(in)
}
