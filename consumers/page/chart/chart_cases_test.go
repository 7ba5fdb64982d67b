package chart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

func dated(t time.Time) record.Date { return record.Date{At: t, Words: t.Format(time.DateOnly)} }

// many is a patient with 400 orders, most of them renewals, and years of results.
func many() *timeline.Patient {
	p := &timeline.Patient{Patient: "t", AsOf: asOf, Zone: "UTC"}
	drugs := []struct{ name, class, dose string }{
		{"gabapentin", "alpha2delta", "900 mg a day"}, {"pramipexole", "dopamine_agonist", "0.25 mg a day"},
		{"sertraline", "ssri", "50 mg a day"}, {"zolpidem", "z_hypnotic", "5 mg a day at most, as needed"},
		{"ferrous sulfate", "iron_oral", "325 mg a day"},
	}
	for i := range 400 {
		d := drugs[i%len(drugs)]
		from := asOf.AddDate(0, 0, -30*(i/len(drugs)+1))
		o := record.Order{
			Ref: facts.Ref(fmt.Sprintf("MedicationRequest/%d", i)), Kind: record.KindOrder, Status: "completed",
			Dose:    d.dose,
			Product: d.name + " tablet", Ingredients: []string{d.name}, Classes: []string{d.class}, From: dated(from),
			Until: dated(from.AddDate(0, 0, 30)),
		}
		if i < len(drugs) {
			o.Status, o.Counts, o.Until = "active", true, record.Date{}
		}
		if i%7 == 0 {
			o.Kind = record.KindDispense
		}
		if i > 300 { // no drug of ours
			o.Ingredients, o.Classes, o.Product = nil, nil, fmt.Sprintf("other medicine %d", i%40)
		}
		p.Orders = append(p.Orders, o)
	}
	ferritin := record.Series{Analyte: "ferritin", Name: "ferritin", Unit: "ng/mL", Limits: []record.Limit{
		{Value: "75", Side: record.AtOrBelow, Label: "low at or below 75 (adults)"},
	}}
	for i := range 60 {
		v := 20 + (i*i*7)%900
		ferritin.Points = append(ferritin.Points, record.Point{
			Refs: []facts.Ref{facts.Ref(fmt.Sprintf("Observation/%d", i))}, At: dated(asOf.AddDate(0, -60+i, 0)),
			Value: fmt.Sprint(v), Words: fmt.Sprint(v, " ng/mL"), Usable: i%11 != 0, Beyond: v <= 75,
		})
	}
	p.Results = append(p.Results, ferritin)
	for i, s := range []string{"high", "moderate", "moderate", "low"} {
		p.Flags = append(p.Flags, timeline.Flag{
			Line: ordercheck.Line{
				ID: fmt.Sprint(i), Check: "check-" + s, Ingredient: drugs[i].name, Severity: s, State: checks.Open,
				Implicated: []facts.Ref{p.Orders[i].Ref},
			},
			History: []timeline.Step{{Transition: checks.ChangeOpened, At: asOf.AddDate(0, -3*i-1, 0), Severity: s}},
		})
	}
	return p
}

// For 400 orders a figure shows one lane per drug of ours, equal orders as one bar with their
// number; the rest is counted.
func TestManyOrders(t *testing.T) {
	p := many()
	svg := string(SVG(p, Options{ID: "many"}))
	if n := strings.Count(svg, `class="tl-lane`); n > 16 {
		t.Errorf("%d lanes", n)
	}
	for _, want := range []string{
		"900 mg a day × ", "other medicines: see the table", "tl-rank-high", "tl-unusable", "tl-beyond",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in the figure", want)
		}
	}
	if len(svg) > 60_000 {
		t.Errorf("%d bytes", len(svg))
	}
	tables, err := Tables(p, Options{})
	if err != nil || strings.Count(string(tables), "MedicationRequest/") != 400 {
		t.Errorf("%d orders in the table, %v", strings.Count(string(tables), "MedicationRequest/"), err)
	}
}

// An order whose dose rises is one bar per dose, without those not yet begun.
func TestStepsAreBars(t *testing.T) {
	p := &timeline.Patient{Patient: "t", AsOf: asOf, Zone: "UTC"}
	from := asOf.AddDate(0, -6, 0)
	p.Orders = []record.Order{{
		Ref: "MedicationRequest/1", Kind: record.KindOrder, Status: "active", Counts: true, From: dated(from),
		Ingredients: []string{"pramipexole"}, Classes: []string{"dopamine_agonist"}, Dose: "0.5 mg a day",
		Steps: []record.Step{
			{From: dated(from), Dose: "0.125 mg a day"}, {From: dated(from.AddDate(0, 2, 0)), Dose: "0.25 mg a day"},
			{From: dated(from.AddDate(0, 4, 0)), Dose: "0.5 mg a day"},
			{From: dated(asOf.AddDate(0, 1, 0)), Dose: "1 mg a day"},
		},
	}}
	svg := string(SVG(p, Options{ID: "x"}))
	for _, dose := range []string{"0.125", "0.25", "0.5"} {
		if !strings.Contains(svg, ">"+dose+" mg") {
			t.Errorf("no bar of %s mg", dose)
		}
	}
	if strings.Contains(svg, ">1 mg a day") || strings.Count(svg, `<path class="tl-order"`) != 4 { // one in the legend
		t.Errorf("%s", svg)
	}
}
