package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// contextOfOneCall bounds one request.
func contextOfOneCall() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

// soakLoad makes events that keep few patients busy: versions of the same orders, results and
// diagnoses, so that flags open, change and resolve all the time, and nothing new becomes known.
type soakLoad struct {
	rand     *rand.Rand
	patients int
	made     int
	versions map[string]int
}

func newSoakLoad(patients int) *soakLoad {
	return &soakLoad{rand: rand.New(rand.NewPCG(3, 3)), patients: patients, versions: map[string]int{}}
}

var (
	soakDrugs = []string{
		"sertraline", "gabapentin", "oxycodone", "mirtazapine", "quetiapine", "paracetamol", "lorazepam",
	}
	soakStatuses = []string{"active", "stopped", "active"}
)

func (l *soakLoad) next() string {
	l.made++
	p, k, x := l.rand.IntN(l.patients), l.rand.IntN(3), l.rand.Float64()
	switch {
	case x < .10:
		return soakDiagnosis(p, l.version(fmt.Sprint("c", p)))
	case x < .25:
		id := fmt.Sprintf("f%d-%d", p, k)
		return soakResult(id, l.version(id), p, 1+l.rand.IntN(11), 5+l.rand.IntN(195))
	case x < .27:
		return `{"resourceType":"Condition","id":"bad"}`
	}
	id := fmt.Sprintf("m%d-%d", p, k)
	status, drug := soakStatuses[l.rand.IntN(len(soakStatuses))], soakDrugs[l.rand.IntN(len(soakDrugs))]
	return soakOrder(id, l.version(id), p, status, drug)
}

// version is the meta of the next version of a resource.
func (l *soakLoad) version(id string) string {
	l.versions[id]++
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(l.made) * 200 * time.Millisecond)
	return soakMeta(l.versions[id], at)
}

func soakMeta(version int, at time.Time) string {
	return fmt.Sprintf(`"meta":{"versionId":"%d","lastUpdated":"%s"}`, version, at.Format("2006-01-02T15:04:05.000Z"))
}

func soakResult(id, meta string, patient, month, ferritin int) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":"%s",%s,"status":"final",`+
		`"subject":{"reference":"Patient/%d"},"effectiveDateTime":"2026-%02d-10",`+
		`"code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},"valueQuantity":{"value":%d,`+
		`"unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"}}`, id, meta, patient, month, ferritin)
}

func soakDiagnosis(patient int, meta string) string {
	return fmt.Sprintf(`{"resourceType":"Condition","id":"c%d",%s,"subject":{"reference":"Patient/%d"},`+
		`"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`, patient, meta, patient)
}

func soakOrder(id, meta string, patient int, status, drug string) string {
	return fmt.Sprintf(`{"resourceType":"MedicationRequest","id":"%s",%s,"status":"%s","intent":"order",`+
		`"subject":{"reference":"Patient/%d"},"authoredOn":"2026-11-0%d","medicationCodeableConcept":{"text":"%s"}}`,
		id, meta, status, patient, 1+patient%9, drug)
}

// soakFirst makes a patient known: a Patient and three orders; one in twenty has RLS.
func soakFirst(patient int) []string {
	meta := soakMeta(0, time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC))
	docs := []string{
		fmt.Sprintf(`{"resourceType":"Patient","id":"%d",%s,"birthDate":"1960-01-01"}`, patient, meta),
	}
	for k := range 3 {
		id := fmt.Sprintf("m%d-%d", patient, k)
		docs = append(docs, soakOrder(id, meta, patient, "active", soakDrugs[(patient+k)%len(soakDrugs)]))
	}
	if patient%20 == 0 {
		docs = append(docs, soakDiagnosis(patient, meta))
	}
	return docs
}
