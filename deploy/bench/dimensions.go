package main

import (
	"fmt"
	"strings"
)

// many are how many patients have a number that is limited for each, so that what is measured is
// more than the start of a process.
const many = 20

func dimensions() []dimension {
	few, more := [3]int{500, 1000, 2000}, [3]int{4000, 8000, 16000}
	all := []dimension{
		{name: "orders of one drug", door: "replay", n: few, send: manyPatients(orders("sertraline", "sertraline"))},
		{
			name: "orders of a gabapentinoid and an opioid",
			door: "replay",
			n:    few,
			send: manyPatients(orders("gabapentin", "oxycodone")),
		},
		{
			name: "orders of two gabapentinoids",
			door: "replay",
			n:    few,
			send: manyPatients(orders("gabapentin", "pregabalin")),
		},
		{
			name: "orders of a dopamine agonist and an antagonist",
			door: "replay",
			n:    few,
			send: manyPatients(orders("pramipexole", "haloperidol")),
		},
		{name: "answers", door: "replay", n: few, send: manyPatients(answers)},
		{name: "results", door: "replay", n: few, send: manyPatients(results)},
		{name: "versions of an order", door: "replay", n: more, send: moves(1)},
		{name: "moves between two patients", door: "replay", n: more, send: moves(2)},
		{name: "patients of one resource", door: "replay", n: more, send: moves(1 << 30)},
		{
			name: "referrers of a Medication",
			door: "replay",
			n:    more,
			send: func(n, run int) []string { return append(referrers(n, run), products(1, run)...) },
		},
		{
			name: "versions of a Medication",
			door: "replay",
			n:    more,
			send: func(n, run int) []string { return append(referrers(500, run), products(n, run)...) },
		},
	}
	pair := "orders of a gabapentinoid and an opioid"
	return append(
		all,
		dimension{name: pair, door: "serve", n: few, send: manyPatients(orders("gabapentin", "oxycodone"))},
		dimension{name: pair, door: "check", n: few, send: inOne(orders("gabapentin", "oxycodone"))},
		dimension{
			name: "patients of one resource",
			door: "serve",
			n:    [3]int{1000, 2000, 4000},
			send: inOne(moves(1 << 30)),
		},
		dimension{
			name:  "referrers of a Medication that changes",
			door:  "serve",
			n:     more,
			first: referrers,
			send:  func(_, run int) []string { return products(1, run) },
		},
	)
}

// inOne puts all into one Bundle.
func inOne(of messages) messages {
	return func(n, run int) []string {
		return []string{
			`{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + strings.Join(
				of(n, run),
				`},{"resource":`,
			) + `}]}`,
		}
	}
}

// manyPatients has many patients send the same.
func manyPatients(of messages) messages {
	return func(n, run int) (all []string) {
		for i := range many {
			all = append(all, of(n, run*many+i)...)
		}
		return all
	}
}

func restless(patient string) string {
	return fmt.Sprintf(
		`{"resourceType":"Condition","id":"c%s","subject":{"reference":"Patient/%[1]s"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`,
		patient,
	)
}

func order(id, patient, rest string) string {
	return fmt.Sprintf(
		`{"resourceType":"MedicationRequest","id":"%s","intent":"order","subject":{"reference":"Patient/%s"},%s}`,
		id,
		patient,
		rest,
	)
}

func named(drug string) string {
	return fmt.Sprintf(`"medicationCodeableConcept":{"text":%q}`, drug)
}

func orders(drugs ...string) messages {
	return func(n, run int) []string {
		p := fmt.Sprint("p", run)
		all := []string{restless(p)}
		for i := range n {
			all = append(all, order(fmt.Sprintf("m%d-%d", run, i), p, `"status":"active",`+named(drugs[i%len(drugs)])))
		}
		return all
	}
}

func answers(n, run int) []string {
	p := fmt.Sprint("p", run)
	all := []string{restless(p), order("m"+p, p, `"status":"active",`+named("sertraline"))}
	for i := range n {
		all = append(
			all,
			fmt.Sprintf(
				`{"resourceType":"DetectedIssue","id":"d%d-%d","status":"final","patient":{"reference":"Patient/%s"},`+
					`"identifier":[{"system":"https://rlsguard.github.io/fhir/flag-id","value":"20b8d93c-c079-867f-b560-fd82f77fe667"}],`+
					`"mitigation":[{"action":{"text":"x"},"date":"2026-01-01T00:00:00Z"}]}`,
				run,
				i,
				p,
			),
		)
	}
	return all
}

func results(n, run int) []string {
	p := fmt.Sprint("p", run)
	all := []string{restless(p), order("m"+p, p, `"status":"active",`+named("gabapentin"))}
	for i := range n {
		all = append(
			all,
			fmt.Sprintf(
				`{"resourceType":"Observation","id":"o%d-%d","status":"final","subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-01-01T00:00:00Z",`+
					`"code":{"coding":[{"system":"http://loinc.org","code":"%s"}]},"valueQuantity":{"value":50,"unit":"ug/dL"}}`,
				run,
				i,
				p,
				[]string{"2498-4", "2500-7"}[i%2],
			),
		)
	}
	return all
}

// moves is one order in n versions, of so many patients in turn.
func moves(patients int) messages {
	return func(n, run int) (all []string) {
		for i := range n {
			all = append(all, order(fmt.Sprint("moves", run), fmt.Sprintf("p%d-%d", run, i%patients),
				fmt.Sprintf(`"status":"active","meta":{"versionId":"%d"},`, i+1)+named("sertraline")))
		}
		return all
	}
}

// referrers are n patients who have an order of one Medication.
func referrers(n, run int) (all []string) {
	for i := range n {
		all = append(all, order(fmt.Sprintf("m%d-%d", run, i), fmt.Sprintf("p%d-%d", run, i),
			fmt.Sprintf(`"status":"active","medicationReference":{"reference":"Medication/m%d"}`, run)))
	}
	return all
}

// products are n versions of that Medication, each another drug than the one before.
func products(n, run int) (all []string) {
	for i := range n {
		all = append(
			all,
			fmt.Sprintf(
				`{"resourceType":"Medication","id":"m%d","meta":{"versionId":"%d"},"code":{"text":%q}}`,
				run,
				i+1,
				[]string{"sertraline", "mirtazapine"}[i%2],
			),
		)
	}
	return all
}
