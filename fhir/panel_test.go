package fhir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
)

func member(id, loinc, more string) string {
	return fmt.Sprintf(
		`{"resourceType":"Observation","id":%q,"code":{"coding":[{"system":"http://loinc.org","code":%q}]}%s}`,
		id,
		loinc,
		more,
	)
}

// panelOf is a panel relevant only for its members.
func panelOf(status string, refs []string, contained ...string) string {
	for i, r := range refs {
		refs[i] = `{"reference":"` + r + `"}`
	}
	return rx(
		"Observation",
		`,"status":"`+status+`","code":{"text":"blood"},"hasMember":[`+strings.Join(
			refs,
			",",
		)+`],"contained":[`+strings.Join(
			contained,
			",",
		)+`]`,
	)
}

func TestContainedMembers(t *testing.T) {
	value := func(v, more string) string { return `,"valueQuantity":{"value":` + v + `,"unit":"ng/mL"}` + more }
	part := func(v string) facts.Component {
		return facts.Component{
			Loincs: []string{"2276-4"},
			Value:  facts.Value{Kind: facts.QuantityValue, Quantity: mg(v, "ng/mL")},
		}
	}
	status := func(s string) string { return `,"status":"` + s + `"` }
	hasMember := func(id string) string { return `,"hasMember":[{"reference":"#` + id + `"}]` }
	glucose := member("g", "2339-0", `,"valueQuantity":"bad, but of no concern"`)
	cases := []struct {
		name, doc string
		status    facts.LabStatus
		want      []facts.Component
	}{
		{
			"each once",
			panelOf(
				"final",
				[]string{"#g", "#a", "Observation/2", "#a", "#b", "#none"},
				glucose,
				member("b", "2276-4", value("2", "")),
				member("a", "2276-4", value("1", status("final"))),
			),
			facts.LabFinal,
			[]facts.Component{part("1"), part("2")},
		},
		{
			"not a member",
			panelOf(
				"final",
				[]string{"#a"},
				member("a", "2276-4", value("1", "")),
				member("b", "2276-4", value("2", "")),
			),
			facts.LabFinal,
			[]facts.Component{part("1")},
		},
		{
			"members of members, in a circle",
			panelOf(
				"final",
				[]string{"#g"},
				member("g", "2339-0", hasMember("a")),
				member("a", "2276-4", value("1", hasMember("g"))),
			),
			facts.LabFinal,
			[]facts.Component{part("1")},
		},
		{
			"components of members",
			panelOf(
				"final",
				[]string{"#g"},
				member("g", "2339-0", `,"component":[{"code":`+ferritin+value("1", "")+`}]`),
			),
			facts.LabFinal,
			[]facts.Component{part("1")},
		},
		{
			"withdrawn, never done, not yet done",
			panelOf(
				"final",
				[]string{"#a", "#b", "#c", "#d"},
				member("a", "2276-4", value("1", status("entered-in-error")+hasMember("e"))),
				member(
					"b",
					"2276-4",
					status("cancelled"),
				),
				member("c", "2276-4", status("registered")),
				member("d", "2276-4", value("4", "")),
				member("e", "2276-4", value("5", "")),
			),
			facts.LabFinal,
			[]facts.Component{part("4")},
		},
		{
			"all withdrawn",
			panelOf("final", []string{"#a"}, member("a", "2276-4", value("1", status("entered-in-error")))),
			facts.LabFinal,
			nil,
		},
		{
			"preliminary",
			panelOf("final", []string{"#a"}, member("a", "2276-4", value("1", status("preliminary")))),
			facts.LabPreliminary,
			[]facts.Component{part("1")},
		},
		{
			"preliminary, of no concern",
			panelOf(
				"final",
				[]string{"#a", "#g"},
				member("a", "2276-4", value("1", "")),
				member("g", "2339-0", status("preliminary")),
			),
			facts.LabFinal,
			[]facts.Component{part("1")},
		},
		{
			"there before the panel is",
			panelOf("registered", []string{"#a"}, member("a", "2276-4", value("1", status("final")))),
			facts.LabPreliminary,
			[]facts.Component{part("1")},
		},
		{
			"of a preliminary panel",
			panelOf("preliminary", []string{"#a"}, member("a", "2276-4", value("1", status("final")))),
			facts.LabPreliminary,
			[]facts.Component{part("1")},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := one(t, c.doc)
			if r.Fact.Lab == nil || r.Fact.Lab.Status != c.status || len(r.Fact.Lab.Members) == 0 {
				t.Fatalf("%s: %+v", outcome(r), r.Fact.Lab)
			}
			if diff := cmp.Diff(c.want, r.Fact.Lab.Components); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for doc, want := range map[string]string{
		panelOf("final", []string{"#g"}, glucose,
			member("a", "2276-4", "")): "irrelevant",
		panelOf("final", []string{"#g"}, strings.Replace(member("g", "2276-4", ""), `"Observation"`, `"ServiceRequest"`,
			1)): "irrelevant",
		panelOf("entered-in-error", []string{"#a"}, member("a", "2276-4", "")): "Observation/1 of Patient/p",
		panelOf("final", []string{"#a"}, member("a", "2276-4", `,"status":"gone"`)): "Observation/1 of Patient/p, " +
			"not /contained/0/status",
		panelOf("final", []string{"#a"}, member("a", "2276-4", `,"valueQuantity":7`)): "Observation/1 of Patient/p, " +
			"not /contained/0/valueQuantity",
	} {
		if got := outcome(one(t, doc)); got != want {
			t.Errorf("%s, want %s: %s", got, want, doc)
		}
	}
}

func TestTimesOfResults(t *testing.T) {
	for more, want := range map[string]facts.Period{
		`"effectiveInstant":"2026-01-01T10:00:00Z"`: {Start: at("2026-01-01T10:00:00Z")},
		`"effectiveTiming":{"event":["2026-01-03","2026-02-01T08:00:00+01:00",null,"2025-12-31"],` +
			`"code":{"text":"BID"}}`: {Start: at("2026-02-01T08:00:00+01:00")},
		`"effectiveTiming":{"event":["1960-01-01"]}`:   {Start: at("1960-01-01")},
		`"effectiveTiming":{"repeat":{"frequency":1}}`: {},
	} {
		r := one(t, rx("Observation", ","+more+`,"code":`+ferritin))
		if r.Fact.Lab == nil || r.Fact.Lab.Effective != want {
			t.Errorf("%s: %s", more, outcome(r))
		}
	}
	for more, want := range map[string]string{
		`"effectiveTiming":{"event":["2026-02-30"]}`: "/effectiveTiming/event/0",
		`"effectiveTiming":{"event":"2026-02-03"}`:   "/effectiveTiming/event",
		`"effectiveTiming":"2026-02-03"`:             "/effectiveTiming",
	} {
		if got := outcome(one(t, rx("Observation", ","+more+`,"code":`+ferritin))); got != "Observation/1 of "+
			"Patient/p, not "+want {
			t.Errorf("%s: %s", more, got)
		}
	}
}
