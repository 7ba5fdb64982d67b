package fold

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/fhir"
)

// engine has a test key and ruleset.
func engine() *Engine {
	return &Engine{Settings: checks.DefaultSettings(), Key: []byte("key of the tests, not secret"), Ruleset: "r1"}
}

// arrives is a resource as in the inbound stream.
func arrives(seq uint64, patient facts.Ref, fact facts.Fact) Input {
	return Input{Arrival: facts.Arrival{Epoch: 1, Sequence: seq}, AllowAck: true,
		Resources: []fhir.Resource{{Type: fact.Ref.Type(), Relevant: true, Patient: patient, Fact: fact}}}
}

func order(ref facts.Ref, drug string, medication facts.Ref) facts.Fact {
	o := &facts.Order{Status: facts.StatusActive, MedicationRef: medication}
	if drug != "" {
		o.Drug.Names = []string{drug}
	}
	return facts.Fact{Ref: ref, Kind: facts.KindOrder, Order: o}
}

func condition(ref facts.Ref) facts.Fact {
	return facts.Fact{Ref: ref, Kind: facts.KindCondition, Condition: &facts.Condition{
		Code:         facts.Concept{Codings: []codes.Coding{{System: "http://snomed.info/sct", Code: "32914008"}}},
		Verification: facts.VerificationConfirmed, Clinical: facts.ClinicalActive}}
}

func mark(ref facts.Ref, why facts.MarkReason) facts.Fact {
	return facts.Fact{Ref: ref, Kind: facts.KindMark, Mark: why}
}

func medication(ref facts.Ref, name string, parts ...facts.Ref) facts.Fact {
	d := &facts.Drug{Names: []string{name}}
	for _, p := range parts {
		d.Parts = append(d.Parts, facts.Part{Ref: p})
	}
	return facts.Fact{Ref: ref, Kind: facts.KindMedication, Medication: d}
}

func versioned(f facts.Fact, updated int64, number string) facts.Fact {
	f.Version.Updated, f.Version.Number = updated, number
	return f
}

var drugNames = []string{"sertraline", "gabapentin", "diphenhydramine", "mirtazapine"}

// events draws a stream: few patients and resources, so that versions, moves, deletions and late
// Medications meet.
func events(t *rapid.T) []Input {
	patients := []facts.Ref{"Patient/A", "Patient/B", "Patient/C"}
	n := rapid.IntRange(1, 14).Draw(t, "events")
	var all []Input
	for seq := range n {
		p := rapid.SampledFrom(patients).Draw(t, "patient")
		id := rapid.IntRange(1, 3).Draw(t, "id")
		name := rapid.SampledFrom(drugNames).Draw(t, "drug")
		med := facts.Ref(fmt.Sprintf("Medication/%d", rapid.IntRange(1, 3).Draw(t, "medication")))
		var f facts.Fact
		switch rapid.IntRange(0, 8).Draw(t, "kind") {
		case 0, 1:
			f = order(facts.Ref(fmt.Sprintf("MedicationRequest/%d", id)), name, "")
		case 2, 3:
			f = order(facts.Ref(fmt.Sprintf("MedicationRequest/%d", id)), "", med)
		case 4:
			f, p = medication(med, name, facts.Ref(fmt.Sprintf("Medication/%d", id))), ""
		case 5:
			f, p = mark(facts.Ref(fmt.Sprintf("MedicationRequest/%d", id)), facts.MarkDeleted), ""
		case 6:
			f = mark(facts.Ref(fmt.Sprintf("MedicationRequest/%d", id)), facts.MarkEnteredInError)
		case 7:
			f, p = mark(med, facts.MarkDeleted), ""
		default:
			f = condition(facts.Ref(fmt.Sprintf("Condition/%d", id)))
		}
		f = versioned(
			f,
			rapid.Int64Range(0, 3).Draw(t, "updated"),
			rapid.SampledFrom([]string{"", "1", "2", "10"}).Draw(t, "number"),
		)
		if f.Version.Updated == 0 && rapid.Bool().Draw(t, "unreadable version") {
			f.Unread = unread.Version
		}
		all = append(all, arrives(uint64(seq+1), p, f))
	}
	return all
}

// shuffled draws another order of the same events with repetitions, cut into batches.
func shuffled(t *rapid.T, all []Input) [][]Input {
	order := rapid.Permutation(all).Draw(t, "order")
	for range rapid.IntRange(0, 4).Draw(t, "repetitions") {
		at := rapid.IntRange(0, len(order)).Draw(t, "at")
		order = slices.Insert(order, at, rapid.SampledFrom(all).Draw(t, "again"))
	}
	var batches [][]Input
	for len(order) > 0 {
		n := rapid.IntRange(1, len(order)).Draw(t, "batch")
		batches, order = append(batches, order[:n]), order[n:]
	}
	return batches
}
