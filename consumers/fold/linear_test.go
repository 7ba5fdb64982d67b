package fold

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

// sender sends n of something, in batches, each followed by a commit.
type sender func(n int) [][]fhir.Resource

// TestCostFollowsWhatIsSent holds that what a fold looks at and decides grows no faster than what
// is sent.
func TestCostFollowsWhatIsSent(t *testing.T) {
	for name, send := range map[string]sender{
		"patients of one resource": func(n int) [][]fhir.Resource {
			return [][]fhir.Resource{moved(n,
				n)}
		},
		"patients of one resource, one at a time": func(n int) [][]fhir.Resource { return single(moved(n, n)) },
		"moves between two patients":              func(n int) [][]fhir.Resource { return single(moved(n, 2)) },
		"moves among fifty": func(n int) [][]fhir.Resource {
			return [][]fhir.Resource{moved(n,
				50)}
		},
		"versions":                   func(n int) [][]fhir.Resource { return single(moved(n, 1)) },
		"deletions between versions": func(n int) [][]fhir.Resource { return [][]fhir.Resource{deleted(n)} },
		"referrers": func(n int) [][]fhir.Resource {
			return [][]fhir.Resource{referring(n),
				{product(1, "sertraline")}}
		},
		"changed versions of a Medication": func(n int) [][]fhir.Resource {
			return [][]fhir.Resource{referring(50), products(n, "sertraline", "mirtazapine")}
		},
		"unchanged versions of a Medication": func(n int) [][]fhir.Resource {
			return append([][]fhir.Resource{referring(50)}, single(products(n, "sertraline", "sertraline"))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			const small = 100
			least := cost(send(small))
			for _, times := range []int{2, 4} {
				got := cost(send(times * small))
				if most := float64(least) * math.Pow(float64(times), 1.15); float64(got) > most {
					t.Errorf("%d cost %d, %d cost %d: more than %.0f", small, least, times*small, got, most)
				}
			}
		})
	}
}

func TestUnchangedMedicationTouchesNobody(t *testing.T) {
	m := NewMemory()
	costOn(m, [][]fhir.Resource{referring(30), {product(1, "sertraline")}})
	if got := costOn(m, [][]fhir.Resource{{product(2, "sertraline")}}); got != 0 {
		t.Errorf("a new version that says the same costs %d", got)
	}
	if m.Medication("Medication/m").Version.Number != "2" {
		t.Error("the new version is not kept")
	}
	if got := costOn(m, [][]fhir.Resource{{product(3, "mirtazapine")}}); got < 30 {
		t.Errorf("a new version that says something else costs %d", got)
	}
}

func cost(batches [][]fhir.Resource) int { return costOn(NewMemory(), batches) }

// costOn is how many states are looked at and decided.
func costOn(m *Memory, batches [][]fhir.Resource) (n int) {
	e := &Engine{Settings: checks.DefaultSettings(), Key: []byte("key"), Ruleset: "rules"}
	for i, b := range batches {
		f := e.NewFold(m)
		for j := range b {
			b[j].Relevant, b[j].Entry = true, uint32(j)
		}
		f.Add(nil, 0, &Input{Arrival: facts.Arrival{Sequence: uint64(i + 1)}, Resources: b})
		m.apply(f.decide(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)))
		n += f.peeked + f.decided
	}
	return n
}

func single(all []fhir.Resource) (batches [][]fhir.Resource) {
	for _, r := range all {
		batches = append(batches, []fhir.Resource{r})
	}
	return batches
}

// moved is one order in n versions, each of the next of patients.
func moved(n, patients int) (all []fhir.Resource) {
	for i := range n {
		all = append(all, ordered("one", i%patients, i+1, facts.Order{Drug: facts.Drug{Names: []string{"sertraline"}}}))
	}
	return all
}

// deleted is one order in n versions, each of another patient and followed by a deletion.
func deleted(n int) (all []fhir.Resource) {
	for i, r := range moved(n, n) {
		r.Fact.Version = version(2*i + 1)
		gone := facts.Fact{Ref: r.Fact.Ref, Version: version(2*i + 2), Mark: facts.MarkDeleted}
		all = append(all, r, fhir.Resource{Fact: gone})
	}
	return all
}

// referring are orders of n patients for one Medication.
func referring(n int) (all []fhir.Resource) {
	for i := range n {
		all = append(all, ordered(fmt.Sprint(i), i, 1, facts.Order{MedicationRef: "Medication/m"}))
	}
	return all
}

func products(n int, names ...string) (all []fhir.Resource) {
	for i := range n {
		all = append(all, product(i+1, names[i%len(names)]))
	}
	return all
}

func product(number int, name string) fhir.Resource {
	return fhir.Resource{Fact: facts.Fact{Ref: "Medication/m", Version: version(number), Kind: facts.KindMedication,
		Medication: &facts.Drug{Names: []string{name}}}}
}

func ordered(id string, patient, number int, o facts.Order) fhir.Resource {
	o.Status = facts.StatusActive
	return fhir.Resource{Patient: facts.Ref(fmt.Sprint("Patient/", patient)),
		Fact: facts.Fact{
			Ref:     facts.Ref("MedicationRequest/" + id),
			Version: version(number),
			Kind:    facts.KindOrder,
			Order:   &o,
		}}
}

func version(number int) facts.Version { return facts.Version{Number: fmt.Sprint(number)} }
