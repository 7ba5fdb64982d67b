package sim

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// began is when every run begins.
var began = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

var drugs = []string{"sertraline", "gabapentin", "diphenhydramine", "mirtazapine", "oxycodone", "pramipexole"}

// generate draws what producers send: few patients and few resources, so that versions, moves,
// deletions and late Medications meet.
func (w *world) generate() {
	n := 1 + w.rand.IntN(w.most)
	for len(w.inputs) < n {
		in := fold.Input{
			Arrival:  facts.Arrival{Epoch: 1, Sequence: uint64(len(w.inputs) + 1)},
			AllowAck: w.rand.IntN(8) > 0,
		}
		entries := 1
		if w.rand.IntN(4) == 0 {
			entries += w.rand.IntN(5) // a Bundle
		}
		for e := range entries {
			r := w.resource()
			r.Entry, r.Pointer = uint32(e), fmt.Sprintf("/entry/%d/resource", e)
			in.Resources = append(in.Resources, r)
		}
		w.inputs = append(w.inputs, in)
	}
}

func (w *world) resource() fhir.Resource {
	switch w.rand.IntN(30) {
	case 0:
		return fhir.Resource{Rejection: &fhir.Rejection{Reason: fhir.NoPatient, Detail: "no subject"}}
	case 1:
		return fhir.Resource{Type: "Encounter"}
	}
	patient, fact := w.fact()
	return fhir.Resource{Type: fact.Ref.Type(), Relevant: true, Patient: patient, Fact: fact}
}

func (w *world) ref(kind string, n int) facts.Ref {
	return facts.Ref(fmt.Sprintf("%s/%d", kind, 1+w.rand.IntN(n)))
}

// fact draws a version of a resource and the patient that it names; "" when none.
func (w *world) fact() (facts.Ref, facts.Fact) {
	patient := facts.Ref("Patient/" + string(rune('A'+w.rand.IntN(w.patients))))
	order := w.ref("MedicationRequest", w.orders)
	f := facts.Fact{}
	switch w.rand.IntN(20) {
	case 0, 1, 2, 3:
		f = facts.Fact{Ref: order, Kind: facts.KindOrder, Order: w.order(facts.Drug{Names: []string{w.drug()}}, "")}
	case 4, 5, 6, 7:
		f = facts.Fact{Ref: order, Kind: facts.KindOrder, Order: w.order(facts.Drug{}, w.ref("Medication", 3))}
	case 8, 9:
		patient = ""
		f = facts.Fact{
			Ref:        w.ref("Medication", 3),
			Kind:       facts.KindMedication,
			Medication: &facts.Drug{Names: []string{w.drug()}},
		}
		if w.rand.IntN(3) == 0 {
			f.Medication.Parts = []facts.Part{{Ref: w.ref("Medication", 3)}}
		}
	case 10: // a withdrawal that says of whom
		f = facts.Fact{Ref: order, Mark: facts.MarkEnteredInError}
	case 11, 12: // one that does not
		patient = ""
		f = facts.Fact{Ref: order, Mark: facts.MarkDeleted}
		if w.rand.IntN(2) == 0 {
			return patient, f // nor of which version
		}
	case 13:
		patient = ""
		f = facts.Fact{Ref: w.ref("Medication", 3), Mark: facts.MarkDeleted}
		if w.rand.IntN(2) == 0 {
			return patient, f
		}
	case 14:
		if w.rand.IntN(4) == 0 {
			return "", facts.Fact{Ref: patient, Mark: facts.MarkDeleted}
		}
		f = facts.Fact{
			Ref:    patient,
			Kind:   facts.KindPatient,
			Person: &facts.Person{Birth: day(began.AddDate(-60, 0, 0)), Deceased: w.rand.IntN(10) == 0},
		}
	case 15:
		f = w.lab()
	case 16:
		if f = w.answer(patient); f.Kind == facts.KindAcknowledgement {
			break
		}
		fallthrough
	default:
		f = w.condition()
	}
	f.Version.Updated = []int64{0, 1, 2, 3}[w.rand.IntN(4)] * int64(time.Hour)
	if f.Version.Updated > 0 {
		f.Version.Updated += began.Add(-12 * time.Hour).UnixNano()
	}
	f.Version.Number = []string{"", "1", "2", "10"}[w.rand.IntN(4)]
	return patient, f
}

