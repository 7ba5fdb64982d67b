package issue

import (
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
)

// concept is a code of a code system.
type concept struct {
	Code       string `json:"code"`
	Display    string `json:"display"`
	Definition string `json:"definition"`
}

// codes are a code system, and the value set of all of it.
type codeList struct {
	title, description string
	open               bool // a site adds codes of its own
	concepts           []concept
}

var codeTable = map[string]codeList{
	"check": {
		title: "Checks of rlsguard",
		description: "What a flag is about: DetectedIssue.code. Codes are stable for ever. The definition " +
			"says what opens it.",
		concepts: checkConcepts(),
	},
	"acknowledgement": {
		title: "Answers to a flag",
		description: "Why a flag was acknowledged or overridden: the code of mitigation.action. noted " +
			"acknowledges, every other code overrides. Sites add codes of their own.",
		open:     true,
		concepts: answerConcepts(),
	},
	"state": {title: "State of a flag", description: "Whether a flag is open, and whether somebody answered it.",
		concepts: []concept{
			{"open", "Open", "Nobody has answered it, or no answer holds."},
			{"acknowledged", "Acknowledged", "Open, and somebody has seen it."},
			{"overridden", "Overridden", "Open, and somebody decided against its advice, with a reason."},
			{"resolved", "Resolved", "Gone; the reason says why."},
		}},
	"change": {title: "Transition of a flag", description: "What happened to a flag, as in the header " +
		"Rls-Transition.",
		concepts: []concept{
			{"opened", "Opened", "It is new, or has opened again."},
			{"updated", "Updated", "It says something else."},
			{"resolved", "Resolved", "It is gone."},
			{"moved", "Moved", "Its severity changed. This is the last word on the old subject; the new one " +
				"says updated."},
			{"acknowledged", "Acknowledged", "Somebody has seen it."},
			{"overridden", "Overridden", "Somebody decided against its advice."},
		}},
	"reason": {title: "Why a flag was resolved", description: "Why a flag was resolved, as in the header Rls-Reason.",
		concepts: []concept{
			{"order-stopped", "Order stopped", "The order was stopped or cancelled, is on hold, or has ended."},
			{"supply-ended", "Supply ended", "What was supplied is used up."},
			{"entered-in-error", "Entered in error", "An order, result or diagnosis behind it was withdrawn " +
				"or deleted."},
			{"rls-refuted", "RLS does not count", "No diagnosis of RLS counts any more."},
			{"lab-arrived", "Result arrived", "A result answers it."},
			{"drug-changed", "Drug changed", "The order is for something else, or its drug was identified."},
			{"superseded", "Superseded", "Another flag says more."},
			{"context-changed", "Context changed", "Age, dose, kidney function or another diagnosis."},
			{"ruleset-changed", "Rules changed", "Tables, rules or settings changed."},
			{"moved-to-another-patient", "Moved to another patient", "The resource behind it names another patient."},
			{"patient-died", "Patient died", "The patient has died."},
			{"facts-left-out", "Facts left out", "What it rested on is among the older facts that are not kept."},
			{"erased", "Erased", "All that was stored about the patient was removed."},
		}},
	"rls-status": {title: "How certain RLS is", description: "How certain it is that the patient has RLS.",
		concepts: []concept{
			{"none", "None", "Nothing on record counts as RLS."},
			{"possible", "Possible", "Provisional, unconfirmed, or named in a text alone."},
			{"remission", "In remission", "A diagnosis that is inactive or in remission."},
			{"confirmed", "Confirmed", "A diagnosis that counts in full, or the coded reason of an order."},
		}},
	"next-to": {title: "What time alone does", description: "What becomes of a flag by time alone.",
		concepts: []concept{
			{"open", "Open", "It opens, or an answer to it holds no longer."},
			{"worse", "Worse", "A higher severity."},
			{"milder", "Milder", "A lower severity."},
			{"changed", "Changed", "The severity stays, and it rests on something else."},
			{"acknowledged", "Acknowledged", "An acknowledgement that is dated ahead begins to hold."},
			{"overridden", "Overridden", "An override that is dated ahead begins to hold."},
			{"resolved", "Resolved", "It goes."},
		}},
	"clears-change": {title: "What would clear a flag",
		description: "The kind of a single change after which a flag would not be open.",
		concepts: []concept{
			{"lab", "Result", "Results of one draw, final and usable."},
			{"unit", "Unit", "A result is sent with its unit."},
			{"medication", "Medication", "A Medication arrives, or an order names its drug."},
			{"dose", "Dose", "A stated daily dose."},
			{"reason", "Reason", "A coded reason of an order."},
			{"order-end", "End of an order", "An order is not in force any more, or a draft is not signed."},
			{"route", "Route", "A stated route."},
			{"diagnosis", "Diagnosis", "Another status of a diagnosis."},
		}},
	"audience": {title: "Whom the texts are for", description: "Whom the texts of a flag are for, where not " +
		"for professionals.",
		concepts: []concept{{"patient", "Patient", "Plain words."}}},
	"order-check": {title: "Why a flag is in an answer to rls.check",
		description: "The tag (meta.tag) of a flag in an answer.",
		concepts: []concept{
			{"because-of-draft", "Because of the draft", "It would open with the draft, or get worse."},
			{"open-already", "Open already", "It is open without the draft."},
		}},
}

