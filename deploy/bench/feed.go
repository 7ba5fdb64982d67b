package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
)

// feed makes events as a hospital sends them: single resources of changing patients, out of what
// the samples hold. A few patients have RLS and get a medicine that makes it worse, so that there
// is something to flag.
type feed struct {
	resources [][]byte
	rand      *rand.Rand
	patients  int
	made      int
}

const (
	// oneInRLS patients has RLS.
	oneInRLS = 100
	// oneInOrder events is an order of such a medicine for one of them.
	oneInOrder = 200
	// feedBundles is of how many samples the resources come.
	feedBundles = 40
)

func newFeed(samples string, patients int) (*feed, error) {
	f := &feed{rand: rand.New(rand.NewPCG(7, 7)), patients: patients}
	files, err := filepath.Glob(filepath.Join(samples, "*.json*"))
	if err != nil {
		return nil, err
	}
	for _, path := range files[:min(len(files), feedBundles)] {
		b, err := sample(path)
		if err != nil {
			return nil, err
		}
		var bundle struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal(b, &bundle); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, e := range bundle.Entry {
			var c bytes.Buffer
			if err := json.Compact(&c, e.Resource); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			f.resources = append(f.resources, c.Bytes())
		}
	}
	if len(f.resources) == 0 {
		return nil, fmt.Errorf("no Bundles in %q", samples)
	}
	return f, nil
}

var (
	ownID   = regexp.MustCompile(`^(\{"resourceType":"[A-Za-z]+","id":")[^"]*`)
	subject = regexp.MustCompile(`"(subject|patient)":\{"reference":"[^"]*`)
)

func patientID(n int) string {
	return fmt.Sprintf("%08x-5b1c-4a7e-9c3d-%012x", uint32(n)*2654435761, n)
}

// next is an event of any patient.
func (f *feed) next() []byte {
	f.made++
	if f.made%oneInOrder == 0 {
		return f.order(patientID(f.rand.IntN(max(1, f.patients/oneInRLS)) * oneInRLS))
	}
	doc := f.resources[f.rand.IntN(len(f.resources))]
	doc = ownID.ReplaceAll(doc, fmt.Appendf(nil, "${1}%08x-0f3a-4b6d-8e21-%012x", f.rand.Uint32(), f.made))
	return subject.ReplaceAll(
		doc,
		fmt.Appendf(nil, `"$1":{"reference":"Patient/%s`, patientID(f.rand.IntN(f.patients))),
	)
}

// order is one of sertraline.
func (f *feed) order(patient string) []byte {
	return fmt.Appendf(
		nil,
		`{"resourceType":"MedicationRequest","id":"%08x-77aa-4c2b-9d10-%012x","status":"active","intent":"order","subject":{"reference":"Patient/%s"},"authoredOn":"2026-11-02","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"312938"}]}}`,
		f.rand.Uint32(),
		f.made,
		patient,
	)
}

// first makes the n-th patient known: with a diagnosis of RLS, or an order that is of no interest
// but that it is kept.
func (f *feed) first(n int) []byte {
	if n%oneInRLS != 0 {
		return f.order(patientID(n))
	}
	return diagnosis(patientID(n))
}

func diagnosis(patient string) []byte {
	return fmt.Appendf(
		nil,
		`{"resourceType":"Condition","id":"c-%s","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]},"subject":{"reference":"Patient/%s"},"recordedDate":"2026-10-01"}`,
		patient,
		patient,
	)
}

// take gives n events out of make, and then none.
func take(n int, make func(int) []byte) func() []byte {
	i := -1
	return func() []byte {
		if i++; i >= n {
			return nil
		}
		return make(i)
	}
}
