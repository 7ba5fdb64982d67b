package fhir

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

const rls = `{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}`

func TestConditions(t *testing.T) {
	status := func(system, code string) string {
		return `{"coding":[{"system":"` + system + `","code":"` + code + `"}]}`
	}
	cases := []struct {
		name, more string
		want       string // kind of fact, or the rejection
	}{
		{"coded", `,"code":` + rls, "condition"},
		{"ICD-10-CM", `,"code":{"coding":[{"system":"urn:oid:2.16.840.1.113883.6.90","code":"G25.81"}]}`, "condition"},
		{"text", `,"code":{"text":"Restless legs"}`, "condition"},
		{"another", `,"code":{"text":"Asthma"}`, "mark"},
		{"no code", ``, "mark"},
		{
			"withdrawn",
			`,"code":` + rls + `,"verificationStatus":` + status(verificationSystem, "entered-in-error"),
			"withdrawn",
		},
		{
			"unknown clinical status",
			`,"code":` + rls + `,"clinicalStatus":` + status(clinicalSystem, "well"),
			"condition, not /clinicalStatus",
		},
		{
			"foreign clinical status",
			`,"code":` + rls + `,"clinicalStatus":` + status("http://snomed.info/sct", "81323004"),
			"condition, not /clinicalStatus",
		},
		{
			"unknown verification",
			`,"code":` + rls + `,"verificationStatus":` + status(verificationSystem, "sure"),
			"condition, not /verificationStatus",
		},
		{
			"clinical status of STU3",
			`,"code":` + rls + `,"clinicalStatus":"active"`,
			"unsupported-fhir-version /clinicalStatus",
		},
		{
			"verification of STU3",
			`,"code":` + rls + `,"verificationStatus":"confirmed"`,
			"unsupported-fhir-version /verificationStatus",
		},
		{"impossible day", `,"code":` + rls + `,"onsetDateTime":"2026-02-30"`, "condition, not /onsetDateTime"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := one(t, rx("Condition", c.more))
			got := outcome(r)
			if r.Relevant {
				got = map[facts.Kind]string{facts.KindCondition: "condition", facts.KindMark: "mark"}[r.Fact.Kind]
				if r.Fact.Mark == facts.MarkEnteredInError {
					got = "withdrawn"
				}
				got += unreadOf(r)
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestConditionStatusesAndTimes(t *testing.T) {
	cases := []struct {
		more string
		want facts.Condition
	}{
		{``, facts.Condition{}},
		{`,"clinicalStatus":{"coding":[{"code":"remission"}]}`, facts.Condition{Clinical: facts.ClinicalRemission}},
		{`,"clinicalStatus":{"text":"Resolved"}`, facts.Condition{Clinical: facts.ClinicalResolved}},
		{
			`,"clinicalStatus":{"coding":[{"system":"http://snomed.info/sct","code":"1"},{"system":"` + clinicalSystem + `","code":"inactive"}]}`,
			facts.Condition{Clinical: facts.ClinicalInactive},
		},
		{
			`,"verificationStatus":{"coding":[{"system":"` + verificationSystem + `","code":"differential"}]}`,
			facts.Condition{Verification: facts.VerificationDifferential},
		},
		{
			`,"onsetPeriod":{"start":"2020"},"abatementDateTime":"2024-05-01"`,
			facts.Condition{Onset: at("2020"), Abatement: at("2024-05-01")},
		},
		{
			`,"abatementPeriod":{"start":"2020","end":"2021"}`,
			facts.Condition{Abatement: at("2020"), AbatementEnd: at("2021")},
		},
		{
			`,"abatementString":"long ago"`,
			facts.Condition{AbatedFlag: true},
		}, {`,"abatementBoolean":true`, facts.Condition{AbatedFlag: true}},
		{
			`,"abatementBoolean":false`,
			facts.Condition{},
		}, {`,"abatementAge":{"value":50}`, facts.Condition{AbatedFlag: true}},
		{
			`,"asserter":{"reference":"RelatedPerson/r"},"recordedDate":"2026-01-01T10:00:00"`,
			facts.Condition{Asserter: "RelatedPerson/r", Recorded: at("2026-01-01T10:00:00")},
		},
	}
	for _, c := range cases {
		r := one(t, rx("Condition", c.more+`,"code":`+rls))
		if r.Fact.Condition == nil {
			t.Errorf("%s: %s", c.more, outcome(r))
			continue
		}
		r.Fact.Condition.Code = facts.Concept{}
		if diff := cmp.Diff(&c.want, r.Fact.Condition); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.more, diff)
		}
	}
}

func TestPatients(t *testing.T) {
	cases := []struct {
		more string
		want facts.Person
	}{
		{
			`,"active":true`,
			facts.Person{},
		}, {`,"gender":"male","birthDate":"1950-01"`, facts.Person{Sex: facts.Male, Birth: at("1950-01")}},
		{
			`,"gender":"other","deceasedDateTime":"2026"`,
			facts.Person{
				Sex:      facts.SexOther,
				Deceased: true,
				Died: moment.Time{
					Nanos:     time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(),
					Precision: moment.ToYear,
				},
			},
		},
		{
			`,"gender":"unknown","deceasedBoolean":true,"link":[{"type":"replaces"}]`,
			facts.Person{Deceased: true, Linked: true},
		},
		{`,"link":[],"birthDate":null,"active":true`, facts.Person{}},
	}
	for _, c := range cases {
		r := one(t, `{"resourceType":"Patient","id":"p"`+c.more+`}`)
		if diff := cmp.Diff(&c.want, r.Fact.Person); diff != "" || r.Patient != "Patient/p" {
			t.Errorf("%s: %s (-want +got):\n%s", c.more, outcome(r), diff)
		}
	}
	for more, want := range map[string]string{`"gender":"F"`: "Patient/p of Patient/p, not /gender", `"birthDate":"1.1.1950"`: "Patient/p of Patient/p, not /birthDate",
		`"deceasedBoolean":"no"`: "Patient/p of Patient/p, not /deceasedBoolean", `"deceasedDateTime":"lately"`: "Patient/p of Patient/p, not /deceasedDateTime",
		`"animal":{}`: "unsupported-fhir-version /animal"} {
		if got := outcome(one(t, `{"resourceType":"Patient","id":"p",`+more+`}`)); got != want {
			t.Errorf("%s: %s", more, got)
		}
	}
}