func checkConcepts() (all []concept) {
	for _, c := range checks.Catalogue() {
		all = append(all, concept{c.ID, c.Title, c.Trigger})
	}
	return all
}

func answerConcepts() (all []concept) {
	for _, r := range answerReasons {
		definition := "Overrides the flag."
		if r.Code == ActionNoted {
			definition = "Acknowledges the flag: somebody has seen it."
		}
		all = append(all, concept{r.Code, r.Display, definition})
	}
	return all
}

type codeSystem struct {
	head
	CaseSensitive bool      `json:"caseSensitive"`
	ValueSet      string    `json:"valueSet,omitempty"`
	Content       string    `json:"content"`
	Count         int       `json:"count,omitempty"`
	Concept       []concept `json:"concept"`
}

func (s codeList) system(id string) *codeSystem {
	c := &codeSystem{
		head: headOf("CodeSystem", id, s.title, s.description), CaseSensitive: true, Content: "complete",
		ValueSet: valueSetURL(id), Count: len(s.concepts), Concept: s.concepts,
	}
	if s.open {
		c.Content, c.Count = "fragment", 0
	}
	return c
}

func valueSetURL(id string) string { return BaseURL + "/ValueSet/" + id }

type valueSet struct {
	head
	Compose struct {
		Include []struct {
			System string `json:"system"`
		} `json:"include"`
	} `json:"compose"`
}

func (s codeList) valueSet(id string) *valueSet {
	v := &valueSet{head: headOf("ValueSet", id, s.title, s.description)}
	v.Compose.Include = []struct {
		System string `json:"system"`
	}{{BaseURL + "/CodeSystem/" + id}}
	return v
}

type mapTarget struct {
	Code        string `json:"code,omitempty"`
	Display     string `json:"display,omitempty"`
	Equivalence string `json:"equivalence"`
	Comment     string `json:"comment,omitempty"`
}

type mapElement struct {
	Code    string      `json:"code"`
	Display string      `json:"display"`
	Target  []mapTarget `json:"target"`
}

type mapGroup struct {
	Source  string       `json:"source"`
	Target  string       `json:"target"`
	Element []mapElement `json:"element"`
}

type conceptMap struct {
	head
	SourceURI string     `json:"sourceUri"`
	Group     []mapGroup `json:"group"`
}

// checkMap says which code of HL7 stands beside a check.
func checkMap() *conceptMap {
	m := &conceptMap{
		head: headOf("ConceptMap", "check-act-code", "Checks as codes of v3-ActCode",
			"The code of HL7 that stands beside a check in DetectedIssue.code."),
		SourceURI: valueSetURL("check"),
		Group:     []mapGroup{{Source: CheckSystem, Target: actCodeSystem}},
	}
	titles := map[string]string{}
	for _, c := range checks.Catalogue() {
		titles[c.ID] = c.Title
	}
	for _, id := range slices.Sorted(maps.Keys(categories)) {
		target := mapTarget{Equivalence: "unmatched", Comment: "No code of HL7 is true of it."}
		if c := categories[id]; c != (category{}) {
			target = mapTarget{Code: c.code, Display: c.display, Equivalence: "wider"}
		}
		m.Group[0].Element = append(m.Group[0].Element, mapElement{id, titles[id], []mapTarget{target}})
	}
	return m
}

type namingSystem struct {
	head
	Kind     string `json:"kind"`
	UniqueID []struct {
		Type      string `json:"type"`
		Value     string `json:"value"`
		Preferred bool   `json:"preferred"`
	} `json:"uniqueId"`
}

// flagIDSystem tells of the identifiers of flags. A NamingSystem of R4 has no url, version or title.
func flagIDSystem() *namingSystem {
	n := &namingSystem{Kind: "identifier", head: headOf("NamingSystem", "flag-id", "",
		"Identifies a flag for ever: a UUID (version 8), made with the secret key of a site from patient, check and "+
			"ingredient. The same on every machine of a site; another site has others.")}
	n.URL, n.Version, n.Experimental = "", "", nil
	n.UniqueID = []struct {
		Type      string `json:"type"`
		Value     string `json:"value"`
		Preferred bool   `json:"preferred"`
	}{{"uri", FlagIDSystem, true}}
	return n
}