func (w *world) drug() string { return drugs[w.rand.IntN(len(drugs))] }

func day(t time.Time) moment.Time { return moment.Time{Nanos: t.UnixNano(), Precision: moment.ToDay} }

func (w *world) order(d facts.Drug, medication facts.Ref) *facts.Order {
	o := &facts.Order{Status: facts.StatusActive, Drug: d, MedicationRef: medication}
	if w.rand.IntN(5) == 0 {
		o.Status = facts.StatusStopped
	}
	if w.rand.IntN(3) == 0 { // time alone ends it
		end := began.Add(time.Duration(w.rand.IntN(72)) * time.Hour)
		o.Dosages = []facts.Dosage{
			{Bounds: facts.Period{Start: moment.Instant(began.AddDate(0, -1, 0)), End: moment.Instant(end)}},
		}
	}
	if w.rand.IntN(6) == 0 { // time alone begins it
		o.Authored = moment.Instant(began.Add(time.Duration(w.rand.IntN(72)) * time.Hour))
	}
	return o
}

func (w *world) lab() facts.Fact {
	value := facts.Value{
		Kind: facts.QuantityValue,
		Quantity: facts.Quantity{
			Value:  fmt.Sprint(20 + 60*w.rand.IntN(3)),
			Code:   "ng/mL",
			Unit:   "ng/mL",
			System: codes.UCUM,
		},
	}
	at := began.AddDate(0, 0, -[]int{10, 181, 365}[w.rand.IntN(3)]).Add(time.Duration(w.rand.IntN(72)) * time.Hour)
	return facts.Fact{Ref: w.ref("Observation", 3), Kind: facts.KindLab, Lab: &facts.LabResult{Status: facts.LabFinal,
		Loincs: []string{"2276-4"}, Value: value, Effective: facts.Period{Start: moment.Instant(at)}}}
}

func (w *world) condition() facts.Fact {
	c := &facts.Condition{Verification: facts.VerificationConfirmed, Clinical: facts.ClinicalActive,
		Code: facts.Concept{Codings: []codes.Coding{{System: "http://snomed.info/sct", Code: "32914008"}}}}
	if w.rand.IntN(6) == 0 {
		c.Verification = facts.VerificationRefuted
	}
	return facts.Fact{Ref: w.ref("Condition", 2*w.patients), Kind: facts.KindCondition, Condition: c}
}

// answer acknowledges a flag that a patient has after what was drawn so far.
func (w *world) answer(patient facts.Ref) facts.Fact {
	st := w.replay(w.inputs, began).State(patient)
	if st == nil {
		return facts.Fact{}
	}
	flags := checks.OpenFlags(st, w.engine.Settings, w.engine.Key, w.engine.Ruleset, began)
	if len(flags) == 0 {
		return facts.Fact{}
	}
	f := flags[w.rand.IntN(len(flags))]
	a := &facts.Acknowledgement{FlagID: f.ID, Basis: f.Basis, Override: w.rand.IntN(2) == 0, Reason: "noted"}
	if w.rand.IntN(2) == 0 {
		a.Until = moment.Instant(began.Add(time.Duration(w.rand.IntN(72)) * time.Hour))
	}
	return facts.Fact{Ref: w.ref("DetectedIssue", 3), Kind: facts.KindAcknowledgement, Acknowledgement: a}
}

// replay is everything over memory, in the order of the stream.
func (w *world) replay(inputs []fold.Input, asOf time.Time) *fold.Memory {
	r := fold.NewReplay(w.engine)
	for _, in := range inputs {
		r.Fold(in)
	}
	return r.Finish(asOf)
}
