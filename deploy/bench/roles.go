package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// eachFile calls f with the content of all files of a folder.
func eachFile(dir string, f func([]byte) error) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

func valid(b []byte) error {
	if !json.Valid(b) {
		return errors.New("no JSON")
	}
	return nil
}

// naive is the obvious program: FHIR models and encoding/json, for the questions of filter.jq.
func naive(b []byte) error {
	bundle, err := fhir.UnmarshalBundle(b)
	if err != nil {
		return err
	}
	var a answer
	for _, e := range bundle.Entry {
		var t struct {
			ResourceType string `json:"resourceType"`
		}
		if err := json.Unmarshal(e.Resource, &t); err != nil {
			return err
		}
		a.resource(t.ResourceType, e.Resource)
	}
	fmt.Println(a.diagnosis, a.orders, a.value)
	return nil
}

type answer struct {
	diagnosis   bool
	orders      int
	when, value string
}

// resource takes in what models and input agree on; what they do not is passed over.
func (a *answer) resource(typ string, b []byte) {
	switch typ {
	case "Condition":
		if r, err := fhir.UnmarshalCondition(b); err == nil {
			a.diagnosis = a.diagnosis || hasCode(r.Code, "32914008", "15777000")
		}
	case "MedicationRequest":
		if r, err := fhir.UnmarshalMedicationRequest(b); err == nil && r.Status == "active" &&
			hasCode(&r.MedicationCodeableConcept, "312938", "316049") {
			a.orders++
		}
	case "Observation":
		r, err := fhir.UnmarshalObservation(b)
		if err != nil || r.Status != fhir.ObservationStatusFinal || !hasCode(&r.Code, "2276-4", "38483-4") ||
			r.EffectiveDateTime == nil ||
			r.ValueQuantity == nil {
			return
		}
		if *r.EffectiveDateTime >= a.when {
			a.when, a.value = *r.EffectiveDateTime, string(*r.ValueQuantity.Value)
		}
	}
}

func hasCode(c *fhir.CodeableConcept, codes ...string) bool {
	return c != nil &&
		slices.ContainsFunc(
			c.Coding,
			func(k fhir.Coding) bool { return k.Code != nil && slices.Contains(codes, *k.Code) },
		)
}

// unpackAll unpacks all files of a folder on all cores and keeps nothing: no reader of them can be
// faster.
func unpackAll(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	work := make(chan string)
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for p := range work {
				errs[i] = errors.Join(errs[i], unpack(p))
			}
		})
	}
	for _, p := range paths {
		work <- p
	}
	close(work)
	wg.Wait()
	return errors.Join(errs...)
}

func unpack(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, z)
	return err
}
