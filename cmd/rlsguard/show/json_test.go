package show

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// shownFlag has everything that a flag can show.
func shownFlag() checks.Flag {
	return checks.Flag{
		Finding: checks.Finding{
			Check: "rls-ssri", Ingredient: "sertraline", Patient: "Patient/1", Severity: checks.Moderate,
			RLS: checks.RLSConfirmed,
			Implicated: []facts.Ref{
				"MedicationRequest/9",
			}, Evidence: []facts.Ref{"Condition/7"}, Basis: "5d41402abc4b2a76",
			Orders: []checks.OrderWords{
				{Ref: "MedicationRequest/9", Product: "Zoloft 50 mg tablet", Dose: "50 mg a day", Since: "2026-03-14"},
			},
			Counsel: []string{"Walking helps."},
			Summary: "Sertraline (SSRI) is taken since 2026-03-14: it can bring on or worsen RLS. RLS is confirmed " +
				"(Condition/7, recorded 2024-05-02).",
			Action: "Review the need with the prescriber <and> the patient. Changes only gradually & together with " +
				"them.", Alternatives: []string{"bupropion", "trazodone at night (limited evidence)"},
			Citations: []checks.Citation{
				{
					Source:   "AASM 2025 (Winkelman et al.)",
					DOI:      "10.5664/jcsm.11390",
					Strength: "good practice statement",
					Review:   "pending",
				},
				{Source: "Kolla 2018"},
			},
		},
		ID: "3d3f2a10-55aa-8c1d-9e4f-0123456789ab", Number: 4, State: checks.Overridden,
		Change: checks.ChangeOverridden, Ruleset: "9f86d081884c7d65",
		AsOf: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		Clears: []clears.Change{{
			Kind: clears.OrderEnd, Targets: []facts.Ref{"MedicationRequest/9"}, Drug: "sertraline",
			Text: "sertraline without an order in force",
		}},
		Ack: &facts.Acknowledgement{
			Override: true,
			Reason:   "benefit-outweighs-risk",
			Author:   "Practitioner/5",
			Date:     moment.Instant(time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)),
			Until:    moment.Instant(time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)),
		},
	}
}

func TestFlagJSONHasThePromisedKeysInOrder(t *testing.T) {
	const line = `{"id":"3d3f2a10-55aa-8c1d-9e4f-0123456789ab","check":"rls-ssri","severity":"moderate",` +
		`"state":"overridden","patient":"Patient/1",` +
		`"ingredient":"sertraline","implicated":["MedicationRequest/9"],"evidence":["Condition/7"],` +
		`"orders":[{"ref":"MedicationRequest/9","product":"Zoloft 50 mg tablet","dose":"50 mg a day",` +
		`"since":"2026-03-14"}],"rls":"confirmed","basis":"5d41402abc4b2a76",` +
		`"summary":"Sertraline (SSRI) is taken since 2026-03-14: it can bring on or worsen RLS. RLS is confirmed ` +
		`(Condition/7, recorded 2024-05-02).",` +
		`"action":"Review the need with the prescriber <and> the patient. Changes only gradually & together with ` +
		`them.",` +
		`"counsel":["Walking helps."],"alternatives":["bupropion","trazodone at night (limited evidence)"],` +
		`"citations":[{"source":"AASM 2025 (Winkelman et al.)","doi":"10.5664/jcsm.11390","strength":"good practice ` +
		`statement","review":"pending"},{"source":"Kolla 2018","review":""}],` +
		`"clears":[{"change":"order-end","targets":["MedicationRequest/9"],"drug":"sertraline",` +
		`"text":"sertraline without an order in force"}],` +
		`"asOf":"2026-11-23T08:00:00Z"`
	resolved := checks.Flag{
		Finding: checks.Finding{Check: "iron-low", Patient: "Patient/1"},
		State:   checks.Resolved,
		Change:  checks.ChangeResolved,
		Number:  2,
		Reason:  checks.ReasonLabArrived,
		AsOf:    time.Date(2026, 11, 23, 9, 0, 0, 120_000_000, time.FixedZone("", 3600)),
	}
	for _, c := range []struct {
		name       string
		flag       checks.Flag
		transition bool
		want       string
	}{
		{"flag", shownFlag(), false, line + `}`},
		{"transition", shownFlag(), true, line + `,"change":"overridden","number":4,"ruleset":"9f86d081884c7d65"}`},
		{"absent values", resolved, true, `{"check":"iron-low","state":"resolved","patient":"Patient/1","rls":"none",` +
			`"asOf":"2026-11-23T08:00:00.12Z","change":"resolved","number":2,"reason":"lab-arrived"}`},
	} {
		got, err := JSON(c.flag, c.transition)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// hostile is what a sender could put into a reference or name: a terminal escape, a new line, a
// turned reading direction.
const hostile = "a\x1b[2J\x9b\u009bb\r\nc\u202e\u2066\u200b\u2028d\U000E0041e\xff\x00\x7f"

func TestFlagJSONIsHarmlessAndTheSame(t *testing.T) {
	f := checks.Flag{Finding: checks.Finding{Summary: strings.ToValidUTF8(hostile, "")}}
	got, err := JSON(f, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range string(got) {
		if terminal.Invisible(r) {
			t.Errorf("%U stands in the line as it is", r)
		}
	}
	var back struct{ Summary string }
	if err := json.Unmarshal(got, &back); err != nil || back.Summary != f.Summary {
		t.Errorf("read back %q, %v; want %q", back.Summary, err, f.Summary)
	}
}
