package ordercheck

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// Reply is advice as JSON. Absent values are left out; because and open are always there.
type Reply struct {
	Patient      facts.Ref   `json:"patient"`
	AsOf         string      `json:"asOf"`
	Ruleset      string      `json:"ruleset,omitempty"`
	Drafts       []facts.Ref `json:"drafts"`
	Because      []Line      `json:"because"` // flags because of the drafts
	Open         []Line      `json:"open"`    // flags that are open without them
	Iron         *IronReply  `json:"iron,omitempty"`
	IronNote     string      `json:"ironNote,omitempty"` // where no flag says it
	Unrecognised []facts.Ref `json:"unrecognised,omitempty"`
	Unread       []Unread    `json:"unread,omitempty"`
	LeftOut      string      `json:"leftOut,omitempty"` // which older facts of the patient were left out, in a sentence
	Stored       bool        `json:"stored"`            // something was known of the patient before the request
	// Answers are who acknowledged or overrode a flag, by its id.
	Answers map[string]Answer `json:"answers,omitempty"`
	// Bundle is the same as FHIR, where the request asked for both.
	Bundle json.RawMessage `json:"bundle,omitempty"`
}

// Answer is an acknowledgement that holds. Date and Until are calendar dates in UTC.
type Answer struct {
	Override bool   `json:"override"`
	Reason   string `json:"reason,omitempty"`
	Author   string `json:"author,omitempty"`
	Date     string `json:"date,omitempty"`
	Until    string `json:"until,omitempty"`
}

// IronReply says which iron results are missing, and what to order.
type IronReply struct {
	Check    string         `json:"check"`
	Because  bool           `json:"because"` // of the drafts
	Ferritin checks.LabNeed `json:"ferritin,omitempty"`
	TSAT     checks.LabNeed `json:"tsat,omitempty"`
	Order    []Coding       `json:"order,omitempty"`
	Sampling string         `json:"sampling,omitempty"`
}

// Coding is what a test is ordered by.
type Coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

// Names of the tests are the long common names of LOINC (loinc.org); the codes are those of
// rules.md R3.
var ironTests = map[labs.Analyte]Coding{
	labs.Ferritin: {codes.LOINC, "2276-4", "Ferritin [Mass/volume] in Serum or Plasma"},
	labs.Iron:     {codes.LOINC, "2498-4", "Iron [Mass/volume] in Serum or Plasma"},
	labs.TIBC:     {codes.LOINC, "2500-7", "Iron binding capacity [Mass/volume] in Serum or Plasma"},
}

// KidneyTest is the eGFR by CKD-EPI 2021, which laboratories report with a creatinine.
var KidneyTest = Coding{
	codes.LOINC, "98979-8",
	"Glomerular filtration rate [Volume Rate/Area] in Serum, Plasma or Blood " +
		"by Creatinine-based formula (CKD-EPI 2021)/1.73 sq M",
}

// IronOrders are the tests that a need asks for.
func IronOrders(n checks.IronNeed) []Coding {
	var all []Coding
	for _, a := range n.Wanted() {
		all = append(all, ironTests[a])
	}
	return all
}

// ReplyOf writes advice.
func ReplyOf(a *Advice) Reply {
	r := Reply{
		Patient: a.Patient, AsOf: a.AsOf.UTC().Format(time.RFC3339Nano), Ruleset: a.Ruleset, Drafts: a.Drafts,
		Because: lines(a.Because),
		Open: lines(
			a.Open,
		), IronNote: a.Note, Unrecognised: a.Unrecognised, Unread: a.Unread, LeftOut: a.LeftOut, Stored: a.Stored,
	}
	for _, f := range slices.Concat(a.Because, a.Open) {
		if f.Ack == nil {
			continue
		}
		if r.Answers == nil {
			r.Answers = map[string]Answer{}
		}
		r.Answers[f.ID] = Answer{
			f.Ack.Override,
			f.Ack.Reason,
			f.Ack.Author,
			f.Ack.Date.Date(time.UTC),
			f.Ack.Until.Date(time.UTC),
		}
	}
	if r.Drafts == nil {
		r.Drafts = []facts.Ref{}
	}
	if a.Iron.Check != "" {
		r.Iron = &IronReply{
			Check:    a.Iron.Check,
			Because:  a.IronBecause,
			Ferritin: a.Iron.Ferritin,
			TSAT:     a.Iron.TSAT,
			Order:    IronOrders(a.Iron),
		}
		if len(r.Iron.Order) > 0 {
			r.Iron.Sampling = checks.IronSampling()
		}
	}
	return r
}

func lines(flags []checks.Flag) []Line {
	all := make([]Line, len(flags))
	for i := range flags {
		all[i] = LineOf(&flags[i])
	}
	return all
}
